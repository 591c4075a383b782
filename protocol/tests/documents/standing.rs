//! Where a patient's statements lead.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{
    Action, Disclosure, Grant, History, Standing, Statement, Who, admit_statement, admit_witnessed, standing,
};
use sumac_protocol::document::study::{ConsentCategory, Study};
use sumac_protocol::envelope::Verified;
use sumac_protocol::moment::{Millis, Moment};

use crate::cast::{
    Harbour, NOW, Paul, Pia, Stella, days_after_new_year, erasure, explained, grant, on_paper, revocation, second,
    signed, statement, study,
};

/// Pia's ledger at Harbour.
#[derive(Default)]
pub(crate) struct Ledger(pub(crate) Vec<Verified<Statement>>);

impl Ledger {
    fn next(&self) -> (u64, Option<Digest>) {
        let mut history = History::new();
        self.0.iter().for_each(|statement| history.append(statement));
        (history.next_sequence(), history.last())
    }
    pub(crate) fn take(mut self, statement: &Statement) -> Self {
        let admitted = if statement.witness.is_some() {
            admit_witnessed(&signed(statement, &[Stella]), &second(), &Harbour.key(), &Pia.key())
        } else {
            admit_statement(&signed(statement, &[Pia]), &Harbour.key(), &Pia.key())
        };
        self.0.push(admitted.unwrap());
        self
    }
    pub(crate) fn erase(self) -> Self {
        self.take(&erasure())
    }
    /// A grant that continues what is there.
    pub(crate) fn grant(self, grant: Grant) -> Self {
        let grant = explained(grant);
        let (sequence, previous) = self.next();
        self.take(&Statement { sequence, previous, action: Action::Grant(grant), ..statement() })
    }
    pub(crate) fn paper(self, grant: Grant) -> Self {
        let (sequence, previous) = self.next();
        self.take(&on_paper(Statement { sequence, previous, action: Action::Grant(grant), ..statement() }))
    }
    pub(crate) fn revoke(self, purposes: Option<&[&str]>) -> Self {
        let place = Millis(u64::try_from(self.0.len()).unwrap());
        let withdrawal = revocation(purposes);
        self.take(&Statement { made_at: withdrawal.made_at + place, ..withdrawal })
    }
    fn at(&self, now: Moment) -> &'static str {
        match standing(&self.0, now) {
            Standing::Contradictory(why) => why.code(),
            other @ (Standing::None
            | Standing::Granted(_)
            | Standing::NotYet
            | Standing::Expired
            | Standing::Withdrawn
            | Standing::Erased) => other.code(),
        }
    }
    fn now(&self) -> &'static str {
        self.at(NOW)
    }
    fn covers(&self, duo: &str) -> bool {
        let mut study: Study = study();
        study.purpose.duo = vec![duo.into()];
        let Standing::Granted(permit) = standing(&self.0, NOW) else { return false };
        permit.covers(&study).is_ok()
    }
}

fn ledger() -> Ledger {
    Ledger::default()
}

fn allowing(purposes: &[&str]) -> Grant {
    Grant {
        purposes: purposes.iter().map(|code| (*code).to_owned()).collect(),
        diseases: study().purpose.disease,
        ..grant()
    }
}

#[test]
fn without_a_word_from_the_patient_the_answer_is_no() {
    assert_eq!(ledger().now(), "none");
    assert_eq!(ledger().revoke(None).now(), "withdrawn");
    assert_eq!(ledger().grant(grant()).now(), "granted");
}

#[test]
fn a_grant_counts_within_its_time_and_never_before_it_was_signed() {
    let ledger = ledger().grant(Grant { not_after: days_after_new_year(40), ..grant() });
    let cases = [
        (NOW, "expired"),
        (days_after_new_year(40), "expired"),
        (days_after_new_year(39), "granted"),
        (days_after_new_year(10), "granted"),
        (days_after_new_year(9), "not_yet"),
        (Moment(0), "not_yet"),
    ];
    for (now, want) in cases {
        assert_eq!(ledger.at(now), want, "{now:?}");
    }
}

