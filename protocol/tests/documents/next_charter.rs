//! Requests to be listed, drafts of the next charter, and what they change in words.

use sumac_protocol::charter_changes::{CharterChanges, Sense};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::{Charter, Label, Role};
use sumac_protocol::document::join::{Join, admit_join};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::next_charter::{Listed, NextCharter};

use crate::cast::{Anna, Ben, Cleo, Dora, Harbour, Mill, Otto, Person, Quay, Ridge, chain, genesis, second, signed};
use crate::golden::join;

/// Otto's clinic asks, which nobody lists yet.
fn newcomer() -> Join {
    Join { key: Otto.key(), name: "Dune".into(), operator: "Dune Clinic Ltd".into(), ..join() }
}

fn next() -> NextCharter {
    NextCharter::after(&chain())
}

fn says(next: &NextCharter) -> Vec<String> {
    next.changes().list().iter().map(|change| format!("{}: {}", change.area, change.says)).collect()
}

#[test]
fn a_request_is_taken_from_its_own_key_only_and_asks_for_what_a_charter_may_list() {
    type Flaw = fn(&mut Join);
    let cases: [(&str, Flaw, Person, &str); 9] = [
        ("somebody asks in another's name", |_| {}, Mill, "not-signed-by"),
        ("no name", |join| join.name.clear(), Quay, "charter-text"),
        ("a name that hides a line", |join| join.name.push('\n'), Quay, "charter-text"),
        ("an operator written backwards", |join| join.operator.push('\u{202e}'), Quay, "charter-text"),
        ("no role", |join| join.roles.clear(), Quay, "charter-count"),
        ("a role twice", |join| join.roles = vec![Role::Hub, Role::Hub], Quay, "charter-repeated"),
        ("a hub nobody can dial", |join| join.addresses.clear(), Quay, "join-hub-address"),
        ("no room for patients", |join| join.patients_max = 0, Quay, "charter-patients-max"),
        ("more patients than proofs carry", |join| join.patients_max = 10_000_001, Quay, "charter-patients-max"),
    ];
    assert!(admit_join(&signed(&join(), &[Quay])).is_ok());
    for (why, flaw, signer, code) in cases {
        let mut join = join();
        flaw(&mut join);
        let refused = admit_join(&signed(&join, &[signer])).unwrap_err();
        assert_eq!(refused.code(), code, "{why}");
        assert!(!refused.remedy().is_empty(), "{why}");
    }
    assert_eq!(admit_join(&signed(&genesis(), &[Quay])).unwrap_err().code(), "wrong-kind");
    let unsigned = Envelope::draft(&join()).unwrap();
    assert_eq!(admit_join(&unsigned).unwrap_err().code(), "not-signed-by");
}

#[test]
fn a_draft_lists_who_asked_and_extends_the_chain_once_stewards_signed() {
    let mut next = next();
    let asked = admit_join(&signed(&newcomer(), &[Otto])).unwrap();
    assert_eq!(next.admit(&asked), Ok(Listed::New));
    let mut chain = chain();
    let mut draft = next.draft().unwrap();
    assert_eq!(chain.extend(&draft).unwrap_err().code(), "too-few-signatures");
    [Anna, Ben].iter().for_each(|steward| draft.cosign(&steward.signer()));
    chain.extend(&draft).unwrap();
    let listed = chain.current().member(&Otto.key()).unwrap();
    assert_eq!((listed.name.as_str(), listed.patients_max), ("Dune", 4_000));
    assert_eq!(chain.current().epoch, 2);
    // A later request of a listed node changes its entry, and leaves its staff.
    let mut again = NextCharter::after(&chain);
    let harbour = Join {
        key: Harbour.key(),
        name: "Harbour".into(),
        roles: vec![Role::Contributor, Role::Aggregator, Role::Hub],
        ..join()
    };
    assert_eq!(again.admit(&admit_join(&signed(&harbour, &[Harbour])).unwrap()), Ok(Listed::Again));
    assert_eq!(again.drafted().member(&Harbour.key()).unwrap().staff.len(), 2);
    assert!(says(&again).iter().any(|line| line.starts_with("members: Harbour: is dialled at /dns/quay")), "{again:?}");
}

