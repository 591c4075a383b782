//! Whatever a patient takes back, no cohort grows.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sumac_protocol::cohort::{ConsentBook, ConsentView, Eligible};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{
    Action, Disclosure, Grant, History, Revoke, Statement, Who, admit_statement, admit_witnessed,
};
use sumac_protocol::document::study::{ConsentCategory, Organisation, Study};
use sumac_protocol::envelope::Verified;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;

use crate::cast::{
    Harbour, Pia, Stella, days_after_new_year, explained, grant, on_paper, second, signed, statement, study,
};
use crate::trial;

/// What is said next; number and predecessor come of themselves.
#[derive(Debug, Clone)]
struct Word {
    action: Action,
    paper: bool,
    day: u64,
}

/// A ledger that continues itself; each statement at its own second, so that no two are one document.
fn ledger(words: &[Word]) -> Vec<Verified<Statement>> {
    let mut ledger: Vec<Verified<Statement>> = Vec::new();
    for (second, word) in (1..).zip(words) {
        let mut history = History::new();
        ledger.iter().for_each(|said| history.append(said));
        let (sequence, previous) = (history.next_sequence(), history.last());
        let made_at = days_after_new_year(word.day) + Millis::seconds(second);
        ledger.push(admitted(
            &Statement { sequence, previous, made_at, action: word.action.clone(), ..statement() },
            word.paper,
        ));
    }
    ledger
}

fn admitted(statement: &Statement, paper: bool) -> Verified<Statement> {
    let harbour = Harbour.key();
    if paper {
        let statement = on_paper(statement.clone());
        return admit_witnessed(&signed(&statement, &[Stella]), &second(), &harbour, &Pia.key()).unwrap();
    }
    admit_statement(&signed(statement, &[Pia]), &harbour, &Pia.key()).unwrap()
}

/// The studies, and the trial's question under its price, that count Pia in at a moment: by number.
fn cohorts(said: &[Verified<Statement>], at: Moment) -> BTreeSet<usize> {
    let mut book = ConsentBook::default();
    let mut history = History::new();
    said.iter().for_each(|statement| history.append(statement));
    book.enrolled(0, &history);
    let counted = |study: &Study| book.permitted(study, at).next().is_some();
    let mut cohorts: BTreeSet<usize> =
        studies().iter().enumerate().filter(|(_, study)| counted(study)).map(|(number, _)| number).collect();
    let inquiry = trial::inquiry();
    let view = ConsentView::over(&book, 0, at);
    if !Eligible::of(&view, &inquiry, &Harbour.key(), |_| RhoMicro(0), None).rows().is_empty() {
        cohorts.insert(usize::MAX);
    }
    cohorts
}

fn studies() -> Vec<Study> {
    let purposes: [(&[&str], &[&str]); 7] = [
        (&["GRU"], &[]),
        (&["HMB"], &[]),
        (&["DS"], &["MONDO:0002009"]),
        (&["DS"], &["MONDO:0002050"]),
        (&["DS"], &["MONDO:0002009", "MONDO:0005146"]),
        (&["POA"], &[]),
        (&["HMB", "POA"], &[]),
    ];
    let mut studies = Vec::new();
    for (duo, disease) in purposes {
        for exact in [false, true] {
            for organisation in [Organisation::Academic, Organisation::Commercial] {
                let mut study = study();
                study.purpose.duo = duo.iter().map(|code| (*code).to_owned()).collect();
                study.purpose.disease = disease.iter().map(|code| (*code).to_owned()).collect();
                study.purpose.organisation = organisation;
                study.mode = if exact { Mode::Exact } else { Mode::Dp };
                studies.push(study);
            }
        }
    }
    studies
}

fn some(of: &'static [&'static str], least: usize) -> impl Strategy<Value = Vec<String>> {
    subsequence(of, least..=of.len()).prop_map(|codes| codes.into_iter().map(str::to_owned).collect())
}

const PURPOSES: &[&str] = &["GRU", "HMB", "DS", "POA"];
const DISEASES: &[&str] = &["MONDO:0002009", "MONDO:0002050", "MONDO:0005146"];
const CATEGORIES: [ConsentCategory; 3] =
    [ConsentCategory::Demographics, ConsentCategory::Treatment, ConsentCategory::Outcomes];

fn grants() -> impl Strategy<Value = Grant> {
    let who = select(vec![Who::AnyStudy, Who::AcademicOnly, Who::Studies(vec!["tide-1".into()])]);
    let times = (0_u64..60, 61_u64..200);
    let caps = select(vec![500_000_u64, 1_100_000, 3_000_000]);
    (some(PURPOSES, 1), some(DISEASES, 1), some(&["IRB", "NPU"], 0), any::<bool>(), who, times, caps).prop_map(
        |(purposes, diseases, modifiers, exact, who, (from, until), cap)| {
            let disclosure = if exact { Disclosure::ExactAlso } else { Disclosure::DpOnly };
            let (not_before, not_after) = (days_after_new_year(from), days_after_new_year(until));
            let rho_year = RhoMicro(cap);
            let categories = CATEGORIES.to_vec();
            let grant = Grant {
                purposes,
                diseases,
                modifiers,
                categories,
                who,
                disclosure,
                not_before,
                not_after,
                rho_year,
                ..grant()
            };
            explained(grant)
        },
    )
}