#[test]
fn a_withdrawal_ends_everything_before_it_and_nothing_after() {
    let gone = ledger().grant(grant()).grant(grant()).revoke(None);
    assert_eq!(gone.now(), "withdrawn");
    assert_eq!(gone.grant(grant()).now(), "granted");
    let by_staff = ledger().grant(grant()).take(&on_paper(revocation(None)));
    assert_eq!(by_staff.now(), "withdrawn", "paper suffices");
}

#[test]
fn an_old_grant_sent_again_after_a_withdrawal_grants_nothing() {
    let same = ledger().grant(grant()).revoke(None).take(&statement());
    assert_eq!(same.now(), "withdrawn", "the same document is a no-op");
    let stale = Statement { made_at: days_after_new_year(30), ..statement() };
    assert_eq!(ledger().grant(grant()).revoke(None).take(&stale).now(), "contradiction-sequence");
    let unaware = Statement { sequence: 5, ..statement() };
    assert_eq!(ledger().revoke(None).take(&unaware).now(), "contradiction-previous", "signed before, came after");
}

#[test]
fn contradictory_grants_mean_no_until_the_patient_speaks_again() {
    let second_zero = Statement { made_at: days_after_new_year(12), ..statement() };
    let torn = ledger().grant(grant()).take(&second_zero);
    assert_eq!(torn.now(), "contradiction-sequence");
    assert_eq!(torn.grant(grant()).now(), "granted");
    assert_eq!(ledger().grant(grant()).take(&second_zero).revoke(None).now(), "withdrawn");
    let orphan = Statement { previous: Some(Digest::of_bytes(b"nowhere")), ..statement() };
    assert_eq!(ledger().take(&orphan).now(), "contradiction-previous");
}

#[test]
fn a_clinic_is_told_before_it_takes_a_grant_out_of_line() {
    let first = ledger().grant(grant());
    let mut history = History::new();
    first.0.iter().for_each(|statement| history.append(statement));
    let stale = Statement { made_at: NOW, ..statement() };
    let refused = history.accepts(&stale).unwrap_err();
    assert_eq!(refused.code(), "statement-out-of-line");
    assert!(refused.remedy().contains("number 1"), "{}", refused.remedy());
    let unlinked = Statement { sequence: 1, ..statement() };
    assert!(history.accepts(&unlinked).unwrap_err().remedy().contains(&first.0[0].digest().hex()));
    assert_eq!(history.accepts(&revocation(None)), Ok(()), "a withdrawal always fits");
    assert_eq!(history.accepts(&Statement { previous: history.last(), ..unlinked }), Ok(()));
}

#[test]
fn a_partial_withdrawal_narrows_and_never_leaves_more_than_was_meant() {
    type Codes = &'static [&'static str];
    let cases: [(&str, Codes, Codes, Codes); 9] = [
        ("one of two", &["HMB", "POA"], &["POA"], &["HMB", "DS"]),
        ("the broad one of two", &["GRU", "HMB"], &["GRU"], &["HMB", "DS"]),
        ("health, of all research", &["GRU"], &["HMB"], &["POA"]),
        ("a disease, of all research", &["GRU"], &["DS"], &["POA"]),
        ("ancestry, of all research", &["GRU"], &["POA"], &["HMB", "DS"]),
        ("what was never allowed", &["HMB"], &["POA"], &["HMB", "DS"]),
        ("a broader one than was allowed", &["HMB", "POA"], &["GRU"], &[]),
        ("the only one", &["HMB"], &["HMB"], &[]),
        ("unknown words end all", &["GRU"], &["POA", "???"], &[]),
    ];
    for (why, granted, ended, left) in cases {
        let ledger = ledger().grant(allowing(granted)).revoke(Some(ended));
        for duo in ["GRU", "HMB", "DS", "POA"] {
            assert_eq!(ledger.covers(duo), left.contains(&duo), "{why}: {duo}");
        }
        assert_eq!(ledger.now(), if left.is_empty() { "withdrawn" } else { "granted" }, "{why}");
    }
    assert_eq!(ledger().grant(grant()).revoke(Some(&[])).now(), "withdrawn", "nothing named ends all");
    let anew = ledger().grant(allowing(&["HMB", "POA"])).revoke(Some(&["POA"])).grant(allowing(&["POA"]));
    assert!(anew.covers("POA"), "a later grant of the patient's own counts in full");
}

