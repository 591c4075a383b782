//! The sessions of a synthetic course: doses, vital signs, and what went wrong.

use rand::{Rng, RngExt as _};
use rand_distr::Distribution as _;
use sumac_protocol::record::{Course, Event, Grams, Micrograms, Session, Vitals};

use super::course::whole;
use super::spec::{Dose, Paradigm, Spec};
use super::{SyntheticError, normal};

/// Draws the dosing sessions of a course and its adverse events.
pub(super) fn draw<R: Rng>(
    spec: &Spec,
    paradigm: &Paradigm,
    route: &str,
    weight: Grams,
    rng: &mut R,
    course: &mut Course,
) -> Result<(), SyntheticError> {
    let [least, most] = paradigm.sessions;
    let count = rng.random_range(least..=most.max(least));
    let dose = spec.dose.get(route);
    for number in 1..=count {
        // Twice a week.
        let day = i32::from(number - 1) * 7 / 2;
        let happened: Vec<&String> =
            paradigm.events.iter().filter(|(_, share)| rng.random_bool(**share)).map(|(kind, _)| kind).collect();
        let rise = happened.iter().any(|kind| *kind == "bp_rise");
        let session = Session {
            number,
            day,
            kind: "dosing".into(),
            route: Some(route.to_owned()),
            molecule: Some(if route == "nasal" { "s" } else { "racemic" }.to_owned()),
            dose_ug: dose.map(|dose| milligrams(dose, weight, rng)).transpose()?,
            minutes: dose.and_then(|dose| dose.minutes),
            weight_g: Some(weight),
            vitals: vitals(spec, rise, rng)?,
            ..Session::default()
        };
        for kind in happened {
            let severity = if rng.random_bool(0.1) { "moderate" } else { "mild" };
            course.events.push(Event {
                day,
                kind: kind.clone(),
                severity: Some(severity.into()),
                serious: Some(false),
                resolved: Some(true),
                onset_minutes: Some(rng.random_range(2..40)),
                session: Some(number),
                ..Event::default()
            });
        }
        course.sessions.push(session);
    }
    if rng.random_bool(spec.serious_per_course)
        && let Some(event) = course.events.first_mut()
    {
        (event.serious, event.severity) = (Some(true), Some("severe".into()));
    }
    Ok(())
}

/// A dose to the nearest tenth of a milligram.
fn milligrams<R: Rng>(dose: &Dose, weight: Grams, rng: &mut R) -> Result<Micrograms, SyntheticError> {
    if let Some(per_kilogram) = dose.mg_per_kg {
        let drawn = normal(per_kilogram, dose.sd)?.sample(rng).clamp(per_kilogram / 4.0, per_kilogram * 2.0);
        let tenths = whole(drawn * f64::from(weight.0) / 100.0);
        return Ok(Micrograms(u32::try_from(tenths).unwrap_or(0).saturating_mul(100)));
    }
    let at = rng.random_range(0..dose.mg.len().max(1));
    let listed =
        dose.mg.get(at).ok_or_else(|| SyntheticError::Parameters { why: "a dose without an amount".into() })?;
    Ok(Micrograms(listed.saturating_mul(1_000)))
}

fn vitals<R: Rng>(spec: &Spec, rise: bool, rng: &mut R) -> Result<Vitals, SyntheticError> {
    let systolic = &spec.systolic;
    let before = normal(systolic.mean, systolic.sd)?.sample(rng).clamp(85.0, 190.0);
    let by = normal(if rise { systolic.rise } else { systolic.no_rise }, 6.0)?.sample(rng).clamp(0.0, 80.0);
    let number = |value: f64| u16::try_from(whole(value)).ok();
    Ok(Vitals {
        systolic_before: number(before),
        systolic_highest: number(before + by),
        spo2_lowest: number(normal(96.0, 1.5)?.sample(rng).clamp(85.0, 100.0)),
        heart_rate_highest: number(normal(84.0, 12.0)?.sample(rng).clamp(50.0, 160.0)),
    })
}
