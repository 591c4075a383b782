//! An exact study over five clinics answers what the pooled trial says, bit for bit.
#![expect(clippy::unwrap_used, reason = "a suite of tests")]

use std::collections::BTreeMap;

use sumac_federation::patient::Said;
use sumac_federation::trial::{self, Participant, Pooled, Said as SaidOf, said_of};
use sumac_federation::{Federation, federation, rules};
use sumac_protocol::answer::{Answer, Found};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::release_file::ReleaseFile;

const BY_ARM: &str = "SELECT count(*) AS courses,
 mean(change(hamd17, day => 42, from => 32, to => 72)) AS change,
 rate(response(hamd17, day => 42, from => 32, to => 72)) AS response
FROM courses GROUP BY arm";
const BY_ARM_AND_SEX: &str = "SELECT mean(change(hamd17, day => 42, from => 32, to => 72)) AS change
FROM courses GROUP BY arm, sex";
const EVERYBODY: [usize; 5] = [0, 1, 2, 3, 4];

fn assert_equals(answer: &Answer, arm: &str, pooled: &Pooled) {
    let SaidOf { courses, change: mean, response: rate } = said_of(answer).remove(arm).unwrap();
    assert_eq!(courses.value, pooled.courses, "{arm}");
    let sums = (mean.n, mean.sum, mean.sum_sq);
    assert_eq!(sums, (pooled.n, Some(pooled.sum), Some(pooled.sum_sq)), "{arm}");
    assert_eq!((rate.n, rate.events), (pooled.n, pooled.events), "{arm}");
    assert!(pooled.n == 0 || (mean.value.unwrap() - pooled.mean()).abs() < 1e-9, "{arm}");
    assert!(pooled.n == 0 || (rate.value.unwrap() - pooled.rate()).abs() < 1e-9, "{arm}");
}

fn answered(federation: &mut Federation, text: &str) -> ReleaseFile {
    let file = federation.ask(text, RhoMicro(0)).released();
    let text = serde_json::to_string_pretty(&file).unwrap();
    assert_eq!(ReleaseFile::verify(&text, &federation.chain).unwrap(), file);
    file
}

/// A whole number that is written as a float.
fn whole(number: &serde_json::Value) -> i64 {
    number.to_string().trim_end_matches(".0").parse().unwrap()
}

#[test]
fn with_everybodys_consent_the_answer_is_that_of_the_published_trial() {
    let mut federation = federation()
        .seed(7)
        .exact(&[BY_ARM])
        .test_data()
        .policy(|policy| (policy.cohort_min, policy.exact_local_min) = (1, 1))
        .build();
    let answer = answered(&mut federation, BY_ARM).answer;
    assert_eq!((answer.operators.asked, answer.operators.counted), (5, 5));
    let (courses, change) = (trial::expected("courses_by_arm"), trial::expected("change_by_arm"));
    let response = &trial::expected("response_by_arm")["by_arm"];
    for arm in ["drug", "placebo"] {
        let published = Pooled {
            courses: courses[arm].as_u64().unwrap(),
            n: change[arm]["n"].as_u64().unwrap(),
            sum: whole(&change[arm]["sum"]),
            sum_sq: whole(&change[arm]["sum_sq"]),
            events: response[arm]["events"].as_u64().unwrap(),
        };
        assert_equals(&answer, arm, &published);
        assert_eq!(trial::pooled(federation.consenting(&EVERYBODY))[arm], published, "{arm}");
    }
    let said = said_of(&answer).into_iter().map(|(arm, said)| (arm, said.change.n, said.response.events));
    let said: Vec<_> = said.collect();
    assert_eq!(said, [("drug".to_owned(), 65, 29), ("placebo".to_owned(), 66, 19)]);
}

#[test]
fn the_answer_rests_on_the_records_of_those_who_consented_and_on_no_others() {
    for seed in [1, 2, 3] {
        let mut federation = federation()
            .seed(seed)
            .exact(&[BY_ARM])
            .test_data()
            .policy(|policy| (policy.cohort_min, policy.exact_local_min) = (1, 1))
            .refusing(0.2)
            .withdrawn(0.1)
            .build();
        let answer = answered(&mut federation, BY_ARM).answer;
        let pooled = trial::pooled(federation.consenting(&EVERYBODY));
        assert!(pooled.values().map(|arm| arm.courses).sum::<u64>() < 150, "some did not consent");
        for (arm, pooled) in &pooled {
            assert_equals(&answer, arm, pooled);
        }
    }
}

