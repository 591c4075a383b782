//! Vital signs and weight of each session.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::Vital;
use sumac_protocol::record::Vitals;

use super::super::facts::{Measured, Slot};
use super::super::limits::AFTERWARDS_S;
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::super::when::When;
use super::Assembled;
use super::piles::Piles;
use super::sessions::{Meeting, Sessions};

/// Summarizes vital signs. What was measured before the dose counts as
/// "before", the last such; what was measured from then to four hours after the end counts for the
/// highest and lowest. Of several weights the one nearest the dose counts.
pub(super) fn measure(piles: &mut Piles, sessions: &mut Sessions, assembled: &mut Assembled) {
    // When what is kept was measured: the last "before" and the nearest weight by session.
    let mut kept = BTreeMap::new();
    for (origin, vital) in std::mem::take(&mut piles.vitals) {
        let found = sessions.find(&vital.link, Some(vital.when));
        let Some(found) = assembled.sift(&origin, found) else { continue };
        let used = found.map(|meeting| note(meeting, vital.measured, vital.when, &mut kept));
        match used {
            None | Some(Ok(false)) => origin.aside.set(Some(Aside::NoSession)),
            Some(Ok(true)) => origin.used.set(true),
            Some(Err(why)) => assembled.tell(&origin, why),
        }
    }
}

/// By session number: when the systolic pressure before the dose was measured, and how far from the
/// dose the weight.
type Kept = BTreeMap<u16, (Option<i64>, Option<i64>)>;

/// False for what was measured outside the session's hours, or is no sign that sessions keep.
/// A second, different value for the same named place is an error.
fn note(meeting: &mut Meeting, measured: Measured, when: When, kept: &mut Kept) -> Result<bool, FhirWhy> {
    let kept = kept.entry(meeting.session.number).or_default();
    let since_start = when.instant.zip(meeting.start.instant).map(|(at, start)| at.saturating_sub(start));
    let end = meeting.end.and_then(|end| end.instant);
    let late = when.instant.zip(end).is_some_and(|(at, end)| at.saturating_sub(end) > AFTERWARDS_S);
    let before = since_start.is_some_and(|seconds| seconds <= 0);
    let vitals = &mut meeting.session.vitals;
    match measured {
        Measured::Slot(slot, value) => {
            let place = place(vitals, slot);
            if place.is_some_and(|before| before != value) {
                return Err(FhirWhy::OtherValue);
            }
            *place = Some(value);
        }
        Measured::Weight(weight) => {
            let distance = since_start.map_or(i64::MAX, i64::saturating_abs);
            if meeting.session.weight_g.is_none() || kept.1.is_some_and(|nearest| distance < nearest) {
                meeting.session.weight_g = Some(weight);
                kept.1 = Some(distance);
            }
        }
        Measured::Sign(Vital::Systolic, value) if before => {
            if kept.0.is_none_or(|last| since_start.is_some_and(|at| at >= last)) {
                vitals.systolic_before = Some(value);
                kept.0 = since_start;
            }
        }
        Measured::Sign(..) if before || late => return Ok(false),
        Measured::Sign(Vital::Systolic, value) => raise(&mut vitals.systolic_highest, value),
        Measured::Sign(Vital::HeartRate, value) => raise(&mut vitals.heart_rate_highest, value),
        Measured::Sign(Vital::Spo2, value) => {
            vitals.spo2_lowest = Some(vitals.spo2_lowest.map_or(value, |lowest| lowest.min(value)));
        }
        Measured::Sign(_, _) => return Ok(false),
    }
    Ok(true)
}

/// The higher of two.
fn raise(place: &mut Option<u16>, value: u16) {
    *place = Some(place.map_or(value, |highest| highest.max(value)));
}

/// Where a number stands in a record.
const fn place(vitals: &mut Vitals, slot: Slot) -> &mut Option<u16> {
    match slot {
        Slot::SystolicBefore => &mut vitals.systolic_before,
        Slot::SystolicHighest => &mut vitals.systolic_highest,
        Slot::Spo2Lowest => &mut vitals.spo2_lowest,
        Slot::HeartRateHighest => &mut vitals.heart_rate_highest,
    }
}
