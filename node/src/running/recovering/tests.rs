use std::collections::BTreeMap;
use std::sync::Arc;

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::recovery::{Recovery, SeenQuery};
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::recovery::{QueryBounds, Seen, Witnesses, admit_recovery};

use super::{Before, COUNTER_GAP, Recovered, forgotten};
use crate::clinic::{Clinic, ClinicError, RecoveryMark};
use crate::clock::Clock;
use crate::rehearsal::Rehearsal;
use crate::rehearsal::tests::{drug, rules};
use crate::running::recall::{Finding, Own};
use crate::store::{IndexState, OpenReport};

const CHALLENGE: Digest = Digest([5; 32]);
/// A clinic that sits on no committee.
const AT: usize = 3;

/// A clinic with two patients who said yes, and what members say of it.
struct Rig {
    rehearsal: Rehearsal,
    _dir: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut rehearsal = Rehearsal::under(&rules(4), dir.path()).unwrap();
        rehearsal.admit(AT, vec![drug(), drug()], RhoMicro(80_000_000)).unwrap();
        Self { rehearsal, _dir: dir }
    }

    /// The clinic as it reads its store when it starts.
    fn clinic(&self) -> Clinic {
        let store = Arc::clone(self.rehearsal.clinic(AT).unwrap().store());
        Clinic::new(store, self.rehearsal.chain().clone(), Arc::new(Clock::commanded(self.rehearsal.now())))
    }

    fn pseudonym(&self, patient: usize) -> &str {
        self.rehearsal.patient(patient).unwrap().pseudonym()
    }

    fn standings(&self) -> Vec<String> {
        let lines = self.clinic().patients().unwrap();
        lines.into_iter().map(|patient| patient.standing).collect()
    }

    /// A note of how the store stands now.
    fn note(&self) -> Octets {
        self.clinic().store().sealed_note().unwrap()
    }

    /// What members say: the newest message that they have, by its number and its note, and queries.
    fn seen(&self, newest: Option<(u64, &Octets)>, queries: &[SeenQuery]) -> BTreeMap<Principal, Seen> {
        let clinic = self.rehearsal.key_of(AT).unwrap();
        let newest = newest.map(|(counter, note)| {
            let void = Void { query: Digest([7; 32]), attempt: 1, counter, note: note.clone() };
            Envelope::sign(&void, clinic).unwrap()
        });
        let word = |at: usize| {
            let (member, about) = (self.rehearsal.key_of(at).unwrap(), clinic.principal());
            let said = Recovery {
                member: member.principal(),
                about,
                challenge: CHALLENGE,
                since: 0,
                newest: newest.clone(),
                queries: queries.to_vec(),
                whole_above: 0,
                said_at: self.rehearsal.now(),
            };
            let said = Envelope::sign(&said, member).unwrap();
            let asked = (&CHALLENGE, 0);
            (member.principal(), admit_recovery(&said, &member.principal(), &about, asked).unwrap())
        };
        [0, 1].map(word).into()
    }

    /// Recovers, as of now.
    fn recovers(&self, before: Before, seen: &BTreeMap<Principal, Seen>) -> Recovered {
        before.make_good(&self.clinic(), seen, (Vec::new(), Vec::new()), self.rehearsal.now()).unwrap()
    }

    fn found(&self, lacks: bool) -> Before {
        let report = OpenReport {
            dropped_frames: 0,
            index: IndexState::Fresh,
            acknowledged_missing: None,
            restored: lacks,
            erasure_finished: false,
        };
        Before::of(self.clinic().store(), &report, self.rehearsal.now()).unwrap()
    }

    fn mark(&self) -> RecoveryMark {
        self.clinic().recovery().unwrap().unwrap()
    }

    fn confirm(&self, patient: usize) -> Result<(), ClinicError> {
        let clinic = self.clinic();
        let lines = clinic.patients().unwrap();
        let line = lines.into_iter().find(|line| line.pseudonym == self.pseudonym(patient)).unwrap();
        let key = line.key.unwrap();
        let receipt = clinic.receipts_of(&key).unwrap().pop().unwrap();
        clinic.confirm(self.pseudonym(patient), Some(&receipt))
    }

    fn later(&mut self) {
        self.rehearsal.pass(Millis(60_000)).unwrap();
    }
}

