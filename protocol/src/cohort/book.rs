//! Where every patient of a clinic stands, in a few bytes each.

use std::collections::BTreeMap;

use crate::cost::RhoMicro;
use crate::document::consent::{Held, History, Terms};
use crate::document::study::Study;
use crate::moment::Moment;

/// Where the statements of each patient lead: which terms, from when, until when. Terms are kept once, however
/// many patients signed the same form, so a query asks once for each form and not for each patient.
#[derive(Debug, Clone, Default)]
pub struct ConsentBook {
    numbers: BTreeMap<Terms, usize>,
    rows: Vec<Option<Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    terms: usize,
    from: Moment,
    until: Moment,
}

impl ConsentBook {
    /// Puts where an enrolled patient's statements lead in place of what was there: in ledger order, each verified under
    /// the key that is enrolled for that patient. None: the patient allows nothing.
    pub fn enrolled(&mut self, row: u32, history: &History<'_>) {
        let place = history.held().map(|Held { terms, from, until }| {
            let next = self.numbers.len();
            Place { terms: *self.numbers.entry(terms).or_insert(next), from, until }
        });
        let Ok(at) = usize::try_from(row) else { return };
        if self.rows.len() <= at {
            self.rows.resize(at.saturating_add(1), None);
        }
        if let Some(known) = self.rows.get_mut(at) {
            *known = place;
        }
    }

    /// The rows of patients who allow a study at a moment, ascending, each with the cap under which.
    pub fn permitted(&self, study: &Study, at: Moment) -> impl Iterator<Item = (u32, RhoMicro)> + '_ {
        let mut caps = vec![None; self.numbers.len()];
        for (terms, number) in &self.numbers {
            if let (Some(cap), Ok(())) = (caps.get_mut(*number), terms.covers(study)) {
                *cap = Some(terms.rho_year());
            }
        }
        let permitted = move |(row, place): (u32, &Option<Place>)| {
            let place = place.as_ref().filter(|place| place.from <= at && at < place.until)?;
            Some((row, caps.get(place.terms).copied().flatten()?))
        };
        (0..).zip(&self.rows).filter_map(permitted)
    }
}
