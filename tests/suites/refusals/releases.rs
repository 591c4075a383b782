//! A release file that says something else than its signed shares.

use sumac_federation::Federation;
use sumac_federation::cast::{Cast, LINDEN};
use sumac_federation::researcher::Question;
use sumac_federation::rules;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::share::Share;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::release_file::{ReleaseError, ReleaseFile};
use sumac_protocol::round::progress::Step;
use sumac_protocol::sealed::OpeningKey;

use crate::{asked, taped};

fn released() -> (Federation, Question, ReleaseFile) {
    let mut federation = taped();
    let question = asked(&mut federation);
    let file = federation.wait(&question).released();
    (federation, question, file)
}

#[test]
fn a_release_holds_in_any_layout() {
    let (federation, _, file) = released();
    for text in [serde_json::to_string(&file), serde_json::to_string_pretty(&file)] {
        assert_eq!(ReleaseFile::verify(&text.unwrap(), &federation.chain).unwrap(), file);
    }
}

/// Where the answer stands in the text of a release.
fn answer_in(text: &str) -> std::ops::Range<usize> {
    text.find("\"answer\"").unwrap()..text.find("\"proof\"").unwrap()
}

#[test]
fn any_digit_of_the_answer_that_is_changed_is_found_and_named() {
    let (federation, _, file) = released();
    let text = serde_json::to_string_pretty(&file).unwrap();
    let mut named = std::collections::BTreeSet::new();
    for at in answer_in(&text).filter(|at| text.as_bytes()[*at].is_ascii_digit()) {
        let digit = text.as_bytes()[at];
        let other = if digit == b'9' { '8' } else { char::from(digit + 1) };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        let context = &text[at.saturating_sub(30)..at + 1];
        let refused = ReleaseFile::verify(&changed, &federation.chain);
        let Err(ReleaseError::Altered { field, written, recomputed }) = refused else {
            panic!("…{context}{refused:?}")
        };
        assert!(field.starts_with("answer.") && written != recomputed, "…{context}: {field}");
        named.insert(field);
    }
    for field in ["value", "n", "sd", "se_sampling", "sd_noise", "share_noise", "ci95[0]", "ci95[1]"] {
        let field = format!("answer.groups[0].estimates[1].{field}");
        assert!(named.contains(&field), "{field} is not among {named:?}");
    }
    assert!(named.contains("answer.comparisons[0].p"), "{named:?}");
}

#[test]
fn a_number_spelled_anew_holds_and_another_value_in_any_spelling_does_not() {
    let (federation, _, file) = released();
    let text = serde_json::to_string(&file).unwrap();
    let cases = [
        ("1.0e-6", true, "a zero behind the point"),
        ("0.000001", true, "written out"),
        ("1E-06", true, "as another program writes it"),
        ("0.0000010000000001", false, "a digit far behind the point"),
        ("1e-7", false, "another exponent"),
        ("-1e-6", false, "another sign"),
        ("\"1e-6\"", false, "a text"),
    ];
    for (spelled, holds, why) in cases {
        let changed = text.replacen("\"delta\":1e-6", &format!("\"delta\":{spelled}"), 1);
        assert_ne!(changed, text, "{why}");
        match ReleaseFile::verify(&changed, &federation.chain) {
            Ok(verified) => assert!(holds && verified == file, "{why}"),
            Err(refused) => assert!(!holds && refused.code() == "altered", "{why}: {refused}"),
        }
    }
}

#[test]
fn a_field_that_is_added_taken_away_or_doubled_is_found() {
    let (federation, _, file) = released();
    let text = serde_json::to_string(&file).unwrap();
    let cases = [
        ("another name", text.replacen("\"cohort_min\":10", "\"cohort_min\":10,\"note\":1", 1), "altered"),
        ("a name less", text.replacen("\"cohort_min\":10,", "", 1), "altered"),
        ("a name twice", text.replacen("\"cohort_min\":10", "\"cohort_min\":10,\"cohort_min\":10", 1), "no-release"),
        ("another version", text.replacen("\"sumac_release\":1", "\"sumac_release\":2", 1), "release-version"),
        (
            "a signer who never signed",
            text.replacen("\"signatures\":[", "\"signatures\":[{\"keyid\":\"anybody\",\"sig\":\"AAAA\"},", 1),
            "no-release",
        ),
        ("cut off", text[..text.len() - 1].to_owned(), "no-release"),
    ];
    for (why, changed, code) in cases {
        assert_ne!(changed, text, "{why}");
        let refused = ReleaseFile::verify(&changed, &federation.chain).unwrap_err();
        assert_eq!(refused.code(), code, "{why}: {refused}");
        assert!(!refused.remedy().is_empty());
    }
}

