use std::collections::BTreeMap;
use std::path::Path;

use sumac_protocol::answer::Found;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::{Charter, Label, Member, Policy, Role};
use sumac_protocol::principal::Signer;
use sumac_protocol::record::{Assessment, Course, FieldValue, Record};
use zeroize::Zeroizing;

use super::{Ended, Rehearsal, RehearsalError};

/// A charter of so many clinics, the first three a committee.
pub(crate) fn rules(clinics: u8) -> Charter {
    let keys: Vec<_> = (1..=clinics).map(|n| Signer::from_seed(&Zeroizing::new([n; 32])).principal()).collect();
    let member = |(at, key): (usize, &sumac_protocol::principal::Principal)| Member {
        key: *key,
        name: format!("Clinic {at}"),
        operator: format!("Operator {at}"),
        roles: if at == 0 {
            vec![Role::Contributor, Role::Aggregator, Role::Hub]
        } else {
            vec![Role::Contributor, Role::Aggregator]
        },
        addresses: if at == 0 { vec!["/ip4/127.0.0.1/tcp/4800".into()] } else { Vec::new() },
        patients_max: 64,
        staff: Vec::new(),
    };
    Charter {
        name: "Test".into(),
        epoch: 3,
        previous: None,
        stewards: vec![keys[0]],
        threshold: 1,
        members: keys.iter().enumerate().map(member).collect(),
        committees: vec![keys[..3].to_vec()],
        studies: Vec::new(),
        label: Some(Label::TestData),
        policy: Policy {
            clinics_min: 3,
            cohort_min: 1,
            exact_local_min: 1,
            rho_per_query_max: RhoMicro(40_000_000),
            delta_per_1e12: 1_000_000,
            rho_per_patient_year: RhoMicro(80_000_000),
            allow_exact: false,
            allow_witnessed: false,
            queries_per_study_day: 100,
            upload_jitter_ms: 300_000,
            window_ms: 600_000,
            step_timeout_ms: 30_000,
            query_lifetime_max_ms: 86_400_000,
        },
        dictionary: include_str!("../../../protocol/dictionaries/duloxetine.toml").into(),
    }
}

pub(crate) fn drug() -> Record {
    let fields = BTreeMap::from([("arm".to_owned(), FieldValue::Category("drug".into()))]);
    let assessments = vec![Assessment::total("HAMD17", 0, 20)];
    Record { courses: vec![Course { id: "1".into(), fields, assessments, ..Course::default() }] }
}

fn asked(rehearsal: &mut Rehearsal) -> Result<Ended, RehearsalError> {
    rehearsal.ask("SELECT count(*) AS courses FROM courses WHERE arm = 'drug'", RhoMicro(40_000_000))
}

fn count(ended: &Ended) -> Option<u64> {
    let Ended::Released(file) = ended else { return None };
    let found = &file.answer.groups.first()?.estimates.first()?.found;
    if let Found::Count(count) = found { Some(count.value) } else { None }
}

#[test]
fn a_question_is_answered_charged_and_refused_as_the_charter_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut rehearsal = Rehearsal::under(&rules(4), dir.path()).unwrap();
    let cap = rehearsal.charter().policy.rho_per_patient_year;
    for clinic in rehearsal.clinics() {
        rehearsal.admit(clinic, vec![drug(); 12], cap).unwrap();
    }
    let first = asked(&mut rehearsal).unwrap();
    assert!(count(&first).is_some_and(|n| n.abs_diff(48) < 8), "{first:?}");
    let charges = rehearsal.clinic(3).unwrap().charges().unwrap();
    assert_eq!(charges.iter().map(|charge| charge.rows.len()).collect::<Vec<_>>(), [12]);
    asked(&mut rehearsal).unwrap();
    let third = asked(&mut rehearsal).unwrap();
    assert!(count(&third).is_none_or(|n| n < 8), "two queries used a year's budget up: {third:?}");
}

#[test]
fn only_clinics_that_the_rules_need_take_part_beyond_nine() {
    let dir = tempfile::tempdir().unwrap();
    let rehearsal = Rehearsal::under(&rules(14), dir.path()).unwrap();
    assert_eq!((rehearsal.nodes(), rehearsal.clinics().len()), (9, 9));
    assert_eq!(rehearsal.charter().committees.first().map(Vec::len), Some(3));
    let theirs = rules(14);
    assert!(theirs.members.iter().all(|member| rehearsal.place_of(&member.key).is_none()), "no key of the operator's");
}

#[test]
fn rules_that_do_not_hold_and_a_folder_that_is_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut unsound = rules(4);
    unsound.policy.clinics_min = 9;
    let refused = Rehearsal::under(&unsound, dir.path()).unwrap_err();
    assert!(matches!(refused, RehearsalError::Chain(_)), "{refused}");
    let nowhere = Rehearsal::under(&rules(4), Path::new("/dev/null/x")).unwrap_err();
    assert_eq!(nowhere.code(), "file");
    assert!(!nowhere.remedy().is_empty());
}