/// A withdrawal of some or all, or an erasure, by key or on paper.
fn withdrawals() -> impl Strategy<Value = Word> {
    let ended = prop_oneof![Just(None), some(PURPOSES, 0).prop_map(Some)];
    (ended, any::<bool>(), prop::bool::weighted(0.1), 0_u64..60).prop_map(|(purposes, paper, erase, day)| Word {
        action: if erase { Action::Erase } else { Action::Revoke(Revoke { purposes }) },
        paper: paper && !erase,
        day,
    })
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let granted = (grants(), prop::bool::weighted(0.3), 0_u64..60).prop_map(|(grant, paper, day)| Word {
        action: Action::Grant(grant),
        paper,
        day,
    });
    prop::collection::vec(prop_oneof![4 => granted, 1 => withdrawals()], 1..6)
}

/// The same grant, saying less in one way.
fn narrower(mut grant: Grant, way: u8) -> Grant {
    match way {
        0 => drop(grant.purposes.pop().filter(|_| !grant.purposes.is_empty())),
        1 => drop(grant.diseases.pop()),
        2 => drop(grant.categories.pop()),
        3 => grant.modifiers.push("PUB".into()),
        4 => grant.who = Who::Studies(vec!["tide-9".into()]),
        5 => grant.disclosure = Disclosure::DpOnly,
        6 => grant.not_after = Moment(grant.not_after.0 - Millis::DAY.0 / 2),
        7 => grant.not_before = grant.not_before + Millis(Millis::DAY.0 / 2),
        _ => grant.rho_year = RhoMicro(grant.rho_year.0 / 2),
    }
    explained(grant)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_withdrawal_put_in_at_any_place_adds_nobody_to_any_cohort(
        words in words(), withdrawal in withdrawals(), place in any::<prop::sample::Index>(), day in 0_u64..220,
    ) {
        let (before, at) = (ledger(&words), days_after_new_year(day));
        let said = Statement {
            sequence: 0,
            previous: None,
            made_at: days_after_new_year(withdrawal.day),
            action: withdrawal.action,
            ..statement()
        };
        let mut after = before.clone();
        after.insert(place.index(before.len() + 1), admitted(&said, withdrawal.paper));
        prop_assert!(cohorts(&after, at).is_subset(&cohorts(&before, at)));
    }

    #[test]
    fn a_grant_that_says_less_adds_nobody_to_any_cohort(
        words in words(), place in any::<prop::sample::Index>(), way in 0_u8..9, day in 0_u64..220,
    ) {
        let place = place.index(words.len());
        let mut less = words.clone();
        if let Action::Grant(grant) = words[place].action.clone() {
            let grant = narrower(grant, way);
            let unsound = Statement { action: Action::Grant(grant.clone()), ..statement() }.check().is_err();
            less[place].action = if unsound { Action::Revoke(Revoke { purposes: None }) } else { Action::Grant(grant) };
        }
        let at = days_after_new_year(day);
        prop_assert!(cohorts(&ledger(&less), at).is_subset(&cohorts(&ledger(&words), at)));
    }

    /// The newest of several is another matter: without it the one before would count again; so are papers, which a
    /// key's word that is left out would have bound. That nothing can be left out is for the ledger's tree to show.
    #[test]
    fn a_grant_by_key_left_out_that_another_followed_or_that_was_the_only_one_adds_nobody_to_any_cohort(
        words in words(), place in any::<prop::sample::Index>(), day in 0_u64..220,
    ) {
        let words: Vec<Word> = words.into_iter().map(|word| Word { paper: false, ..word }).collect();
        let place = place.index(words.len());
        let is_grant = |word: &Word| matches!(word.action, Action::Grant(_));
        let others = words.iter().enumerate().filter(|(at, word)| *at != place && is_grant(word)).count();
        let followed = words.iter().skip(place + 1).any(is_grant);
        prop_assume!(is_grant(&words[place]) && (followed || others == 0));
        let (before, at) = (ledger(&words), days_after_new_year(day));
        let mut after = before.clone();
        after.remove(place);
        prop_assert!(cohorts(&after, at).is_subset(&cohorts(&before, at)));
    }
}

#[test]
fn these_words_do_reach_cohorts() {
    let broad = Grant { purposes: vec!["GRU".into()], modifiers: vec![], disclosure: Disclosure::ExactAlso, ..grant() };
    let broad = explained(Grant { rho_year: RhoMicro(3_000_000), ..broad });
    let said = ledger(&[Word { action: Action::Grant(broad), paper: false, day: 0 }]);
    assert_eq!(
        cohorts(&said, days_after_new_year(45)).len(),
        studies().len() + 1,
        "everything, and the trial's question"
    );
    assert!(cohorts(&[], days_after_new_year(45)).is_empty());
}
