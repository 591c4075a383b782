//! Who is in and who is out: what was said, what a study is for, and when, in one table.
//!
//! *Said*, in ledger order: `grant`, `paper` (a witnessed grant), `revoke`, `paper-revoke`, `erase`. A grant takes DUO
//! permissions, `MONDO:…` diseases, `+CODE` conditions, `academic` or `id=…` for who may ask, `exact`, `no-outcomes`,
//! `adverse`, `from=` and `until=` in days. *Study*: permissions, diseases, `+CODE` as met, `company`, `public`,
//! `commercial`, `exact`, `adverse`, `demographics`, `id=…`. Without more, a grant is dp, for any study, for treatment
//! and outcomes, from day 0 to 730, signed on day 10; a study is academic, dp, on treatment and outcomes.

use sumac_protocol::document::consent::{Disclosure, Grant, Standing, Statement, Who, standing};
use sumac_protocol::document::duo::Permission;
use sumac_protocol::document::study::{ConsentCategory, Organisation, Study};
use sumac_protocol::plan::Mode;

use crate::cast::{days_after_new_year, grant, on_paper, revocation, study};
use crate::standing::Ledger;

struct Row(&'static str, &'static str, u64, &'static str, &'static str);

/// Said, study, day, who is in or the code of the reason, and why.
const ROWS: [Row; 84] = [
    // Purposes.
    Row("grant HMB", "HMB", 45, "in", "the same purpose"),
    Row("grant GRU", "HMB", 45, "in", "all research includes health"),
    Row("grant NRES", "GRU", 45, "in", "no restriction includes all research"),
    Row("grant NRES", "POA", 45, "in", "and ancestry"),
    Row("grant GRU", "POA", 45, "in", "all research includes ancestry"),
    Row("grant HMB", "POA", 45, "no-purpose", "health does not"),
    Row("grant HMB", "GRU", 45, "no-purpose", "the study is broader"),
    Row("grant GRU", "NRES", 45, "no-purpose", "not even all research is everything"),
    Row("grant POA", "HMB", 45, "no-purpose", "ancestry is no health"),
    Row("grant HMB", "HMB POA", 45, "no-purpose", "each purpose of a study must be allowed"),
    Row("grant HMB POA", "HMB POA", 45, "in", "each by one of several"),
    Row("grant HMB", "", 45, "no-purpose", "a study for nothing"),
    Row("grant HMB", "XYZ", 45, "no-purpose", "a study for something unknown"),
    // Diseases.
    Row("grant HMB", "DS MONDO:0002009", 45, "in", "health includes every disease"),
    Row("grant DS MONDO:0002009", "DS MONDO:0002009", 45, "in", "the same disease"),
    Row("grant DS MONDO:0002050", "DS MONDO:0002009", 45, "in", "major depression is a depressive disorder"),
    Row("grant DS MONDO:0005371", "DS MONDO:0002009", 45, "in", "and a mood disorder"),
    Row("grant DS MONDO:0002009", "DS MONDO:0002050", 45, "no-disease", "not every depressive disorder is major"),
    Row("grant DS MONDO:0004985", "DS MONDO:0002009", 45, "no-disease", "a sister"),
    Row("grant DS MONDO:0005303", "DS MONDO:0005186", 45, "in", "cocaine dependence is a drug dependence"),
    Row("grant DS MONDO:0002009", "DS MONDO:0002009 MONDO:0005146", 45, "no-disease", "one disease too many"),
    Row("grant DS MONDO:0002009 MONDO:0005146", "DS MONDO:0002009 MONDO:0005146", 45, "in", "both are named"),
    Row("grant DS MONDO:0002009", "DS", 45, "no-disease", "a study on no disease"),
    Row("grant DS MONDO:0002009", "HMB MONDO:0002009", 45, "no-purpose", "a disease is not all health"),
    Row("grant DS MONDO:9999999", "DS MONDO:9999999", 45, "in", "an unknown code is itself"),
    Row("grant DS MONDO:0002025", "DS MONDO:9999999", 45, "no-disease", "and a kind of nothing"),
    Row("grant HMB DS MONDO:0005146", "DS MONDO:0002009", 45, "in", "the broader of two decides"),
    // Conditions.
    Row("grant HMB +NCU", "HMB", 45, "in", "no commercial use"),
    Row("grant HMB +NCU", "HMB commercial", 45, "no-modifier", "commercial use by a university"),
    Row("grant HMB +NCU", "HMB company", 45, "in", "a company without commercial use"),
    Row("grant HMB +NPU", "HMB company", 45, "no-modifier", "a company"),
    Row("grant HMB +NPU", "HMB public commercial", 45, "in", "a public body may earn"),
    Row("grant HMB +NPUNCU", "HMB public commercial", 45, "no-modifier", "unless both are ruled out"),
    Row("grant HMB +NPU", "HMB company +NPU", 45, "no-modifier", "a company does not declare itself none"),
    Row("grant HMB +IRB", "HMB +IRB", 45, "in", "the board said yes"),
    Row("grant HMB +IRB", "HMB", 45, "no-modifier", "no board said anything"),
    Row("grant HMB +IRB +PUB", "HMB +IRB", 45, "no-modifier", "one of two is met"),
    Row("grant HMB", "HMB company commercial", 45, "in", "who makes no condition excludes nobody"),
    // Categories.
    Row("grant HMB", "HMB adverse", 45, "no-category", "side effects were not allowed"),
    Row("grant HMB adverse", "HMB adverse", 45, "in", "here they were"),
    Row("grant HMB", "HMB demographics", 45, "no-category", "age and sex were not"),
    Row("grant HMB no-outcomes", "HMB", 45, "no-category", "outcomes were left out"),
    // Who asks.
    Row("grant HMB academic", "HMB", 45, "in", "a university"),
    Row("grant HMB academic", "HMB public", 45, "no-who", "a public body is none"),
    Row("grant HMB academic", "HMB company", 45, "no-who", "nor is a company"),
    Row("grant HMB id=tide-1", "HMB", 45, "in", "the study by name"),
    Row("grant HMB id=tide-2", "HMB", 45, "no-who", "another by name"),
    Row("grant HMB id=tide-2", "HMB id=tide-2", 45, "in", "that one"),
    Row("grant HMB id=Tide-1", "HMB", 45, "no-who", "names are letter by letter"),
    // How answers show it.
    Row("grant HMB", "HMB exact", 45, "no-disclosure", "noised answers only"),
    Row("grant HMB exact", "HMB exact", 45, "in", "exact ones too"),
    Row("grant HMB exact", "HMB", 45, "in", "which includes noised ones"),
    // Time.
    Row("grant HMB", "HMB", 9, "not_yet", "before it was signed"),
    Row("grant HMB", "HMB", 10, "in", "from the moment on"),
    Row("grant HMB from=20", "HMB", 19, "not_yet", "before it begins"),
    Row("grant HMB from=20", "HMB", 20, "in", "when it begins"),
    Row("grant HMB until=40", "HMB", 39, "in", "the last day"),
    Row("grant HMB until=40", "HMB", 40, "expired", "the moment it ends"),
    Row("grant HMB until=40", "HMB", 5000, "expired", "long after"),
    Row("", "HMB", 45, "none", "nothing was said"),
    // Withdrawals.
    Row("revoke", "HMB", 45, "withdrawn", "no, without a yes"),
    Row("grant HMB; revoke", "HMB", 45, "withdrawn", "yes, then no"),
    Row("grant HMB; revoke; grant HMB", "HMB", 45, "in", "and yes again"),
    Row("grant HMB; paper-revoke", "HMB", 45, "withdrawn", "no on paper"),
    Row("grant HMB POA; revoke POA", "HMB", 45, "in", "a part that the study does not need"),
    Row("grant HMB POA; revoke HMB", "HMB", 45, "no-purpose", "a part that it needs"),
    Row("grant GRU; revoke DS", "DS MONDO:0002009", 45, "no-purpose", "a part of something broader"),
    Row("grant GRU; revoke DS", "POA", 45, "in", "what has nothing to do with it stays"),
    Row("grant GRU; revoke DS", "GRU", 45, "no-purpose", "all research may be on a disease"),
    Row("grant HMB; revoke GRU", "HMB", 45, "withdrawn", "something broader than was allowed"),
    Row("grant HMB POA; revoke XYZ", "HMB", 45, "withdrawn", "an unknown word ends all"),
    Row("grant HMB until=40; revoke", "HMB", 50, "withdrawn", "the last word counts, not the end"),
    // Changes.
    Row("grant HMB; grant POA", "HMB", 45, "no-purpose", "a change replaces what was before"),
    Row("grant POA; grant HMB", "HMB", 45, "in", "in either direction"),
    Row("grant HMB; grant HMB until=30", "HMB", 45, "expired", "a shorter one over a longer one"),
    // Paper.
    Row("paper HMB", "HMB", 45, "in", "paper alone"),
    Row("paper HMB; paper GRU", "GRU", 45, "in", "paper widens paper"),
    Row("grant HMB; paper HMB +IRB", "HMB", 45, "no-modifier", "paper narrows a key's word"),
    Row("grant HMB; paper GRU", "HMB", 45, "contradictory", "and never widens it: then nothing is allowed"),
    Row("grant HMB; revoke; paper HMB", "HMB", 45, "contradictory", "nor brings it back"),
    Row("grant DS MONDO:0002050; paper DS MONDO:0002009", "DS MONDO:0002009", 45, "in", "a kind of it is narrower"),
    // Erasure.
    Row("grant HMB; erase", "HMB", 45, "erased", "everything is to go"),
    Row("grant HMB; erase; grant HMB", "HMB", 45, "contradictory", "the key never grants again"),
    Row("erase; revoke", "HMB", 45, "erased", "a withdrawal adds nothing"),
];

