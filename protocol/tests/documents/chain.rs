//! Charters in a row: what extends a chain, and what it refuses.

use sumac_protocol::charter_chain::{ChainError, CharterChain, Extension};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::{Charter, Policy};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;
use sumac_protocol::recovery::QueryBounds;

use crate::cast::{Anna, Ben, Cleo, Dora, chain, genesis, second, signed};

fn after(before: &Charter) -> Charter {
    let previous = Some(signed(before, &[]).digest());
    Charter { epoch: before.epoch + 1, previous, ..before.clone() }
}

fn three() -> CharterChain {
    let mut chain = chain();
    assert_eq!(chain.extend(&signed(&after(&second()), &[Ben, Cleo])), Ok(Extension::Added));
    chain
}

#[test]
fn stewards_hand_over_only_when_old_and_new_agree() {
    let handed_over = Charter { stewards: vec![Ben.key(), Dora.key()], ..after(&second()) };
    let mut chain = chain();
    for too_few in [[Anna, Ben].as_slice(), &[Ben, Dora], &[Dora], &[Anna, Cleo]] {
        let refused = chain.extend(&signed(&handed_over, too_few)).unwrap_err();
        assert_eq!(refused.code(), "too-few-signatures", "{too_few:?}");
    }
    assert_eq!(chain.current().epoch, 1, "a refused charter changes nothing");
    assert_eq!(chain.extend(&signed(&handed_over, &[Anna, Ben, Dora])), Ok(Extension::Added));
    let fourth = after(&handed_over);
    assert_eq!(chain.extend(&signed(&fourth, &[Anna, Cleo])).unwrap_err().code(), "too-few-signatures");
    assert_eq!(chain.extend(&signed(&fourth, &[Ben, Dora])), Ok(Extension::Added));
    assert_eq!(chain.epochs().map(|charter| charter.epoch).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn a_chain_never_begins_in_the_middle_or_unsigned() {
    let cases: [(&str, Envelope, &str); 4] = [
        ("the second charter", signed(&second(), &[Anna, Ben]), "chain-not-genesis"),
        ("genesis with one signature", signed(&genesis(), &[Anna]), "too-few-signatures"),
        ("genesis signed by outsiders", signed(&genesis(), &[Dora]), "too-few-signatures"),
        (
            "a genesis that allows too much",
            signed(&Charter { threshold: 9, ..genesis() }, &[Anna]),
            "charter-threshold",
        ),
    ];
    for (why, envelope, code) in cases {
        assert_eq!(CharterChain::genesis(&envelope).unwrap_err().code(), code, "{why}");
    }
    assert_eq!(CharterChain::from_envelopes(&[]).unwrap_err(), ChainError::Empty);
}

#[test]
fn gap_rollback_and_fork_are_told_apart_and_the_fork_names_both_heads() {
    let mut chain = three();
    let current = chain.current().digest();
    let gap = Charter { epoch: 5, ..after(&second()) };
    assert_eq!(chain.extend(&signed(&gap, &[Anna, Ben])), Err(ChainError::Gap { have: 2, got: 5 }));
    for (epoch, old) in [(0, genesis()), (1, second())] {
        assert_eq!(chain.extend(&signed(&old, &[Anna, Ben])), Err(ChainError::Rollback { have: 2, got: epoch }));
    }
    let other = signed(&Charter { name: "Coast II".into(), ..after(&second()) }, &[Anna, Cleo]);
    let fork = ChainError::Fork { epoch: 2, ours: current, theirs: other.digest() };
    assert_eq!(chain.extend(&other), Err(fork.clone()));
    assert!(fork.remedy().contains(&current.hex()) && fork.remedy().contains(&other.digest().hex()));
    let earlier = signed(&Charter { name: "Coast II".into(), ..second() }, &[Anna, Ben]);
    assert!(matches!(chain.extend(&earlier), Err(ChainError::Fork { epoch: 1, .. })), "also further back");
    assert_eq!(chain.current().digest(), current, "the chain is as it was");
}

#[test]
fn nobody_can_stop_the_network_with_a_forged_fork() {
    let mut chain = three();
    let forged = Charter { name: "Coast II".into(), ..second() };
    for signers in [[Dora].as_slice(), &[Anna], &[Anna, Anna], &[]] {
        assert_eq!(chain.extend(&signed(&forged, signers)).unwrap_err().code(), "too-few-signatures", "{signers:?}");
    }
}

#[test]
fn the_charter_in_force_again_changes_nothing_whoever_signed_it() {
    let mut chain = chain();
    for signers in [[Anna, Ben].as_slice(), &[Ben, Cleo], &[Anna, Ben, Cleo]] {
        assert_eq!(chain.extend(&signed(&second(), signers)), Ok(Extension::Known));
    }
    assert_eq!(chain.epochs().count(), 2);
    let twice = [signed(&genesis(), &[Anna, Ben]), signed(&genesis(), &[Anna, Ben]), signed(&second(), &[Anna, Ben])];
    assert_eq!(CharterChain::from_envelopes(&twice).unwrap().current().epoch, 1);
}

#[test]
fn a_copy_is_followed_forward_and_never_back_or_aside() {
    let mut short = chain();
    assert_eq!(short.follow(&three()), Ok(Extension::Added));
    assert_eq!(short.current().digest(), three().current().digest());
    assert_eq!(short.follow(&three()), Ok(Extension::Known));
    assert_eq!(short.follow(&chain()), Err(ChainError::Rollback { have: 2, got: 1 }));
    let founded = Charter { name: "Desert".into(), ..genesis() };
    let desert = CharterChain::genesis(&signed(&founded, &[Anna, Ben])).unwrap();
    assert_eq!(short.follow(&desert).unwrap_err().code(), "chain-other-genesis");
    let mut aside = chain();
    aside.extend(&signed(&Charter { name: "Coast II".into(), ..after(&second()) }, &[Anna, Ben])).unwrap();
    assert_eq!(short.follow(&aside).unwrap_err().code(), "chain-fork");
}

#[test]
fn a_charter_is_found_by_epoch_and_by_digest() {
    let chain = three();
    assert_eq!(chain.genesis_digest(), chain.epoch(0).unwrap().digest());
    assert_eq!(chain.epoch(2).unwrap().digest(), chain.current().digest());
    assert!(chain.epoch(3).is_none() && chain.epoch(u64::MAX).is_none());
    assert_eq!(chain.named(&chain.genesis_digest()).unwrap().epoch, 0);
    assert!(chain.named(&Digest::of_bytes(b"another")).is_none());
}

#[test]
fn the_file_of_a_chain_is_read_back_and_strictly() {
    let text = three().to_json();
    assert!(text.starts_with(r#"{"sumac_charter":1,"chain":["#));
    assert_eq!(CharterChain::from_json(&text).unwrap().to_json(), text);
    let cases = [
        ("nothing", String::new(), "no-chain"),
        ("another version", text.replace(r#"charter":1"#, r#"charter":2"#), "no-chain"),
        ("a version that is no whole number", text.replace(r#"charter":1"#, r#"charter":1.0"#), "no-chain"),
        ("an unknown name", text.replacen('{', r#"{"more":1,"#, 1), "no-chain"),
        ("a repeated name", text.replacen('{', r#"{"sumac_charter":1,"#, 1), "no-chain"),
        ("text behind the end", format!("{text}{{}}"), "no-chain"),
        ("an empty chain", r#"{"sumac_charter":1,"chain":[]}"#.into(), "chain-empty"),
    ];
    for (why, text, code) in cases {
        assert_eq!(CharterChain::from_json(&text).unwrap_err().code(), code, "{why}");
    }
}

#[test]
fn what_a_query_may_have_cost_and_how_long_it_may_have_lived_is_the_most_that_any_charter_allowed() {
    let before = second();
    let stricter = Policy { rho_per_query_max: RhoMicro(1), query_lifetime_max_ms: 1_000_000, ..before.policy.clone() };
    let third = Charter { policy: stricter, studies: Vec::new(), ..after(&before) };
    let mut chain = chain();
    assert_eq!(chain.extend(&signed(&third, &[Anna, Ben])), Ok(Extension::Added));
    assert_eq!(chain.current().policy.query_lifetime_max(), Millis(1_000_000));
    let bounds = QueryBounds::of(&chain);
    let (rho, lifetime) = (before.policy.rho_per_query_max, before.policy.query_lifetime_max());
    assert_eq!((bounds.rho, bounds.lifetime), (rho, lifetime), "a query of the second charter goes on under it");
    assert!(before.studies.iter().all(|study| bounds.knows(study)), "as does its study");
    assert!(!bounds.knows(&Digest([9; 32])));
}
