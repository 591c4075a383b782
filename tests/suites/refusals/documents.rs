//! Charters, studies, queries and statements.

use sumac_federation::cast::{Cast, HARBOUR, MILL, RIDGE, signer};
use sumac_federation::patient::Said;
use sumac_federation::rules::{self, START};
use sumac_federation::trial;
use sumac_federation::{Federation, federation};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{Action, Revoke};
use sumac_protocol::document::query::Query;
use sumac_protocol::envelope::{DocumentError, Envelope};
use sumac_protocol::moment::{Millis, Moment};

use crate::{QUESTION, RHO, SEED, refusal, taped};

#[test]
fn a_charter_needs_the_threshold_of_different_stewards() {
    let clinics: Vec<_> = taped().nodes.iter().map(|node| (node.name.clone(), node.key())).collect();
    let cast = Cast::of(SEED);
    let charter = rules::genesis(&clinics, &cast.stewards, rules::policy(), false);
    assert!(CharterChain::genesis(&rules::signed(&charter, &cast.stewards)).is_ok());
    let one = Envelope::sign(&charter, &cast.stewards[0]).unwrap();
    let mut twice: serde_json::Value = serde_json::from_str(&one.to_json()).unwrap();
    let again = twice["signatures"][0].clone();
    twice["signatures"].as_array_mut().unwrap().push(again);
    let stranger = {
        let mut envelope = one.clone();
        envelope.cosign(&cast.stranger);
        envelope
    };
    let cases = [
        ("one of two", one),
        ("one key twice", Envelope::from_json(twice.to_string().as_bytes()).unwrap()),
        ("a steward and a stranger", stranger),
    ];
    for (why, envelope) in cases {
        let refused = CharterChain::genesis(&envelope).unwrap_err();
        let too_few =
            DocumentError::TooFewSignatures { kind: sumac_protocol::document::Kind::Charter, have: 1, need: 2 };
        assert_eq!((refused.code(), refused.to_string()), (too_few.code(), too_few.to_string()), "{why}");
        assert!(refused.remedy().contains("1 more signature"), "{why}: {}", refused.remedy());
    }
}

struct Case {
    why: &'static str,
    change: fn(&Federation, Query) -> Query,
    code: &'static str,
}

const CASES: [Case; 9] = [
    Case { why: "expired", change: |fed, query| Query { expires: fed.now, ..query }, code: "query-expired" },
    Case {
        why: "would live too long",
        change: |_, query| Query { expires: query.expires + Millis(1), ..query },
        code: "query-lives-too-long",
    },
    Case { why: "free", change: |_, query| Query { rho: RhoMicro(0), ..query }, code: "query-free" },
    Case { why: "too dear", change: |_, query| Query { rho: RhoMicro(2_000_001), ..query }, code: "query-too-dear" },
    Case {
        why: "asked under the charter before",
        change: |fed, query| Query { charter: fed.chain.genesis_digest(), ..query },
        code: "query-other-charter",
    },
    Case {
        why: "at a node that is no hub",
        change: |fed, query| Query { coordinator: fed.nodes[MILL].key(), ..query },
        code: "query-no-hub",
    },
    Case {
        why: "at another hub",
        change: |fed, query| Query { coordinator: fed.nodes[RIDGE].key(), ..query },
        code: "out-of-place",
    },
    Case { why: "another plan", change: |_, query| Query { plan: Digest([7; 32]), ..query }, code: "plan-differs" },
    Case {
        why: "another question under this plan",
        change: |_, query| Query { text: "SELECT count(*) FROM courses".into(), ..query },
        code: "plan-differs",
    },
];

/// Nothing left any node and nobody was charged.
fn assert_untouched(federation: &Federation, why: &str) {
    assert!(federation.tape().is_empty(), "{why}");
    assert!(federation.nodes.iter().all(|node| node.books.charges().is_empty()), "{why}");
}

#[test]
fn a_query_that_study_or_charter_do_not_allow_is_refused_before_anybody_hears_of_it() {
    for Case { why, change, code } in CASES {
        let (mut federation, shape) = (taped(), taped());
        let question = federation.compose_with(QUESTION, RHO, |query| change(&shape, query), None, HARBOUR);
        assert_eq!(refusal(federation.submit(&question)).code, code, "{why}");
        assert_untouched(&federation, why);
    }
}

