//! One synthetic course: who it is, how it went, what was seen of it.

use std::collections::BTreeMap;

use rand::{Rng, RngExt as _};
use rand_distr::{Distribution as _, Weibull};
use sumac_protocol::record::{Assessment, Course, FieldValue, Grams, TimeToEvent};

use super::spec::{Paradigm, Site, Spec, pick};
use super::{SyntheticError, context, normal, sessions};

/// A course with what its patient allows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyntheticCourse {
    /// The course. Its id is for the caller to give.
    pub course: Course,
    /// What the patient said about research.
    pub consented: Consented,
}

/// What a patient said about research.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consented {
    /// `GRU`, `HMB` or `DS`, or nothing.
    pub permission: Option<&'static str>,
    /// Whether commercial use is excluded.
    pub not_commercial: bool,
    /// Days from the first dose to a withdrawal within two years, if there was one.
    pub withdrawn: Option<i32>,
}

impl Consented {
    /// Whether the patient allows research, and still does two years later.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.permission.is_some() && self.withdrawn.is_none()
    }
}

/// Draws one course at a clinic of this kind, whose mean improvement differs by `effect`.
pub(super) fn draw<R: Rng>(
    spec: &Spec,
    site: &Site,
    effect: f64,
    rng: &mut R,
) -> Result<SyntheticCourse, SyntheticError> {
    let missing = |what: &str| SyntheticError::Parameters { why: format!("{} has no {what}", site.kind) };
    let name = pick(&site.paradigms, rng.random()).ok_or_else(|| missing("paradigm"))?;
    let paradigm = spec.paradigm.get(name).ok_or_else(|| missing(name))?;
    let route = pick(&paradigm.route, rng.random()).ok_or_else(|| missing("route"))?;
    let indication = pick(&paradigm.indication, rng.random()).ok_or_else(|| missing("indication"))?;
    let at_home: BTreeMap<String, bool> =
        spec.at_home.iter().map(|(class, share)| (class.clone(), rng.random_bool(*share))).collect();
    let benzodiazepine = at_home.get("benzodiazepine").copied().unwrap_or_default();
    let (maintained, age) = (rng.random_bool(spec.relapse.maintenance_share), rng.random_range(18_i64..80));
    let resistant = name == "esketamine" || rng.random_bool(0.3);
    let mut course = Course { at_home, ..Course::default() };
    for (field, value) in [
        ("paradigm", category(name)),
        ("route", category(route)),
        ("indication", category(indication)),
        ("molecule", category(if route == "nasal" { "s" } else { "racemic" })),
        ("sex", category(if rng.random_bool(0.6) { "female" } else { "male" })),
        ("age", FieldValue::Number(age)),
        ("age_band", category(age_band(age))),
        ("treatment_resistant", FieldValue::Flag(resistant)),
        ("maintenance_schedule", category(if maintained { "monthly" } else { "none" })),
        ("setting", category(if name == "home_lozenge" { "home_supervised" } else { "clinic_medical" })),
    ] {
        course.fields.insert(field.to_owned(), value);
    }
    let mean = paradigm.improvement.mean + effect + if benzodiazepine { spec.benzodiazepine_effect } else { 0.0 };
    let improvement = normal(mean, paradigm.improvement.sd)?.sample(rng);
    let baseline = baseline(spec, paradigm, rng)?;
    scores(spec, paradigm, &Told { baseline, improvement, indication }, rng, &mut course);
    relapse(spec, &course, maintained, improvement >= 0.5, rng)?.into_iter().for_each(|t| course.time_to_event.push(t));
    let weight = normal(spec.weight.mean, spec.weight.sd)?.sample(rng).clamp(40.0, 200.0);
    sessions::draw(spec, paradigm, route, Grams(half_kilograms(weight)), rng, &mut course)?;
    let consented = consented(spec, rng);
    context::draw(name, rng, &mut course)?;
    course.put_in_order();
    Ok(SyntheticCourse { course, consented })
}

pub(super) fn category(value: &str) -> FieldValue {
    FieldValue::Category(value.to_owned())
}

const fn age_band(age: i64) -> &'static str {
    match age {
        ..18 => "0-17",
        18..30 => "18-29",
        30..45 => "30-44",
        45..65 => "45-64",
        65.. => "65+",
    }
}

/// Kilograms to the nearest half, in grams.
fn half_kilograms(kilograms: f64) -> u32 {
    let halves = whole(kilograms * 2.0);
    u32::try_from(halves).unwrap_or(0).saturating_mul(500)
}

/// A PHQ-9 total before treatment: normal, drawn again below the paradigm's least and above 27.
fn baseline<R: Rng>(spec: &Spec, paradigm: &Paradigm, rng: &mut R) -> Result<i64, SyntheticError> {
    let least = i64::from(paradigm.phq9_min.unwrap_or(spec.phq9_min));
    let total = normal(paradigm.phq9.mean, paradigm.phq9.sd)?;
    for _ in 0..1_000 {
        let drawn = whole(total.sample(rng));
        if (least..=27).contains(&drawn) {
            return Ok(drawn);
        }
    }
    Err(SyntheticError::Parameters { why: "no baseline falls into the range of PHQ-9".into() })
}