fn said(words: &str) -> Ledger {
    words.split("; ").filter(|word| !word.is_empty()).fold(Ledger::default(), |ledger, word| {
        let (verb, rest) = word.split_once(' ').unwrap_or((word, ""));
        let codes: Vec<&str> = rest.split_whitespace().collect();
        let ended = if codes.is_empty() { None } else { Some(codes.as_slice()) };
        match verb {
            "grant" => ledger.grant(granted(rest)),
            "paper" => ledger.paper(granted(rest)),
            "revoke" => ledger.revoke(ended),
            "paper-revoke" => ledger.take(&on_paper(Statement { sequence: 7, ..revocation(ended) })),
            "erase" => ledger.erase(),
            other => panic!("`{other}` is said by nobody"),
        }
    })
}

fn granted(words: &str) -> Grant {
    let mut grant = Grant { purposes: vec![], modifiers: vec![], who: Who::AnyStudy, ..grant() };
    grant.categories = vec![ConsentCategory::Treatment, ConsentCategory::Outcomes];
    for word in words.split_whitespace() {
        match word.split_once(['=', '+']).unwrap_or((word, "")) {
            ("", code) => grant.modifiers.push(code.into()),
            ("id", id) => grant.who = Who::Studies(vec![id.into()]),
            ("from", day) => grant.not_before = days_after_new_year(day.parse().unwrap()),
            ("until", day) => grant.not_after = days_after_new_year(day.parse().unwrap()),
            ("academic", _) => grant.who = Who::AcademicOnly,
            ("exact", _) => grant.disclosure = Disclosure::ExactAlso,
            ("no-outcomes", _) => grant.categories.retain(|category| *category != ConsentCategory::Outcomes),
            ("adverse", _) => grant.categories.push(ConsentCategory::AdverseEvents),
            (code, _) if code.starts_with("MONDO:") => grant.diseases.push(code.into()),
            (code, _) => {
                assert!(Permission::from_code(code).is_some(), "{code}");
                grant.purposes.push(code.into());
            }
        }
    }
    grant
}