#[test]
fn a_query_signed_by_a_key_outside_the_study_is_refused() {
    let mut federation = taped();
    for name in ["Sol", "Anu", "Harbour"] {
        let outsider = signer(SEED, name);
        let question = federation.compose_with(QUESTION, RHO, |query| query, Some(&outsider), HARBOUR);
        let refused = refusal(federation.submit(&question));
        assert_eq!(refused.code, "query-not-a-researcher", "{name}");
        assert!(refused.says.contains(rules::STUDY), "{}", refused.says);
    }
    assert_untouched(&federation, "outsiders");
}

#[test]
fn a_study_past_its_end_takes_no_query() {
    let mut federation = federation().study(|study| study.valid_until = Moment(START.0 + 1_000)).build();
    federation.wire.tape = Some(Vec::new());
    federation.advance(Millis(1_000));
    let question = federation.compose(QUESTION, RHO);
    assert_eq!(refusal(federation.submit(&question)).code, "query-study-over");
    assert_untouched(&federation, "over");
}

#[test]
fn a_question_that_reads_more_than_its_study_may_is_refused() {
    let mut federation = taped();
    let question = federation.compose("SELECT count(*) FROM courses WHERE sex = 'F'", RHO);
    let refused = refusal(federation.submit(&question));
    assert_eq!(refused.code, "category-outside-study");
    assert!(refused.says.contains("demographics"), "{}", refused.says);
    assert_untouched(&federation, "demographics");
}

#[test]
fn a_spent_study_refuses_in_public_and_says_what_is_left() {
    let mut federation = federation().study(|study| study.rho_total = RhoMicro(4_500_000)).build();
    federation.advance(Millis(100));
    for _ in 0..4 {
        federation.ask(QUESTION, RHO).released();
    }
    federation.wire.tape = Some(Vec::new());
    let refused = federation.ask(QUESTION, RHO).refused();
    assert_eq!(refused.code, "budget-spent");
    let says = "the query costs ρ 1 and the study has ρ 0 left of the ρ 4 it may spend in any 365 days";
    assert!(refused.says.contains(says), "{}", refused.says);
    assert!(federation.tape().is_empty());
}

#[test]
fn a_hub_that_does_not_know_what_was_spent_elsewhere_hears_it_from_the_clinics() {
    let mut federation = federation().study(|study| study.rho_year = RhoMicro(1_500_000)).build();
    federation.ask(QUESTION, RHO).released();
    federation.hub = RIDGE;
    let refused = federation.ask(QUESTION, RHO).refused();
    assert_eq!(refused.code, "too-few-clinics");
    assert!(refused.says.contains("the study has ρ 0.5 left"), "{}", refused.says);
}

#[test]
fn a_statement_that_was_tampered_with_grants_nothing() {
    let questions = ["SELECT count(*) AS courses FROM courses GROUP BY arm"];
    let mut federation = federation()
        .exact(&questions)
        .test_data()
        .policy(|policy| (policy.cohort_min, policy.exact_local_min) = (1, 1))
        .refusing(0.3)
        .build();
    let silent: Vec<usize> =
        (0..federation.patients.len()).filter(|at| federation.patients[*at].said == Said::Nothing).collect();
    let (mine, other) = (silent[0], silent[1]);
    let good = federation.statement(mine, rules::grant());
    let mut altered: serde_json::Value = serde_json::from_str(&good.to_json()).unwrap();
    let withdrawal = federation.statement(mine, Action::Revoke(Revoke { purposes: None }));
    let withdrawal: serde_json::Value = serde_json::from_str(&withdrawal.to_json()).unwrap();
    let mut moved = altered.clone();
    moved["signatures"] = withdrawal["signatures"].clone();
    altered["signatures"][0]["sig"] = serde_json::json!("AAAA");
    let row = federation.patients[mine].row;
    let books = &mut federation.nodes[federation.patients[mine].clinic].books;
    for (why, text) in [("another signature", &altered), ("the signature of another statement", &moved)] {
        let envelope = Envelope::from_json(text.to_string().as_bytes()).unwrap();
        let refused = books.take_statement(row, &envelope).unwrap_err();
        assert_eq!(refused.code(), "not-signed-by", "{why}");
        assert!(!refused.remedy().is_empty());
    }
    let of_another = federation.statement(other, rules::grant());
    let (clinic, row) = (federation.patients[mine].clinic, federation.patients[mine].row);
    assert!(federation.nodes[clinic].books.take_statement(row, &of_another).is_err());
    let answer = federation.ask(questions[0], RhoMicro(0)).released().answer;
    let pooled = trial::pooled(federation.consenting(&[0, 1, 2, 3, 4]));
    for group in &answer.groups {
        let text = serde_json::to_value(&group.estimates[0]).unwrap();
        assert_eq!(text["value"], pooled[&group.key.to_string()].courses);
    }
}
