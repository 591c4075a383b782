//! What stands around a synthetic course: who paid, what was planned, what was experienced, what came later.
//!
//! Drawn behind everything else, so that what was drawn before stays what it was. Every number here is an assumption of this
//! project: enough for each question of `docs/questions` to have somebody to ask about, and no finding.

use rand::{Rng, RngExt as _};
use rand_distr::Distribution as _;
use sumac_protocol::record::{Assessment, Course, Event, FieldValue, Session};

use super::course::{category, whole};
use super::{SyntheticError, normal};

/// Adds the context of a course that is otherwise drawn.
pub(super) fn draw<R: Rng>(paradigm: &str, rng: &mut R, course: &mut Course) -> Result<(), SyntheticError> {
    series(paradigm, rng, course);
    experiences(paradigm, rng, course)?;
    ideation(rng, course);
    later(rng, course);
    if course.fields.get("indication") == Some(&category("aud")) {
        let days = whole(normal(45.0, 25.0)?.sample(rng).clamp(0.0, 90.0));
        course.fields.insert("abstinent_days".into(), FieldValue::Number(days));
    }
    Ok(())
}

/// What was planned and who paid; and the talks between the doses, which assisted therapy has.
fn series<R: Rng>(paradigm: &str, rng: &mut R, course: &mut Course) {
    let assisted = matches!(paradigm, "kap_low" | "kap_high");
    let schedule = match paradigm {
        "infusion" => one_of(&["taper_3_2_1", "two_a_week_3_weeks", "one_a_week_6_weeks"], rng),
        "esketamine" => "esketamine_label",
        _ if assisted => "kap_series",
        _ => "individual",
    };
    let payer = if paradigm == "esketamine" {
        "insured"
    } else {
        one_of(&["self_pay", "self_pay", "sliding_scale", "insured"], rng)
    };
    let price = if paradigm == "home_lozenge" { 200 } else { 50 * rng.random_range(8..=24) };
    let bought = rng.random_range(1..=i64::try_from(course.sessions.len()).unwrap_or(1).max(1));
    for (field, value) in [
        ("schedule", category(schedule)),
        ("payer", category(payer)),
        ("price_per_session", FieldValue::Number(price)),
        ("sessions_bought", FieldValue::Number(bought)),
        ("course_completed", FieldValue::Flag(rng.random_bool(0.8))),
        ("hypertension", FieldValue::Flag(rng.random_bool(0.2))),
    ] {
        course.fields.insert(field.to_owned(), value);
    }
    let talks = if assisted { rng.random_range(0..=6) } else { 0 };
    let (last, ended) = course.sessions.last().map_or((0, 0), |session| (session.number, session.day));
    for talk in 1..=talks {
        // Sessions are numbered in the order in which they took place.
        let day = ended + i32::from(talk) * 3;
        course.sessions.push(Session { number: last + talk, day, kind: "integration".into(), ..Session::default() });
    }
}

/// Dissociation in every dosing session, mystical experience where it is sought, a benzodiazepine now and then.
fn experiences<R: Rng>(paradigm: &str, rng: &mut R, course: &mut Course) -> Result<(), SyntheticError> {
    let (cadss, meq30) = (normal(8.0, 8.0)?, normal(75.0, 28.0)?);
    let given = rng.random_bool(0.1);
    for session in course.sessions.iter_mut().filter(|session| session.kind == "dosing") {
        session.experience.insert("CADSS".into(), whole(cadss.sample(rng).clamp(0.0, 92.0)));
        if matches!(paradigm, "kap_low" | "kap_high") {
            session.experience.insert("MEQ30".into(), whole(meq30.sample(rng).clamp(0.0, 150.0)));
        }
        session.given.insert("benzodiazepine".into(), given && rng.random_bool(0.5));
    }
    Ok(())
}

/// Suicidal ideation beside every PHQ-9 total, the likelier the higher that is.
fn ideation<R: Rng>(rng: &mut R, course: &mut Course) {
    let totals: Vec<(i32, i64)> =
        course.assessments.iter().filter(|a| a.instrument == "PHQ-9").map(|a| (a.day, a.value)).collect();
    for (day, total) in totals {
        let level = if rng.random_range(0..54) < total { rng.random_range(1..=3) } else { 0 };
        course.assessments.push(Assessment::total("C-SSRS", day, level));
    }
}

/// Harms that take long: of the bladder, of the liver, dependence.
fn later<R: Rng>(rng: &mut R, course: &mut Course) {
    for (kind, share) in [("urinary_tract", 0.03), ("cystitis", 0.01), ("liver_enzymes", 0.01), ("dependence", 0.01)] {
        if rng.random_bool(share) {
            let event = Event { day: rng.random_range(30..300), kind: kind.into(), ..Event::default() };
            course.events.push(Event { severity: Some("mild".into()), serious: Some(false), ..event });
        }
    }
}

fn one_of<R: Rng>(all: &[&'static str], rng: &mut R) -> &'static str {
    all.get(rng.random_range(0..all.len().max(1))).copied().unwrap_or("other")
}
