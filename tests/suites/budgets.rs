//! What a patient is charged, over histories drawn at random at a real clinic: questions and prices, caps that grow and
//! shrink, withdrawals, attempts again, refunds, answers that come late, expiry, restarts, and a clock that is set
//! forward and back. Whole numbers only.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

mod budgets {
    pub(crate) mod clinic;
    mod forgotten;
    pub(crate) mod story;
}

use std::collections::BTreeSet;

use budgets::clinic::{PATIENTS, Rig};
use budgets::story::{Op, story};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::round::Outcome;

const STORIES: u64 = 24;
const OPS: usize = 40;
/// Whom the other clinic of a pair never heard of; the last row.
const ODD_ONE: usize = PATIENTS - 1;

/// Every window of 365 days in which the charges of a patient that stand may be answered, held to the cap that was in force
/// when the last of them was made. Recomputed from the entries and from what the test itself said, not by the clinic's code.
fn hold_the_caps(rig: &Rig, why: &str) {
    let charges = rig.clinic.charges().unwrap();
    for row in 0..u32::try_from(PATIENTS).unwrap() {
        let mine: Vec<_> = rig
            .made
            .iter()
            .filter_map(|made| {
                let charge = charges.iter().find(|charge| charge.query == made.query)?;
                (charge.rows.contains(&row) && charge.state.stands()).then_some((made, charge))
            })
            .collect();
        for (last, (made, _)) in mine.iter().enumerate() {
            for (_, first) in &mine[..=last] {
                let begins = first.expires;
                let ends = begins + Millis::BUDGET_YEAR;
                let within = mine[..=last].iter().filter(|(_, c)| c.expires >= begins && c.at < ends);
                let (mut total, mut has_last) = (0_u64, false);
                for (other, charge) in within {
                    total = total.checked_add(charge.rho.0).unwrap();
                    has_last |= other.query == made.query;
                }
                let cap = made.caps[usize::try_from(row).unwrap()].min(rig.floor().0);
                assert!(!has_last || total <= cap, "{why}: row {row} has {total} of {cap} in 365 days from {begins}");
            }
        }
    }
}

fn rows_without(rig: &Rig, odd: usize) -> Vec<BTreeSet<u32>> {
    let odd = u32::try_from(odd).unwrap();
    let charges = rig.clinic.charges().unwrap();
    let rows = |query| charges.iter().find(|charge| charge.query == query).unwrap().rows.clone();
    rig.made.iter().map(|made| rows(made.query).into_iter().filter(|row| *row != odd).collect()).collect()
}

#[test]
fn in_no_365_days_is_anybody_charged_more_than_their_cap_and_nobodys_place_depends_on_others() {
    let (mut left_out, mut taken, mut returned) = (0, 0, 0);
    for seed in 0..STORIES {
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut rig, mut without) = (Rig::new(&[]), Rig::new(&[ODD_ONE]));
        for (step, op) in story(&mut rng, OPS).into_iter().enumerate() {
            let why = format!("story {seed}, step {step}, {op:?}");
            rig.does(op);
            without.does(op);
            hold_the_caps(&rig, &why);
            hold_the_caps(&without, &why);
            assert_eq!(rows_without(&rig, ODD_ONE), rows_without(&without, ODD_ONE), "{why}: somebody else's place");
            if let Op::Ask { .. } = op {
                let rows = rig.clinic.charges().unwrap().last().unwrap().rows.len();
                taken += rows;
                left_out += rig.consenting().saturating_sub(rows);
            }
            returned += usize::from(matches!(op, Op::Settle { outcome: 1 | 2, .. }));
        }
    }
    assert!(left_out > 100 && taken > 100 && returned > 20, "{left_out} left out, {taken} taken, {returned} returned");
}

#[test]
fn a_debit_comes_back_by_an_outcome_alone_and_what_was_released_stays_paid() {
    let mut rig = Rig::new(&[]);
    let query = rig.ask(600_000, 10);
    let charged = |rig: &Rig| rig.spent_of(0);
    assert_eq!(charged(&rig), RhoMicro(600_000));
    rig.later(40);
    assert_eq!(charged(&rig), RhoMicro(600_000), "not by expiring, while nobody knows how it ended");
    rig.clinic.settle(query, Outcome::Released(query)).unwrap();
    for late in [Outcome::NoRelease, Outcome::NotCounted] {
        rig.clinic.settle(query, late).unwrap();
        assert_eq!(charged(&rig), RhoMicro(600_000), "what was released stays paid, whatever is said later");
    }
    for gives_back in [Outcome::NoRelease, Outcome::NotCounted] {
        let query = rig.ask(300_000, 10);
        assert_eq!(charged(&rig), RhoMicro(900_000));
        rig.clinic.settle(query, gives_back).unwrap();
        assert_eq!(charged(&rig), RhoMicro(600_000), "{gives_back:?}");
    }
}

#[test]
fn a_debit_stands_for_365_days_from_the_last_moment_at_which_it_may_be_answered() {
    let mut rig = Rig::new(&[]);
    rig.grants(0, 1_000_000);
    rig.ask(700_000, 10);
    let expires = rig.clinic.charges().unwrap()[0].expires;
    let year = Millis::BUDGET_YEAR;
    for (at, in_cohort, why) in [
        (Moment(expires.0 + year.0 - 1), false, "a millisecond short of the year"),
        (Moment(expires.0 + year.0), true, "the year is over"),
    ] {
        rig.set_clock(at);
        let query = rig.ask(300_001, 1);
        let charge = rig.clinic.charges().unwrap().into_iter().find(|charge| charge.query == query).unwrap();
        assert_eq!(charge.rows.contains(&0), in_cohort, "{why}");
        rig.clinic.settle(query, Outcome::NoRelease).unwrap();
    }
}

/// What leaves a clinic, or is written where others read it, for a question whose price the odd one cannot pay, beside the
/// same where the odd one was never there.
#[test]
fn what_is_left_out_for_a_cap_is_never_shown() {
    let mut shown = Vec::new();
    for absent in [&[][..], &[ODD_ONE][..]] {
        let mut rig = Rig::new(absent);
        rig.grants(ODD_ONE, 500_000);
        let order = rig.order(600_000, 10);
        let (selection, said) = budgets::clinic::listening(|| rig.clinic.select(&order).unwrap());
        let cells = selection.cells.unwrap();
        let raw = (cells.expose().to_vec(), cells.expose_patients_per_group().to_vec());
        let of_others: Vec<String> = (0..ODD_ONE).map(|patient| rig.told_at_the_door(patient)).collect();
        assert!(!rig.clinic.charges().unwrap()[0].rows.contains(&u32::try_from(ODD_ONE).unwrap()));
        shown.push((raw, selection.declined, selection.attempt, said, of_others));
    }
    assert_eq!(shown[0], shown[1], "whoever is left out may as well not be there");
    // And where the odd one can pay, nothing but the cells, which are shared before they leave, is another.
    let mut rig = Rig::new(&[]);
    rig.grants(ODD_ONE, 600_000);
    let order = rig.order(600_000, 10);
    let (selection, said) = budgets::clinic::listening(|| rig.clinic.select(&order).unwrap());
    let cells = selection.cells.unwrap();
    let of_others: Vec<String> = (0..ODD_ONE).map(|patient| rig.told_at_the_door(patient)).collect();
    assert_ne!(cells.expose(), shown[0].0.0, "the odd one is counted now");
    assert_eq!(cells.expose().len(), shown[0].0.0.len());
    assert_eq!((&selection.declined, &said, &of_others), (&shown[0].1, &shown[0].3, &shown[0].4));
}