#[test]
fn no_later_recovery_lets_consents_count_that_wait_and_who_was_confirmed_stays_so() {
    let mut rig = Rig::new();
    assert_eq!(rig.confirm(0).unwrap_err().code(), "nothing-to-confirm", "while consents stand");
    let newest = rig.note();
    let first = rig.recovers(rig.found(true), &rig.seen(Some((40, &newest)), &[]));
    assert!(first.suspended && rig.standings() == ["suspended", "suspended"]);
    let since = rig.mark().waits_since();
    rig.confirm(0).unwrap();
    assert_eq!(rig.standings(), ["granted", "suspended"]);
    assert_eq!(rig.confirm(0).unwrap_err().code(), "nothing-to-confirm", "said again");
    for recovery in ["second", "third"] {
        rig.later();
        let (found, newest) = (rig.found(false), rig.note());
        let again = rig.recovers(found, &rig.seen(Some((rig.mark().given_up + 9, &newest)), &[]));
        assert!(again.suspended, "{recovery}");
        assert_eq!(rig.standings(), ["granted", "suspended"], "{recovery}");
        assert_eq!((rig.mark().waits_since(), rig.mark().at), (since, rig.rehearsal.now()), "{recovery}");
    }
    // Lost anew, what was confirmed may have been taken back by what is missing.
    rig.later();
    let (found, newest) = (rig.found(true), rig.note());
    rig.recovers(found, &rig.seen(Some((1 << 30, &newest)), &[]));
    assert_eq!(rig.standings(), ["suspended", "suspended"]);
}

#[test]
fn consents_wait_where_any_history_that_was_given_up_had_a_longer_ledger() {
    let mark = |rig: &Rig, given_up| {
        let (at, statements) = (Moment(rig.rehearsal.now().0 - 1_000), 1);
        RecoveryMark { at, statements, suspended: false, suspended_at: None, given_up, finished: true }
    };
    let cases = [
        ("never recovered, as long as was seen", None, 40, 2, None),
        ("never recovered, longer", None, 40, 1, Some(0)),
        ("since the last recovery, as long", Some(30), 40, 2, None),
        ("since the last recovery, longer", Some(30), 40, 1, Some(0)),
        ("told only now of the history before", Some(50), 40, 2, Some(1_000)),
    ];
    for (why, given_up, counter, statements, want) in cases {
        let rig = Rig::new();
        let previous = given_up.map(|given_up| mark(&rig, given_up));
        let before = Before { previous, statements, ..rig.found(false) };
        let newest = rig.note();
        let done = rig.recovers(before, &rig.seen(Some((counter, &newest)), &[]));
        assert_eq!(done.suspended, want.is_some(), "{why}");
        let since = want.map(|earlier: u64| Moment(rig.rehearsal.now().0 - earlier));
        assert_eq!(rig.mark().waits_since(), since, "{why}");
    }
}

#[test]
fn a_healthy_node_is_marked_only_once_enough_have_answered_and_one_that_lacks_something_at_once() {
    let rig = Rig::new();
    assert!(rig.found(false).lost.is_none());
    let lost = rig.found(true).lost.unwrap();
    assert!(!lost.finished && lost.suspended);
    // Tried again after it was marked and failed: what was lost then is not forgotten.
    rig.clinic().store().append(vec![lost.entry()]).unwrap();
    let newest = rig.note();
    let done = rig.recovers(rig.found(false), &rig.seen(Some((40, &newest)), &[]));
    assert!(done.suspended && rig.mark().finished);
}

#[test]
fn statements_that_are_signed_while_a_node_is_shut_do_not_make_up_for_those_that_were_lost() {
    let rig = Rig::new();
    // Two were seen, one was left when it was found out, and one was taken since.
    let newest = rig.note();
    let mark = RecoveryMark::found_behind(None, 1, rig.rehearsal.now());
    rig.clinic().store().append(vec![mark.entry()]).unwrap();
    assert!(rig.recovers(rig.found(false), &rig.seen(Some((40, &newest)), &[])).suspended);
    let (now, finished) = (rig.rehearsal.now(), rig.mark());
    let again = RecoveryMark::found_behind(Some(finished), 2, now);
    assert_eq!(
        (again.finished, again.waits_since(), again.given_up),
        (false, finished.waits_since(), finished.given_up)
    );
    assert_eq!((again.statements, finished.statements), (1, 1), "who waits for what was lost first waits on");
}

