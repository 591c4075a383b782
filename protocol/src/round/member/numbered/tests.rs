use zeroize::Zeroizing;

use super::{Heard, Numbered};
use crate::digest::Digest;
use crate::document::void::Void;
use crate::envelope::Envelope;
use crate::limits::MESSAGES_SEEN_MAX;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Signer;

fn mill() -> Signer {
    Signer::from_seed(&Zeroizing::new([4; 32]))
}

fn message(counter: u64, attempt: u8, by: &Signer) -> Envelope {
    Envelope::sign(&Void { query: Digest([7; 32]), attempt, counter, note: Octets(vec![3; 88]) }, by).unwrap()
}

#[test]
fn messages_out_of_order_and_said_again_are_no_fault_and_two_of_one_number_are() {
    let (mill, key) = (mill(), mill().principal());
    let quay = Signer::from_seed(&Zeroizing::new([6; 32]));
    let rows = [
        ("the first", message(10, 1, &mill), Heard::New),
        ("the first again", message(10, 1, &mill), Heard::Old),
        ("a higher one", message(13, 1, &mill), Heard::New),
        ("one that was overtaken", message(11, 1, &mill), Heard::New),
        ("another's of a number that was used", message(10, 2, &quay), Heard::Old),
        ("a number that was used for another", message(11, 2, &mill), Heard::Twice(11)),
        ("a second time", message(13, 2, &mill), Heard::Old),
        ("the honest one goes on", message(14, 1, &mill), Heard::New),
    ];
    let mut numbered = Numbered::default();
    for (why, said, want) in rows {
        assert_eq!(numbered.hear(&key, &said), want, "{why}");
    }
    assert_eq!(numbered.evidence().map(|evidence| evidence.check(&key)), Some(Ok(11)));
    let said = numbered.recovery(key, (key, Digest([1; 32]), 0), Moment(5));
    assert_eq!(said.newest, Some(message(14, 1, &mill)));
}

#[test]
fn only_the_newest_few_are_kept_and_what_is_older_than_all_of_them_is_let_pass() {
    let (mill, key) = (mill(), mill().principal());
    let mut numbered = Numbered::default();
    let most = u64::try_from(MESSAGES_SEEN_MAX).unwrap();
    for counter in 1..=most + 3 {
        assert_eq!(numbered.hear(&key, &message(counter, 1, &mill)), Heard::New);
    }
    assert_eq!(numbered.hear(&key, &message(2, 2, &mill)), Heard::Old, "nothing is left to hold it against");
    assert_eq!(numbered.hear(&key, &message(most + 2, 2, &mill)), Heard::Twice(most + 2));
    assert_eq!(numbered.newest.len(), MESSAGES_SEEN_MAX);
}

#[test]
fn evidence_that_does_not_hold_is_not_kept() {
    let (mill, key) = (mill(), mill().principal());
    let mut numbered = Numbered::default();
    let (first, second) = (message(5, 1, &mill), message(6, 1, &mill));
    assert_eq!(numbered.hold(&key, &super::TwoMessages { first: first.clone(), second }), None);
    assert_eq!(numbered.evidence(), None);
    let second = message(5, 2, &mill);
    let evidence = super::TwoMessages { first, second };
    assert_eq!(numbered.hold(&key, &evidence), Some(5));
    assert_eq!(numbered.hold(&key, &evidence), None, "it is kept once");
}
