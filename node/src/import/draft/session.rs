//! One session that is being read: several rows may tell of it, if they agree on its number.

use sumac_protocol::record::Session;

use crate::import::reject::{Origin, Why};

/// One session that is being read.
pub(in crate::import) struct SessionDraft<'l> {
    /// What is known but for number, day and kind.
    pub(in crate::import) told: Session,
    /// Its number, where rows tell it.
    pub(in crate::import) number: Option<u16>,
    /// `None` until a row tells it: of a numbered session another row may.
    pub(in crate::import) day: Option<i32>,
    /// A code of the dictionary; `None` until a row tells it.
    pub(in crate::import) kind: Option<String>,
    /// That of the row that told of it first; flaws of the whole session are told there.
    pub(in crate::import) origin: Origin<'l>,
}

impl SessionDraft<'_> {
    /// Whether another row tells of this session: it has its number or, where there are none, says
    /// the very same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self.number, other.number) {
            (Some(number), Some(other)) => number == other,
            (None, None) => (self.day, &self.kind, &self.told) == (other.day, &other.kind, &other.told),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Adds what another row tells of this session: all of it, or nothing if a part of it contradicts.
    pub(super) fn add(&mut self, other: Self) -> Result<(), Why> {
        let Self { told: mut sum, day: mut on, kind: mut of, .. } =
            Self { told: self.told.clone(), number: None, day: self.day, kind: self.kind.clone(), origin: self.origin };
        let Session { route, molecule, dose_ug, minutes, weight_g, experience, vitals, given, .. } = other.told;
        let parts = [
            (join(&mut on, other.day), "the day"),
            (join(&mut of, other.kind), "the kind"),
            (join(&mut sum.route, route), "the route"),
            (join(&mut sum.molecule, molecule), "the molecule"),
            (join(&mut sum.dose_ug, dose_ug), "the dose"),
            (join(&mut sum.minutes, minutes), "the minutes"),
            (join(&mut sum.weight_g, weight_g), "the weight"),
            (join(&mut sum.vitals.systolic_before, vitals.systolic_before), "the pressure before"),
            (join(&mut sum.vitals.systolic_highest, vitals.systolic_highest), "the highest pressure"),
            (join(&mut sum.vitals.spo2_lowest, vitals.spo2_lowest), "the lowest saturation"),
            (join(&mut sum.vitals.heart_rate_highest, vitals.heart_rate_highest), "the highest heart rate"),
            (experience.into_iter().all(|(id, total)| *sum.experience.entry(id).or_insert(total) == total), "a score"),
            (given.into_iter().all(|(id, yes)| *sum.given.entry(id).or_insert(yes) == yes), "a medicine"),
        ];
        if let Some((_, what)) = parts.into_iter().find(|(agrees, _)| !agrees) {
            return Err(Why::OtherSession { what, number: self.number.unwrap_or_default() });
        }
        (self.told, self.day, self.kind) = (sum, on, of);
        Ok(())
    }
}

/// Fills in what was not known, and says whether the two agree.
fn join<T: PartialEq>(have: &mut Option<T>, more: Option<T>) -> bool {
    match (have.as_ref(), more) {
        (Some(have), Some(more)) => *have == more,
        (None, Some(more)) => {
            *have = Some(more);
            true
        }
        (_, None) => true,
    }
}