#[test]
fn a_recovered_node_is_not_behind_what_it_gave_up_and_is_behind_what_it_signed_since() {
    let rig = Rig::new();
    let shorter = rig.clinic();
    let head = shorter.store().head();
    let counter = 40 + COUNTER_GAP;
    let own = |given_up| Own { counter, head, given_up };
    // Far more entries than the journal has after the recovery.
    for _ in 0..50 {
        shorter.store().append(vec![super::counter::entry(40)]).unwrap();
    }
    let long = rig.note();
    let cases = [
        ("what it gave up", counter, 40, true),
        ("the last number that it gave up", counter, counter, true),
        ("that journal under a number of since", 30, 40, false),
        ("a number that it does not know", counter, counter + 1, false),
        ("a node that never recovered", 0, 40, false),
    ];
    for (why, given_up, number, current) in cases {
        for seen in rig.seen(Some((number, &long)), &[]).values() {
            let finding = own(given_up).against(shorter.store(), seen);
            assert_eq!(finding == Finding::Current, current, "{why}");
            let Finding::Behind { counter, note } = finding else { continue };
            let said = own(given_up).told("Ridge", counter, note, 2);
            let newer = said.contains("knows of no message above");
            assert_eq!(newer, number > own(0).counter, "{why}: {said}");
            assert!(said.contains("entries in its journal") && !said.contains("entry"), "{why}: {said}");
        }
    }
}

#[test]
fn whatever_a_member_says_nobody_is_charged_more_or_for_longer_than_a_query_can_cost() {
    let rig = Rig::new();
    let (bounds, now) = (QueryBounds::of(rig.rehearsal.chain()), rig.rehearsal.now());
    let study = rig.rehearsal.study().digest();
    let day = Moment(now.0 + 86_400_000);
    let told = |number, rho, expires, study| SeenQuery {
        counter: 9,
        query: Digest([number; 32]),
        study,
        rho: RhoMicro(rho),
        expires,
    };
    let cases = [
        ("an honest word", told(1, 40_000_000, now, study), (40_000_000, now, 0)),
        ("at both limits", told(2, 40_000_000, day, study), (40_000_000, day, 0)),
        ("past both", told(3, 40_000_001, Moment(day.0 + 1), study), (40_000_000, day, 0)),
        ("as much and as long as a document can say", told(4, 1 << 53, Moment(1 << 53), study), (40_000_000, day, 0)),
        ("a study that no charter lists", told(5, 1, now, Digest([3; 32])), (1, now, 1)),
    ];
    for (why, told, (rho, expires, unknown)) in cases {
        let note = rig.note();
        let seen = rig.seen(Some((9, &note)), &[told]);
        let got: Vec<_> = forgotten(&seen, &bounds, now).iter().map(|query| (query.rho.0, query.expires)).collect();
        assert_eq!(got, [(rho, expires)], "{why}");
        let done = rig.recovers(rig.found(false), &seen);
        assert_eq!((done.charged.len(), done.unknown_studies.len()), (1, unknown), "{why}");
        let charges = rig.clinic().charges().unwrap();
        let charge = charges.iter().find(|charge| charge.query == told.query).unwrap();
        assert_eq!((charge.rho.0, charge.expires), (rho, expires), "{why}");
    }
}

#[test]
fn a_node_that_waits_says_how_many_answered_and_whose_answer_every_query_needs() {
    let mut charter = rules(6);
    let keys: Vec<Principal> = charter.members.iter().map(|member| member.key).collect();
    charter.committees = vec![keys[..3].to_vec(), keys[3..].to_vec()];
    let seen = Rig::new().seen(None, &[]).into_values().next().unwrap();
    let name = |key: &Principal| charter.member(key).unwrap().name.clone();
    let cases = [
        (vec![], "0 of at least 2 operators answered", true),
        (vec![3, 4], "2 of at least 2 operators answered", true),
        (vec![1], "1 of at least 2 operators answered", false),
        (vec![1, 4], "2 of at least 2 operators answered", false),
    ];
    for (who, operators, first) in cases {
        let witnesses = Witnesses::of(&charter, &keys[0]);
        let answered: BTreeMap<Principal, Seen> = who.iter().map(|at: &usize| (keys[*at], seen.clone())).collect();
        let said = witnesses.lacking(&answered).told(name);
        assert!(said.starts_with(operators), "{who:?}: {said}");
        for words in ["Clinic 1", "Clinic 2", "which every query calls"] {
            assert_eq!(said.contains(words), first, "{who:?}: {said}");
        }
        assert_eq!(witnesses.suffice(&answered), who.len() == 2 && !first, "{who:?}");
    }
}