#[test]
fn staff_may_narrow_what_a_patients_key_allowed_and_never_widen_it() {
    type Case = (&'static str, fn(&mut Grant), bool);
    let cases: [Case; 13] = [
        ("the same", |_| (), true),
        ("a condition more", |g| g.modifiers.push("PUB".into()), true),
        ("a condition less", |g| g.modifiers.truncate(1), false),
        ("a category less", |g| g.categories.truncate(2), true),
        ("a category more", |g| g.categories.push(ConsentCategory::AdverseEvents), false),
        ("another purpose", |g| g.purposes.push("POA".into()), false),
        ("academic only", |g| g.who = Who::AcademicOnly, true),
        ("one study", |g| g.who = Who::Studies(vec!["tide-1".into()]), true),
        ("exact also", |g| g.disclosure = Disclosure::ExactAlso, false),
        ("longer", |g| g.not_after = days_after_new_year(731), false),
        ("shorter", |g| g.not_after = days_after_new_year(60), true),
        ("earlier", |g| g.not_before = Moment(0), false),
        ("at a higher cost", |g| g.rho_year.0 += 1, false),
    ];
    for (why, change, fine) in cases {
        let mut changed = grant();
        change(&mut changed);
        let want = if fine { "granted" } else { "contradiction-witnessed-widening" };
        assert_eq!(ledger().grant(grant()).paper(changed).now(), want, "{why}");
    }
    assert_eq!(ledger().grant(grant()).revoke(None).paper(grant()).now(), "contradiction-witnessed-widening");
    assert_eq!(ledger().paper(grant()).paper(allowing(&["GRU"])).now(), "granted", "where no key signed anything");
    let of = |disease: &str| Grant { diseases: vec![disease.into()], ..allowing(&["DS"]) };
    assert_eq!(ledger().grant(of("mdd")).paper(of("ptsd")).now(), "contradiction-witnessed-widening", "a disease");
    let named = Grant { who: Who::Studies(vec!["tide-1".into()]), ..grant() };
    assert_eq!(ledger().grant(named).paper(grant()).now(), "contradiction-witnessed-widening", "any study again");
}

#[test]
fn paper_brings_back_nothing_that_was_ended_in_part() {
    let narrowed = ledger().grant(allowing(&["GRU"])).revoke(Some(&["HMB"]));
    assert!(narrowed.covers("POA") && !narrowed.covers("DS"));
    assert_eq!(narrowed.paper(allowing(&["GRU"])).now(), "contradiction-witnessed-widening");
    let two = ledger().grant(allowing(&["HMB", "POA"])).revoke(Some(&["POA"])).paper(allowing(&["HMB"]));
    assert!(two.covers("HMB") && !two.covers("POA"));
}

#[test]
fn a_key_that_asked_for_erasure_never_grants_again() {
    assert_eq!(ledger().erase().now(), "erased", "without a word before");
    let gone = ledger().grant(grant()).erase();
    assert_eq!(gone.now(), "erased");
    let again = gone.grant(grant());
    assert_eq!(again.now(), "contradiction-erased");
    let later = again.grant(grant());
    assert_eq!(later.now(), "contradiction-erased", "however often");
    assert_eq!(later.revoke(None).now(), "withdrawn");
    assert_eq!(ledger().grant(grant()).erase().revoke(Some(&["HMB"])).now(), "erased", "a withdrawal changes nothing");
    let paper = ledger().grant(grant()).erase().paper(grant());
    assert_eq!(paper.now(), "contradiction-erased", "nor does paper bring it back");
    let mut history = History::new();
    let erased = ledger().grant(grant()).erase();
    erased.0.iter().for_each(|statement| history.append(statement));
    let next = Statement { sequence: history.next_sequence(), previous: history.last(), ..statement() };
    assert_eq!(history.accepts(&next).unwrap_err().code(), "statement-out-of-line");
    assert_eq!(history.accepts(&revocation(None)), Ok(()));
    assert_eq!(history.accepts(&erasure()), Ok(()), "said again");
}

#[test]
fn a_newer_key_may_grant_after_the_old_one_asked_for_erasure() {
    let erased = ledger().grant(grant()).erase();
    let mut history = History::new();
    erased.0.iter().for_each(|statement| history.append(statement));
    let (sequence, previous) = (history.next_sequence(), history.last());
    let newer = Statement { patient: Paul.key(), sequence, previous, ..statement() };
    let newer = admit_statement(&signed(&newer, &[Paul]), &Harbour.key(), &Paul.key()).unwrap();
    history.append(&newer);
    assert_eq!(history.standing(NOW).code(), "granted");
}

/// Pia's first key is in the ledger with her words, and Paul's stands in for it from a day on: `pia` and `paul` grant,
/// `pia-no`, `pia-part` and `paul-no` end, each `@` the day on which it was signed; `replace` is on day 20, and `again`
/// puts a third key in place of Paul's on day 40.
fn replaced(words: &str, day: u64) -> String {
    let key = |name: &str| if name == "paul" { Paul.key() } else { Pia.key() };
    let mut said: Vec<(usize, Verified<Statement>)> = Vec::new();
    let replay = |said: &'_ [(usize, Verified<Statement>)], upto: usize| {
        let mut history = History::new();
        let mut next = said.iter().peekable();
        for (place, word) in words.split_whitespace().enumerate().take(upto) {
            match word {
                "replace" => history.replace(Paul.key(), days_after_new_year(34)),
                "again" => history.replace(Harbour.key(), days_after_new_year(54)),
                _ => {}
            }
            if let Some((_, statement)) = next.next_if(|(at, _)| *at == place) {
                // Leaked: a test's few statements outlive their histories.
                history.append(Box::leak(Box::new(statement.clone())));
            }
        }
        history
    };
    for (place, word) in words.split_whitespace().enumerate() {
        let Some((what, at)) = word.split_once('@') else { continue };
        let (name, what) = what.split_once('-').unwrap_or((what, "yes"));
        let history = replay(&said, place);
        let (sequence, previous) = (history.next_sequence(), history.last());
        let action = match what {
            "yes" => Action::Grant(explained(allowing(&["HMB", "POA"]))),
            "part" => revocation(Some(&["POA"])).action,
            _ => revocation(None).action,
        };
        let (patient, made_at) = (key(name), days_after_new_year(at.parse().unwrap()));
        let body = Statement { patient, sequence, previous, made_at, action, ..statement() };
        let signer = if name == "paul" { signed(&body, &[Paul]) } else { signed(&body, &[Pia]) };
        said.push((place, admit_statement(&signer, &Harbour.key(), &patient).unwrap()));
    }
    let history = replay(&said, usize::MAX);
    let held = history.held().is_some_and(|held| held.from <= days_after_new_year(day));
    let code = history.standing(days_after_new_year(day)).code();
    assert_eq!(held, code == "granted", "what a book keeps is what stands: {words}");
    code.to_owned()
}