#[test]
fn a_release_holds_only_with_the_whole_committees_own_shares() {
    let (federation, _, file) = released();
    let linden = &federation.nodes[LINDEN].signer;
    let honest = file.proof.shares[2].claim::<Share>().unwrap().verify(&linden.principal()).unwrap();
    let resigned = |change: fn(&mut Share)| {
        let mut share = Share::clone(&honest);
        change(&mut share);
        Envelope::sign(&share, linden).unwrap()
    };
    let shares = &file.proof.shares;
    let with = |share: Envelope| vec![shares[0].clone(), shares[1].clone(), share];
    let cases = [
        ("one missing", shares[..2].to_vec(), "shares-missing"),
        ("one twice", with(shares[1].clone()), "bad-share"),
        ("in another order", vec![shares[1].clone(), shares[0].clone(), shares[2].clone()], "bad-share"),
        ("other cells", with(resigned(|share| share.cells.0[0] ^= 1)), "altered"),
        ("cells of another length", with(resigned(|share| share.cells.0.truncate(8))), "cells-differ"),
        ("more operators", with(resigned(|share| share.operators_counted += 1)), "shares-disagree"),
        ("another group held back", with(resigned(|share| share.suppressed[0] = true)), "shares-disagree"),
        ("another opening", with(resigned(|share| share.opening.0[0] ^= 1)), "shares-disagree"),
        ("another attempt", with(resigned(|share| share.attempt = 2)), "shares-disagree"),
    ];
    for (why, shares, code) in cases {
        let mut file = file.clone();
        file.proof.shares = shares;
        let text = serde_json::to_string(&file).unwrap();
        assert_eq!(ReleaseFile::verify(&text, &federation.chain).unwrap_err().code(), code, "{why}");
    }
}

#[test]
fn a_share_opens_with_its_own_querys_key_and_in_its_own_place_only() {
    let (mut federation, question, file) = released();
    let Step::Answered { shares } = federation.follow(&question).unwrap().step else { panic!("not answered") };
    let inquiry = federation.inquiry(&question);
    assert_eq!(ReleaseFile::assemble(&inquiry, 1, &question.key, &shares).unwrap(), file);
    let other = federation.compose(crate::QUESTION, crate::RHO);
    let sealed = |key: &OpeningKey, shares: &[_]| ReleaseFile::assemble(&inquiry, 1, key, shares).unwrap_err().code();
    assert_eq!(sealed(&other.key, &shares), "sealed-to-another");
    let swapped = [shares[1].clone(), shares[0].clone(), shares[2].clone()];
    assert_eq!(sealed(&question.key, &swapped), "sealed-to-another");
    assert_eq!(sealed(&question.key, &shares[..2]), "shares-missing");
}

#[test]
fn a_release_holds_under_every_later_charter_and_under_no_other_federations() {
    let (federation, _, file) = released();
    let text = serde_json::to_string(&file).unwrap();
    let cast = Cast::of(crate::SEED);
    let mut next = Charter::clone(federation.chain.current());
    (next.epoch, next.previous, next.studies) = (2, Some(federation.chain.current().digest()), Vec::new());
    let mut chain = federation.chain.clone();
    chain.extend(&rules::signed(&next, &cast.stewards)).unwrap();
    assert_eq!(ReleaseFile::verify(&text, &chain).unwrap(), file, "the study has left the charter since");
    let first = federation.chain.epoch(0).unwrap().envelope().clone();
    let before = CharterChain::genesis(&first).unwrap();
    assert_eq!(ReleaseFile::verify(&text, &before).unwrap_err().code(), "other-charter");
    let elsewhere = sumac_federation::federation().seed(8).build();
    assert_eq!(ReleaseFile::verify(&text, &elsewhere.chain).unwrap_err().code(), "other-charter");
}
