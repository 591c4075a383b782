//! Every rule of a charter, broken one by one.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label as HashLabel};
use sumac_protocol::document::charter::{Charter, CharterError, Label, Role};
use sumac_protocol::limits::DICTIONARY_BYTES_MAX;

use crate::cast::{Anna, Dora, Harbour, Linden, Mill, Quay, Ridge, Stella, genesis, second};

type Case = (&'static str, fn(&mut Charter), &'static str);

fn each_is_refused(cases: &[Case]) {
    for (why, break_it, code) in cases {
        let mut charter = genesis();
        break_it(&mut charter);
        let got = charter.check().expect_err(why);
        assert_eq!(got.code(), *code, "{why}: {got}");
        assert!(!got.remedy().is_empty() && !got.to_string().is_empty(), "{why}");
    }
}

#[test]
fn a_charter_that_misnames_or_misplaces_somebody_is_refused() {
    each_is_refused(&[
        ("no name", |c| c.name.clear(), "charter-text"),
        ("a name that turns round", |c| c.name = "Co\u{202e}ast".into(), "charter-text"),
        ("genesis with a predecessor", |c| c.previous = Some(Digest::of(HashLabel::Plan, &[])), "charter-previous"),
        ("epoch 1 without one", |c| c.epoch = 1, "charter-previous"),
        ("nobody need sign", |c| c.threshold = 0, "charter-threshold"),
        ("more than all must sign", |c| c.threshold = 4, "charter-threshold"),
        ("no steward", |c| c.stewards.clear(), "charter-threshold"),
        ("a steward twice", |c| c.stewards.push(Anna.key()), "charter-repeated"),
        ("no member", |c| c.members.clear(), "charter-count"),
        ("a key twice", |c| c.members[4].key = Mill.key(), "charter-repeated"),
        ("a name twice", |c| c.members[4].name = "Mill".into(), "charter-repeated"),
        ("no operator", |c| c.members[4].operator.clear(), "charter-text"),
        ("no role", |c| c.members[4].roles.clear(), "charter-count"),
        ("a role twice", |c| c.members[4].roles.push(Role::Contributor), "charter-repeated"),
        ("a staff key twice", |c| c.members[0].staff.push(Stella.key()), "charter-repeated"),
        ("a node as staff", |c| c.members[0].staff.push(Ridge.key()), "charter-repeated"),
        ("an address of two lines", |c| c.members[0].addresses.push("a\nb".into()), "charter-text"),
        ("a clinic without patients", |c| c.members[3].patients_max = 0, "charter-patients-max"),
        ("a clinic with too many", |c| c.members[3].patients_max = 10_000_001, "charter-patients-max"),
        ("no hub", |c| c.members.iter_mut().for_each(|m| m.roles.retain(|r| *r != Role::Hub)), "charter-no-hub"),
        ("hubs nobody can dial", |c| c.members.iter_mut().for_each(|m| m.addresses.clear()), "charter-no-hub"),
        ("a study twice", |c| c.studies = vec![Digest::of_bytes(b""); 2], "charter-repeated"),
        ("a dictionary too long", |c| c.dictionary = "#".repeat(DICTIONARY_BYTES_MAX + 1), "charter-dictionary"),
    ]);
}

#[test]
fn a_committee_that_could_collude_or_see_everything_is_refused() {
    each_is_refused(&[
        ("no committee", |c| c.committees.clear(), "charter-committees"),
        ("four committees", |c| c.committees = vec![c.committees[0].clone(); 4], "charter-committees"),
        ("a committee of one", |c| c.committees[1].truncate(1), "charter-committee-size"),
        ("a committee of nine", |c| c.committees[0] = vec![Ridge.key(); 9], "charter-committee-size"),
        ("a member twice", |c| c.committees[1] = vec![Ridge.key(); 2], "charter-repeated"),
        ("a stranger", |c| c.committees[1][1] = Dora.key(), "charter-no-aggregator"),
        ("a member that sums nothing", |c| c.committees[1][1] = Mill.key(), "charter-no-aggregator"),
        ("two of one organisation", |c| c.members[2].operator = c.members[1].operator.clone(), "charter-one-operator"),
    ]);
}