#[test]
fn an_objection_of_a_replaced_key_voids_the_key_that_took_its_place() {
    let cases = [
        ("pia@10 replace", 21, "not_yet", "nothing counts while the owner may object"),
        ("pia@10 replace", 34, "granted", "and the old grant counts again after that"),
        ("replace paul@21", 33, "not_yet", "nor what the new key says"),
        ("replace paul@21", 34, "granted", "which counts when nobody objected"),
        ("pia@10 replace pia-no@22", 60, "withdrawn", "the owner objects"),
        ("pia@10 replace pia-no@22 paul@23", 60, "contradictory", "a yes of the new key after that counts for nothing"),
        ("pia@10 replace paul@21 pia-no@22", 60, "withdrawn", "nor one before it"),
        ("pia@10 replace paul@21 pia-part@22", 60, "withdrawn", "an objection to a part is one to the key"),
        ("pia@10 replace pia-part@22", 60, "granted", "what is left of the owner's own yes stands"),
        ("pia@10 replace pia-part@22 paul@40", 60, "contradictory", "and the new key adds nothing to it"),
        ("pia@10 replace pia-no@22 paul@23 again", 60, "contradictory", "nor when it is replaced in turn"),
        ("pia@10 replace pia-no@34 paul@35", 60, "granted", "who finds a lost key later can end, and no more"),
        ("pia@10 replace paul-no@22 paul@35", 60, "granted", "what the new key ends itself is no objection"),
        ("pia@10 pia-no@12 replace paul@21", 60, "granted", "nor is what was said before"),
    ];
    for (words, day, want, why) in cases {
        assert_eq!(replaced(words, day), want, "{why}: {words} on day {day}");
    }
}