/// What the rules for small groups leave: each clinic's groups of fewer than five people, or with fewer than five values,
/// are zeroes.
fn under_the_rules(federation: &Federation) -> (BTreeMap<String, Pooled>, u32) {
    let (mut sums, mut zeroed): (BTreeMap<String, Pooled>, u32) = (BTreeMap::new(), 0);
    for clinic in EVERYBODY {
        let group = |participant: &Participant| format!("{}|{}", participant.arm, participant.sex);
        for (group, pooled) in trial::pooled_by(federation.consenting(&[clinic]), group) {
            let sum = sums.entry(group).or_default();
            if pooled.courses < 5 || pooled.n < 5 { zeroed += 1 } else { *sum = sum.plus(pooled) }
        }
    }
    (sums, zeroed)
}

/// Whether the sums of a group could be those of fewer than ten people who stand out from either end of the range, which is
/// −52 to 52: (Σv)² / Σv² of them, at the least (Cauchy and Schwarz).
fn rests_on_few(pooled: &Pooled) -> bool {
    let n = i64::try_from(pooled.n).unwrap();
    [1, -1].into_iter().any(|side| {
        let sum = 52 * n + side * pooled.sum;
        sum > 0 && sum * sum < 10 * (pooled.sum_sq + side * 104 * pooled.sum + 52 * 52 * n)
    })
}

#[test]
fn small_groups_are_zeroes_at_each_clinic_and_held_back_in_the_sum_with_those_that_would_tell_them() {
    let (mut held_back, mut shown, mut zeroed_in_all) = (0, 0, 0);
    for (seed, refusing) in (1..=8).zip([0.0, 0.45].into_iter().cycle()) {
        let mut federation = federation()
            .seed(seed)
            .exact(&[BY_ARM_AND_SEX])
            .study(|study| study.categories.push(ConsentCategory::Demographics))
            .refusing(refusing)
            .build();
        let answer = answered(&mut federation, BY_ARM_AND_SEX).answer;
        let (sums, zeroed) = under_the_rules(&federation);
        zeroed_in_all += zeroed;
        let keys: Vec<String> = answer.groups.iter().map(|group| group.key.to_string()).collect();
        assert_eq!(keys, ["drug|F", "drug|M", "placebo|F", "placebo|M"]);
        let pooled = |key: &str| sums.get(key).copied().unwrap_or_default();
        // In a table of two by two, totals by arm and by sex tell every group from any other.
        let small = keys.iter().any(|key| (1..10).contains(&pooled(key).n) || rests_on_few(&pooled(key)));
        for (group, key) in answer.groups.iter().zip(&keys) {
            assert_eq!(group.suppressed, small, "seed {seed}, {key}: {sums:?}");
            if small {
                assert!(group.estimates.is_empty(), "seed {seed}");
                held_back += 1;
            } else {
                let Found::Mean(mean) = &group.estimates[0].found else { panic!("no mean: {key}") };
                let want = pooled(key);
                assert_eq!((mean.n, mean.sum, mean.sum_sq), (want.n, Some(want.sum), Some(want.sum_sq)), "{key}");
                shown += 1;
            }
        }
    }
    assert!(held_back > 0 && shown > 0 && zeroed_in_all > 0, "{held_back} held back, {shown} shown, {zeroed_in_all}");
}

#[test]
fn asked_again_an_exact_question_counts_only_those_whom_it_has_not_counted() {
    const COURSES: &str = "SELECT count(*) AS courses FROM courses";
    let mut federation = federation()
        .seed(11)
        .exact(&[COURSES])
        .study(|study| study.plans.iter_mut().for_each(|planned| planned.times = 3))
        .refusing(0.4)
        .build();
    let counted = |federation: &mut Federation| {
        let answer = answered(federation, COURSES).answer;
        let group = &answer.groups[0];
        group.estimates.first().map(|estimate| {
            let Found::Count(count) = &estimate.found else { panic!("no count: {estimate:?}") };
            count.value
        })
    };
    let consenting: Vec<usize> = EVERYBODY.map(|clinic| federation.consenting(&[clinic]).count()).to_vec();
    let first = counted(&mut federation).unwrap();
    assert_eq!(usize::try_from(first).unwrap(), consenting.iter().sum::<usize>());
    assert_eq!(counted(&mut federation), Some(0), "nobody is new, whoever asks");
    let late: Vec<usize> =
        (0..federation.patients.len()).filter(|at| federation.patients[*at].said != Said::Yes).collect();
    for patient in &late {
        federation.say(*patient, rules::grant()).unwrap();
    }
    let of_clinic = |clinic: usize| late.iter().filter(|at| federation.patients[**at].clinic == clinic).count();
    let new: usize = EVERYBODY.map(of_clinic).into_iter().filter(|new| *new >= 5).sum();
    assert_eq!(counted(&mut federation).map(|new| usize::try_from(new).unwrap()), Some(new), "those who came since");
    assert_eq!(federation.ask(COURSES, RhoMicro(0)).refused().code, "plan-used-up");
}
