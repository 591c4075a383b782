//! An exact study over five clinics answers what the pooled trial says, bit for bit.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

use sumac_protocol::answer::{Answer, Found, Mean, Rate};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::release_file::ReleaseFile;
use sumac_tests::federation::{Federation, federation};
use sumac_tests::trial::{self, Pooled};

const BY_ARM: &str = "SELECT count(*) AS courses,
 mean(change(hamd17, day => 42, from => 32, to => 72)) AS change,
 rate(response(hamd17, day => 42, from => 32, to => 72)) AS response
FROM courses GROUP BY arm";
const EVERYBODY: [usize; 5] = [0, 1, 2, 3, 4];

/// What an answer says about each arm.
fn arms(answer: &Answer) -> Vec<(String, u64, Mean, Rate)> {
    let arm = |group: &sumac_protocol::answer::Group| {
        let [Found::Count(count), Found::Mean(mean), Found::Rate(rate)] =
            [0, 1, 2].map(|at| group.estimates[at].found.clone())
        else {
            panic!("other estimates than were asked for")
        };
        (group.key.to_string(), count.value, mean, rate)
    };
    answer.groups.iter().map(arm).collect()
}

fn assert_equals(answer: &Answer, arm: &str, pooled: &Pooled) {
    let (_, courses, mean, rate) = arms(answer).into_iter().find(|(key, ..)| key == arm).unwrap();
    assert_eq!(courses, pooled.courses, "{arm}");
    let sums = (mean.n, mean.sum, mean.sum_sq);
    assert_eq!(sums, (pooled.n, Some(pooled.sum), Some(pooled.sum_sq)), "{arm}");
    assert_eq!((rate.n, rate.events), (pooled.n, pooled.events), "{arm}");
    assert!((mean.value.unwrap() - pooled.mean()).abs() < 1e-9, "{arm}");
    assert!((rate.value.unwrap() - pooled.rate()).abs() < 1e-9, "{arm}");
}

fn answered(federation: &mut Federation) -> ReleaseFile {
    let file = federation.ask(BY_ARM, RhoMicro(0)).released();
    let text = serde_json::to_string_pretty(&file).unwrap();
    assert_eq!(ReleaseFile::verify(&text, &federation.chain).unwrap(), file);
    file
}

#[test]
fn with_everybodys_consent_the_answer_is_that_of_the_published_trial() {
    let mut federation = federation()
        .seed(7)
        .exact(&[BY_ARM])
        .test_data()
        .policy(|policy| (policy.cohort_min, policy.exact_local_min) = (1, 1))
        .build();
    let answer = answered(&mut federation).answer;
    assert_eq!((answer.operators.asked, answer.operators.counted), (5, 5));
    let (courses, change) = (trial::expected("courses_by_arm"), trial::expected("change_by_arm"));
    let response = &trial::expected("response_by_arm")["by_arm"];
    for arm in ["drug", "placebo"] {
        let published = Pooled {
            courses: courses[arm].as_u64().unwrap(),
            n: change[arm]["n"].as_u64().unwrap(),
            sum: change[arm]["sum"].as_f64().unwrap() as i64,
            sum_sq: change[arm]["sum_sq"].as_f64().unwrap() as i64,
            events: response[arm]["events"].as_u64().unwrap(),
        };
        assert_equals(&answer, arm, &published);
        assert_eq!(trial::pooled(federation.consenting(&EVERYBODY))[arm], published, "{arm}");
    }
    let said: Vec<_> = arms(&answer).into_iter().map(|(key, _, mean, rate)| (key, mean.n, rate.events)).collect();
    assert_eq!(said, [("drug".to_owned(), 65, 29), ("placebo".to_owned(), 66, 19)]);
}