#[test]
fn a_floor_that_protects_nobody_is_refused() {
    each_is_refused(&[
        ("one clinic", |c| c.policy.clinics_min = 1, "charter-clinics-min"),
        ("more than there are", |c| c.policy.clinics_min = 6, "charter-too-few-operators"),
        (
            "clinics count, not aggregators",
            |c| {
                c.policy.clinics_min = 5;
                c.members[2].roles = vec![Role::Aggregator];
            },
            "charter-too-few-operators",
        ),
        (
            "operators count, not clinics",
            |c| {
                c.policy.clinics_min = 5;
                c.members[4].operator = c.members[3].operator.clone();
            },
            "charter-too-few-operators",
        ),
        ("exact, with as many as sit in a committee", |c| c.policy.clinics_min = 3, "charter-exact-needs-more-clinics"),
        ("cohorts of nine", |c| c.policy.cohort_min = 9, "charter-below-floor"),
        ("four at one clinic", |c| c.policy.exact_local_min = 4, "charter-below-floor"),
        (
            "nobody at all, even in tests",
            |c| {
                c.label = Some(Label::TestData);
                c.policy.cohort_min = 0;
            },
            "charter-below-floor",
        ),
        ("free queries", |c| c.policy.rho_per_query_max = RhoMicro(0), "charter-out-of-range"),
        ("a query over the year's cap", |c| c.policy.rho_per_query_max = RhoMicro(1_000_001), "charter-out-of-range"),
        ("no cap to speak of", |c| c.policy.rho_per_patient_year = RhoMicro(1 << 40), "charter-out-of-range"),
        ("δ 0", |c| c.policy.delta_per_1e12 = 0, "charter-out-of-range"),
        ("δ 10^-4", |c| c.policy.delta_per_1e12 = 100_000_000, "charter-out-of-range"),
        ("no query a day", |c| c.policy.queries_per_study_day = 0, "charter-out-of-range"),
        ("jitter over the window", |c| c.policy.upload_jitter_ms = c.policy.window_ms, "charter-out-of-range"),
        ("no window", |c| c.policy.window_ms = 0, "charter-out-of-range"),
        ("a window past the query's life", |c| c.policy.query_lifetime_max_ms = 1_000, "charter-out-of-range"),
        ("queries that live for ever", |c| c.policy.query_lifetime_max_ms = 1 << 50, "charter-out-of-range"),
        ("no step timeout", |c| c.policy.step_timeout_ms = 0, "charter-out-of-range"),
    ]);
}

#[test]
fn only_a_charter_of_test_data_may_show_groups_of_one() {
    let mut charter = genesis();
    (charter.policy.cohort_min, charter.policy.exact_local_min) = (1, 1);
    assert_eq!(charter.check(), Err(CharterError::BelowFloor { what: "cohort_min", got: 1, floor: 10 }));
    charter.label = None;
    assert!(charter.check().is_err());
    charter.label = Some(Label::TestData);
    assert_eq!(charter.check(), Ok(()));
    assert!(charter.is_test_data() && !genesis().is_test_data());
}

#[test]
fn a_sound_charter_says_who_is_who() {
    let charter = second();
    assert_eq!(charter.check(), Ok(()));
    assert_eq!(charter.member(&Mill.key()).map(|member| member.name.as_str()), Some("Mill"));
    assert_eq!(charter.member(&Dora.key()), None);
    assert_eq!(charter.contributors().count(), 5);
    assert_eq!(charter.hubs().map(|hub| hub.key).collect::<Vec<_>>(), [Harbour.key(), Ridge.key()]);
    assert_eq!(charter.operator_of(&Quay.key()), Some("Quay Clinic Ltd"));
    assert_eq!(charter.staff_of(&Harbour.key()).len(), 2);
    assert!(charter.staff_of(&Dora.key()).is_empty());
    assert_eq!(charter.committee(2), Some([Ridge.key(), Linden.key()].as_slice()));
    for none in [0, 3, 255] {
        assert_eq!(charter.committee(none), None, "attempt {none}");
    }
}

#[test]
fn a_member_without_records_needs_no_room_for_patients() {
    let mut charter = genesis();
    charter.members[2].roles = vec![Role::Aggregator];
    charter.members[2].patients_max = 0;
    assert_eq!(charter.check(), Ok(()));
}