/// What decides a course's scores.
struct Told<'a> {
    baseline: i64,
    improvement: f64,
    indication: &'a str,
}

/// Scores PHQ-9, and the indication's own instrument in proportion, on every day that was not missed.
fn scores<R: Rng>(spec: &Spec, paradigm: &Paradigm, told: &Told<'_>, rng: &mut R, course: &mut Course) {
    let Told { baseline, improvement, indication } = *told;
    let own = match indication {
        "gad" => Some(("GAD-7", 21)),
        "ptsd" => Some(("PCL-5", 80)),
        "ocd" => Some(("Y-BOCS", 40)),
        "aud" => Some(("AUDIT", 40)),
        _ => None,
    };
    let mut score = |day: i32, total: i64| {
        course.assessments.push(Assessment::total("PHQ-9", day, total));
        if let Some((instrument, most)) = own {
            // The same place in its range, rounded.
            course.assessments.push(Assessment::total(instrument, day, (total * most * 2 + 27) / 54));
        }
    };
    score(-rng.random_range(0..14), baseline);
    let responded = improvement >= 0.5;
    for (day, shape) in &spec.trajectory {
        let Ok(day) = day.parse::<i32>() else { continue };
        let share = missing_by(paradigm, day);
        let log_odds = (share / (1.0 - share)).ln() + spec.nonresponder_logit * if responded { -0.5 } else { 0.5 };
        if rng.random_bool(1.0 / (1.0 + (-log_odds).exp())) {
            continue;
        }
        let jitter = if day >= 28 { rng.random_range(-2..=2) } else { 0 };
        let total = whole(f64::from(i32::try_from(baseline).unwrap_or(0)) * (1.0 - improvement * shape));
        score(day + jitter, total.clamp(0, 27));
    }
}

/// The share of scores that is missing on a day: that of the first day with a share, from there on.
fn missing_by(paradigm: &Paradigm, day: i32) -> f64 {
    let mut shares: Vec<(i32, f64)> =
        paradigm.missing.iter().filter_map(|(at, share)| Some((at.parse().ok()?, *share))).collect();
    shares.sort_by_key(|(at, _)| *at);
    shares.iter().find(|(at, _)| *at >= day).map_or(0.99, |(_, share)| *share)
}

/// When a responder fell back, or until when that is known not to have happened.
fn relapse<R: Rng>(
    spec: &Spec,
    course: &Course,
    maintained: bool,
    responded: bool,
    rng: &mut R,
) -> Result<Option<TimeToEvent>, SyntheticError> {
    if !responded {
        return Ok(None);
    }
    let relapse = &spec.relapse;
    let hazard = if maintained { relapse.maintenance_hazard_ratio } else { 1.0 };
    let scale = relapse.scale_days / hazard.powf(1.0 / relapse.weibull_shape);
    let weibull = Weibull::new(scale, relapse.weibull_shape)
        .map_err(|why| SyntheticError::Parameters { why: why.to_string() })?;
    let day = i32::try_from(whole(weibull.sample(rng).clamp(1.0, 10_000.0))).unwrap_or(10_000).saturating_add(28);
    let seen = course.assessments.iter().map(|a| a.day).max().unwrap_or(0);
    if seen < 28 {
        // Never seen to have responded, so nothing is known of a relapse.
        return Ok(None);
    }
    let happened = day <= seen;
    Ok(Some(TimeToEvent { kind: "relapse".into(), day: day.min(seen), happened }))
}

fn consented<R: Rng>(spec: &Spec, rng: &mut R) -> Consented {
    let consent = &spec.consent;
    let shares = BTreeMap::from([("GRU", consent.gru), ("HMB", consent.hmb), ("DS", consent.ds)]);
    let said = rng.random::<f64>() >= consent.none;
    let mut left = rng.random::<f64>() * shares.values().sum::<f64>();
    let drawn = shares.iter().find(|(_, share)| {
        left -= **share;
        left < 0.0
    });
    let permission = drawn.map(|(name, _)| *name).filter(|_| said);
    let not_commercial = said && rng.random_bool(consent.with_ncu);
    let day = rng.random_range(1..=730);
    let withdrawn =
        (permission.is_some() && rng.random_bool((2.0 * consent.withdraw_per_year).min(1.0))).then_some(day);
    Consented { permission, not_commercial, withdrawn }
}

/// The nearest whole number, half away from zero; numbers past 2^53 do not occur here.
#[expect(clippy::cast_possible_truncation, reason = "rounded, and bounded by what is drawn")]
pub(super) fn whole(number: f64) -> i64 {
    number.round() as i64
}