#[test]
fn what_is_left_of_a_grant_is_never_more_than_what_is_allowed() {
    type Codes = &'static [&'static str];
    let cases: [(Codes, Option<Codes>, Codes, &str); 8] = [
        (&["GRU"], None, &["GRU"], "nothing was ended"),
        (&["GRU"], Some(&["HMB"]), &["POA"], "all research without health"),
        (&["GRU"], Some(&["POA"]), &["HMB"], "all research without ancestry"),
        (&["GRU"], Some(&["DS"]), &["POA"], "health may turn out to be on a disease"),
        (&["GRU", "HMB"], Some(&["GRU"]), &["HMB"], "the broad one of two"),
        (&["HMB", "POA"], Some(&["POA"]), &["HMB"], "one of two"),
        (&["HMB", "DS"], None, &["HMB", "DS"], "what was listed stays listed"),
        (&["NRES"], Some(&["HMB"]), &["POA"], "no restriction without health"),
    ];
    for (granted, ended, left, why) in cases {
        let mut said = ledger().grant(allowing(granted));
        if let Some(ended) = ended {
            said = said.revoke(Some(ended));
        }
        let Standing::Granted(permit) = standing(&said.0, NOW) else { panic!("{why}") };
        assert_eq!(permit.purposes_left(), left, "{why}");
        for code in permit.purposes_left() {
            assert!(said.covers(&code), "{why}: {code}");
        }
    }
}

#[test]
fn a_withdrawal_that_is_being_written_is_held_to_its_words_and_one_that_is_read_never() {
    let cases: [(Option<&[&str]>, Option<&str>); 4] = [
        (None, None),
        (Some(&["HMB"]), None),
        (Some(&["HBM"]), Some("statement-unknown-code")),
        (Some(&[]), Some("statement-count")),
    ];
    for (purposes, refused) in cases {
        let made = revocation(purposes);
        assert_eq!(made.check_made().map_err(|why| why.code()).err(), refused, "{purposes:?}");
        assert_eq!(made.check(), Ok(()), "{purposes:?}");
    }
    let mut blank = on_paper(revocation(None));
    blank.witness.as_mut().unwrap().form.clear();
    assert_eq!(blank.check_made().unwrap_err().code(), "statement-text");
    assert_eq!(blank.check(), Ok(()));
}
