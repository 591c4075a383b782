//! Which queries are admitted, and every way in which one is not.

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::query::{Query, admit_query};
use sumac_protocol::document::study::Study;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::SEMANTICS_VERSION;

use crate::cast::{
    Anna, Ben, Ines, Mill, NOW, Otto, Person, admitted, chain, exact_query, exact_study, genesis, query, second,
    signed, study,
};

fn refused(
    query: &Query,
    signers: &[Person],
    study: &Study,
    chain: &CharterChain,
    now: Moment,
) -> Option<&'static str> {
    let refused = admit_query(&signed(query, signers), &admitted(study), chain, now).err()?;
    assert!(!refused.remedy().is_empty() && !refused.to_string().is_empty());
    Some(refused.code())
}

#[test]
fn a_query_that_study_or_charter_do_not_allow_is_refused() {
    type Case = (&'static str, fn(&mut Query), &'static str);
    let cases: [Case; 18] = [
        ("another study", |q| q.study = Digest::of_bytes(b""), "query-other-study"),
        ("a charter of the past", |q| q.charter = chain().genesis_digest(), "query-other-charter"),
        ("run by nobody known", |q| q.coordinator = Otto.key(), "query-unknown-coordinator"),
        ("run by a clinic", |q| q.coordinator = Mill.key(), "query-no-hub"),
        ("expired a moment ago", |q| q.expires = NOW, "query-expired"),
        ("lives too long", |q| q.expires = NOW + Millis(7 * Millis::DAY.0 + 1), "query-lives-too-long"),
        ("lives for ever", |q| q.expires = Moment(1 << 53), "query-lives-too-long"),
        ("for nothing", |q| q.rho = RhoMicro(0), "query-free"),
        ("a millionth too dear", |q| q.rho = RhoMicro(500_001), "query-too-dear"),
        ("no text", |q| q.text.clear(), "query-text"),
        ("hidden text", |q| q.text.push('\u{200b}'), "query-text"),
        ("a text of 9 KiB", |q| q.text = "x".repeat(9 << 10), "query-text"),
        ("a short nonce", |q| q.nonce = Octets(vec![1; 15]), "query-length"),
        ("a long nonce", |q| q.nonce = Octets(vec![1; 17]), "query-length"),
        ("half a key", |q| q.answer_key = Octets(vec![9; 16]), "query-length"),
        ("a forgotten key", |q| q.answer_key = Octets(vec![0; 32]), "query-answer-key"),
        ("older words", |q| q.semantics = SEMANTICS_VERSION - 1, "query-semantics"),
        ("newer words", |q| q.semantics = SEMANTICS_VERSION + 1, "query-semantics"),
    ];
    for (why, break_it, code) in cases {
        let mut query = query();
        break_it(&mut query);
        assert_eq!(refused(&query, &[Ines], &study(), &chain(), NOW), Some(code), "{why}");
    }
}

#[test]
fn only_a_researcher_of_the_study_may_ask_and_only_while_it_runs() {
    let (study, chain) = (study(), chain());
    let day_before = Moment(study.valid_from.0 - 1);
    let cases: [(&str, &[Person], Moment, Option<&str>); 6] = [
        ("Ines, now", &[Ines], NOW, None),
        ("Ines with another's name beside hers", &[Otto, Ines], NOW, None),
        ("nobody", &[], NOW, Some("query-not-a-researcher")),
        ("a steward is no researcher", &[Anna], NOW, Some("query-not-a-researcher")),
        ("too early", &[Ines], day_before, Some("query-study-not-begun")),
        ("too late", &[Ines], study.valid_until, Some("query-study-over")),
    ];
    for (why, signers, now, code) in cases {
        assert_eq!(refused(&query(), signers, &study, &chain, now), code, "{why}");
    }
}

#[test]
fn the_dearest_and_the_longest_query_that_the_charter_allows_is_admitted() {
    let most = Query { rho: RhoMicro(500_000), expires: NOW + Millis(7 * Millis::DAY.0), ..query() };
    assert_eq!(refused(&most, &[Ines], &study(), &chain(), NOW), None);
}

#[test]
fn an_exact_query_is_free_planned_and_only_where_the_charter_allows_it() {
    assert_eq!(refused(&exact_query(), &[Ines], &exact_study(), &chain(), NOW), None);
    let costs = Query { rho: RhoMicro(1), ..exact_query() };
    assert_eq!(refused(&costs, &[Ines], &exact_study(), &chain(), NOW), Some("query-exact-costs"));
    let ad_hoc = Query { text: "SELECT count(*)  FROM courses".into(), ..exact_query() };
    assert_eq!(refused(&ad_hoc, &[Ines], &exact_study(), &chain(), NOW), Some("query-not-planned"));
    let mut second = second();
    second.policy.allow_exact = false;
    let chain =
        CharterChain::from_envelopes(&[signed(&genesis(), &[Anna, Ben]), signed(&second, &[Anna, Ben])]).unwrap();
    let asked = Query { charter: chain.current().digest(), ..exact_query() };
    assert_eq!(refused(&asked, &[Ines], &exact_study(), &chain, NOW), Some("query-exact-not-allowed"));
}

#[test]
fn a_study_that_left_the_charter_is_asked_no_more() {
    let mut chain = chain();
    let emptied = Charter { epoch: 2, previous: Some(chain.current().digest()), studies: vec![], ..second() };
    chain.extend(&signed(&emptied, &[Anna, Ben])).unwrap();
    let asked = Query { charter: chain.current().digest(), ..query() };
    assert_eq!(refused(&asked, &[Ines], &study(), &chain, NOW), Some("query-study-not-in-force"));
}

#[test]
fn the_id_of_a_query_is_the_digest_of_its_envelope_and_a_nonce_makes_another() {
    let envelope = signed(&query(), &[Ines]);
    let admitted = admit_query(&envelope, &admitted(&study()), &chain(), NOW).unwrap();
    assert_eq!(admitted.digest(), envelope.digest());
    let again = Query { nonce: Octets(vec![7; 16]), ..query() };
    assert_ne!(signed(&again, &[Ines]).digest(), envelope.digest());
}

/// A chain whose charter in force lists this study alone.
fn listing(study: &Study) -> CharterChain {
    let second = Charter { studies: vec![signed(study, &[]).digest()], ..second() };
    CharterChain::from_envelopes(&[signed(&genesis(), &[Anna, Ben]), signed(&second, &[Anna, Ben])]).unwrap()
}

fn asked_in(study: &Study) -> Option<&'static str> {
    let chain = listing(study);
    let study = signed(study, &[Anna]).claim::<Study>().unwrap().verify(&Anna.key()).unwrap();
    let query = Query { study: study.digest(), charter: chain.current().digest(), ..query() };
    admit_query(&signed(&query, &[Ines]), &study, &chain, NOW).err().map(|why| why.code())
}

#[test]
fn a_query_may_not_cost_more_than_its_study_in_a_year() {
    assert_eq!(asked_in(&Study { rho_year: RhoMicro(100_000), ..study() }), None);
    assert_eq!(asked_in(&Study { rho_year: RhoMicro(99_999), ..study() }), Some("query-too-dear"));
}

#[test]
fn a_study_of_another_federation_is_not_in_force_even_where_a_charter_lists_it() {
    let elsewhere = Study { genesis: Digest::of_bytes(b"elsewhere"), ..study() };
    assert_eq!(asked_in(&elsewhere), Some("query-study-not-in-force"));
}