#[test]
fn what_would_break_a_rule_is_refused_and_changes_nothing() {
    type Attempt = fn(&mut NextCharter) -> Result<(), sumac_protocol::next_charter::NextError>;
    let named_twice: Attempt = |next| {
        let join = Join { name: "Mill".into(), ..newcomer() };
        next.admit(&admit_join(&signed(&join, &[Otto])).unwrap()).map(drop)
    };
    let cases: [(&str, Attempt, &str); 12] = [
        ("a name that another has", named_twice, "charter-repeated"),
        ("nobody", |next| next.dismiss("Nobody", None), "no-member"),
        ("on a committee", |next| next.dismiss("Ridge", None), "member-on-committee"),
        ("its heir adds nothing up", |next| next.dismiss("Ridge", Some("Mill")), "charter-no-aggregator"),
        ("its heir is unknown", |next| next.dismiss("Ridge", Some("Dune")), "no-member"),
        ("a field that is none", |next| next.set_policy("cohort_minimum", "20"), "no-policy-field"),
        ("no number", |next| next.set_policy("cohort_min", "many"), "policy-value"),
        ("a fraction", |next| next.set_policy("rho_per_query_max", "0.1"), "policy-value"),
        ("a number for a yes", |next| next.set_policy("allow_exact", "1"), "policy-value"),
        ("below the floor of all federations", |next| next.set_policy("cohort_min", "9"), "charter-below-floor"),
        ("a study that is not there", |next| next.end_study(&chain().genesis_digest()), "study-not-in-force"),
        (
            "a study that is there",
            |next| next.begin_study(*chain().current().studies.first().unwrap()),
            "charter-repeated",
        ),
    ];
    for (why, attempt, code) in cases {
        let mut next = next();
        let refused = attempt(&mut next).unwrap_err();
        assert_eq!(refused.code(), code, "{why}: {refused}");
        assert!(!refused.remedy().is_empty(), "{why}");
        assert_eq!(says(&next), [""; 0], "{why}: nothing has changed");
    }
}

#[test]
fn a_draft_of_another_place_in_the_chain_is_not_taken_up() {
    let (chain, current) = (chain(), second());
    let follows = Charter { epoch: 2, previous: Some(chain.current().digest()), ..second() };
    assert!(NextCharter::of_draft(&Envelope::draft(&follows).unwrap(), &chain).is_ok());
    let others = [
        ("the charter in force", current),
        ("one that skips an epoch", Charter { epoch: 3, ..follows.clone() }),
        ("one that follows another", Charter { previous: Some(chain.genesis_digest()), ..follows }),
    ];
    for (why, charter) in others {
        let refused = NextCharter::of_draft(&Envelope::draft(&charter).unwrap(), &chain).unwrap_err();
        assert_eq!(refused.code(), "draft-follows-another", "{why}");
    }
}

struct Case {
    why: &'static str,
    change: fn(&mut Charter),
    sense: Sense,
    waits: bool,
}

fn each_is_told_and_waits_as_it_should(cases: impl IntoIterator<Item = Case>) {
    for Case { why, change, sense, waits } in cases {
        let mut after = second();
        change(&mut after);
        let changes = CharterChanges::between(&second(), &after);
        assert!(!changes.list().is_empty(), "{why}: it is told");
        assert!(changes.list().iter().any(|change| change.sense == sense), "{why}: {changes:?}");
        assert_eq!(!changes.waits().is_empty(), waits, "{why}: {:?}", changes.waits());
    }
}

