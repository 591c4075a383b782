//! What patients were charged, and counted for, by earlier queries, as selecting for the next one has to know it.
//!
//! What the clinic forgot and charged to all when it recovered concerns every row, also one that is younger: a patient who
//! was enrolled in the time that was lost, and again since, stands in a new one.

use std::collections::BTreeSet;

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;
use sumac_protocol::round::inquiry::Inquiry;

use super::books::text_digest;
use super::{Charge, ChargeState, Clinic, ClinicError};

/// What patients were charged in a year.
#[derive(Debug, Default)]
pub(super) struct Spent {
    /// By row.
    rows: Vec<RhoMicro>,
    /// Whatever the row.
    everybody: RhoMicro,
}

impl Spent {
    fn add(&mut self, charge: &Charge) {
        if charge.state == ChargeState::Forgotten {
            self.everybody = self.everybody.plus(charge.rho);
            return;
        }
        for row in charge.rows.iter().filter_map(|row| usize::try_from(*row).ok()) {
            if self.rows.len() <= row {
                self.rows.resize(row.saturating_add(1), RhoMicro::default());
            }
            if let Some(have) = self.rows.get_mut(row) {
                *have = have.plus(charge.rho);
            }
        }
    }

    /// What the patient in a row was charged.
    pub(super) fn of(&self, row: u32) -> RhoMicro {
        let own = usize::try_from(row).ok().and_then(|row| self.rows.get(row)).copied().unwrap_or_default();
        own.plus(self.everybody)
    }
}

/// Who was, or has to be taken to have been, counted.
#[derive(Debug, Default)]
pub(super) struct Counted {
    rows: BTreeSet<u32>,
    /// Nobody knows who, because it was forgotten.
    everybody: bool,
}

impl Counted {
    /// Whether the patient in a row is left out.
    pub(super) fn includes(&self, row: u32) -> bool {
        self.everybody || self.rows.contains(&row)
    }
}

impl Clinic {
    /// What the patient in each row was charged by other queries than `but`, which were, or may still be, answered in
    /// the 365 days before `now`.
    pub(super) fn spent(&self, but: Digest, now: Moment) -> Result<Spent, ClinicError> {
        let mut spent = Spent::default();
        for charge in self.charges()? {
            if charge.query != but && charge.state.stands() && charge.counts_for_the_year(now) {
                spent.add(&charge);
            }
        }
        Ok(spent)
    }

    /// The rows that other queries of the same study and text have counted, or may still count, whenever that was.
    pub(super) fn counted(&self, inquiry: &Inquiry) -> Result<Counted, ClinicError> {
        let mut counted = Counted::default();
        if !inquiry.counts_nobody_twice() {
            return Ok(counted);
        }
        let (id, study, text) = (inquiry.id(), inquiry.study().digest(), text_digest(inquiry));
        for charge in self.charges()? {
            if charge.query == id || !charge.state.stands() {
                continue;
            }
            let unknown = charge.study == UNKNOWN_STUDY && inquiry.study().valid_from <= charge.at;
            if unknown || charge.may_have_counted_for(study, text) {
                counted.everybody |= charge.state == ChargeState::Forgotten;
                counted.rows.extend(charge.rows);
            }
        }
        Ok(counted)
    }
}

/// Stands for the study of what was forgotten and nobody can name.
pub(super) const UNKNOWN_STUDY: Digest = Digest([0; 32]);