fn asked(words: &str) -> Study {
    let mut study = study();
    study.purpose.modifiers_met.clear();
    (study.purpose.duo, study.purpose.disease) = (vec![], vec![]);
    for word in words.split_whitespace() {
        match word.split_once(['=', '+']).unwrap_or((word, "")) {
            ("", code) => study.purpose.modifiers_met.push(code.into()),
            ("id", id) => study.id = id.into(),
            ("company", _) => study.purpose.organisation = Organisation::Commercial,
            ("public", _) => study.purpose.organisation = Organisation::Public,
            ("commercial", _) => study.purpose.commercial = true,
            ("exact", _) => study.mode = Mode::Exact,
            ("adverse", _) => study.categories.push(ConsentCategory::AdverseEvents),
            ("demographics", _) => study.categories.push(ConsentCategory::Demographics),
            (code, _) if code.starts_with("MONDO:") => study.purpose.disease.push(code.into()),
            (code, _) => study.purpose.duo.push(code.into()),
        }
    }
    study
}

#[test]
fn every_row_of_the_table_is_in_or_out_for_its_own_reason() {
    for Row(words, study, day, want, why) in ROWS {
        let ledger = said(words);
        let got = match standing(&ledger.0, days_after_new_year(day)) {
            Standing::Granted(permit) => permit.covers(&asked(study)).map_or_else(|why| why.code(), |()| "in"),
            other @ (Standing::None
            | Standing::NotYet
            | Standing::Expired
            | Standing::Withdrawn
            | Standing::Erased
            | Standing::Contradictory(_)) => other.code(),
        };
        assert_eq!(got, want, "{why}: `{words}`, and a study for `{study}` on day {day}");
    }
}