#[test]
fn what_protects_patients_less_waits_for_a_person_and_nothing_else_does() {
    use Sense::{Looser, Neither, Tighter};
    each_is_told_and_waits_as_it_should([
        Case { why: "a name", change: |c| c.name = "Shore".into(), sense: Neither, waits: false },
        Case { why: "larger groups only", change: |c| c.policy.cohort_min = 11, sense: Tighter, waits: false },
        Case { why: "more clinics", change: |c| c.policy.clinics_min = 5, sense: Tighter, waits: false },
        Case { why: "fewer clinics", change: |c| c.policy.clinics_min = 3, sense: Looser, waits: true },
        Case {
            why: "a dearer query",
            change: |c| c.policy.rho_per_query_max = RhoMicro(500_001),
            sense: Looser,
            waits: true,
        },
        Case {
            why: "a cheaper query",
            change: |c| c.policy.rho_per_query_max = RhoMicro(499_999),
            sense: Tighter,
            waits: false,
        },
        Case { why: "no more exact studies", change: |c| c.policy.allow_exact = false, sense: Tighter, waits: false },
        Case { why: "a larger δ", change: |c| c.policy.delta_per_1e12 = 2_000_000, sense: Looser, waits: true },
        Case { why: "no delay that hides", change: |c| c.policy.upload_jitter_ms = 0, sense: Looser, waits: true },
        Case { why: "a longer window", change: |c| c.policy.window_ms = 200_000, sense: Neither, waits: false },
        Case { why: "groups of one", change: |c| c.label = Some(Label::TestData), sense: Looser, waits: true },
        Case { why: "a study ends", change: |c| c.studies.truncate(2), sense: Neither, waits: false },
        Case {
            why: "an instrument is gone",
            change: |c| c.dictionary = "[instrument.hamd]\nmin = 0\nmax = 52\n".into(),
            sense: Neither,
            waits: false,
        },
    ]);
    let next = CharterChanges::between(&second(), &Charter { epoch: 2, previous: None, ..second() });
    assert_eq!((next.list(), next.waits()), ([].as_slice(), [].as_slice()), "its place alone is no change");
}

#[test]
fn who_decides_and_who_adds_up_changes_only_with_a_person_of_the_clinic() {
    use Sense::{Looser, Neither};
    each_is_told_and_waits_as_it_should([
        Case { why: "one signature suffices", change: |c| c.threshold = 1, sense: Looser, waits: true },
        Case {
            why: "one steward of three changes",
            change: |c| c.stewards[2] = Dora.key(),
            sense: Neither,
            waits: false,
        },
        Case {
            why: "two stewards of three change",
            change: |c| c.stewards = vec![Anna.key(), Dora.key(), Otto.key()],
            sense: Neither,
            waits: true,
        },
        Case {
            why: "as many again are added, and one",
            change: |c| {
                c.stewards = vec![Anna, Ben, Cleo, Dora, Otto, Mill, Quay].into_iter().map(Person::key).collect();
            },
            sense: Neither,
            waits: true,
        },
        Case {
            why: "a further aggregator",
            change: |c| c.members[3].roles.push(Role::Aggregator),
            sense: Neither,
            waits: true,
        },
        Case {
            why: "an aggregator less",
            change: |c| {
                c.members[2].roles.retain(|role| *role != Role::Aggregator);
                c.committees = vec![vec![Harbour.key(), Ridge.key()]];
            },
            sense: Looser,
            waits: true,
        },
        Case { why: "a member leaves", change: |c| c.members.truncate(4), sense: Neither, waits: false },
    ]);
}

#[test]
fn changes_are_told_with_names_as_people_know_them() {
    let mut next = next();
    next.admit(&admit_join(&signed(&newcomer(), &[Otto])).unwrap()).unwrap();
    next.dismiss("Mill", None).unwrap();
    next.set_policy("cohort_min", "20").unwrap();
    let gone = *chain().current().studies.first().unwrap();
    next.end_study(&gone).unwrap();
    let dune = Otto.key();
    let mill = Mill.key();
    assert_eq!(
        says(&next),
        [
            format!(
                "members: Dune joins, run by Dune Clinic Ltd, as contributor, hub, with room for 4000 patients: {dune}"
            ),
            format!("members: Mill leaves, run by Mill Clinic Ltd, contributor: {mill}"),
            format!("studies: the study {} ends", gone.hex()),
            "policy: cohort_min is 20, and was 10".to_owned(),
        ]
    );
    let read = NextCharter::of_draft(&next.draft().unwrap(), &chain()).unwrap();
    assert_eq!(says(&read), says(&next), "a draft tells the same when it is read again");
}
