use super::{Counted, CountedError, TwoMessages};
use crate::digest::Digest;
use crate::document::freeze::Freeze;
use crate::document::last_seen::LastSeen;
use crate::document::void::Void;
use crate::envelope::{Document, Envelope};
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Signer;
use zeroize::Zeroizing;

fn ridge() -> Signer {
    Signer::from_seed(&Zeroizing::new([2; 32]))
}

fn signed<T: Document>(document: &T) -> Envelope {
    Envelope::sign(document, &ridge()).unwrap()
}

fn void(counter: u64, attempt: u8) -> Envelope {
    signed(&Void { query: Digest([7; 32]), attempt, counter, note: Octets(vec![1; 88]) })
}

fn freeze(counter: u64) -> Envelope {
    signed(&Freeze { query: Digest([7; 32]), attempt: 1, manifest: Digest([8; 32]), counter, note: Octets::default() })
}

#[test]
fn a_number_is_read_of_messages_that_carry_one_and_that_the_signer_signed() {
    let ridge = ridge().principal();
    let read = Counted::read(&void(17, 1), &ridge).unwrap();
    assert_eq!((read.counter, read.note.0.len(), read.digest), (17, 88, void(17, 1).digest()));
    let other = Signer::from_seed(&Zeroizing::new([3; 32])).principal();
    let word = signed(&LastSeen {
        member: ridge,
        clinic: other,
        query: Digest([7; 32]),
        attempt: 1,
        counter: 17,
        ledger: Digest([9; 32]),
        seen_at: Moment(1),
    });
    let cases = [
        ("another signer", Counted::read(&void(17, 1), &other), "not-signed-by"),
        ("a counter that is another's", Counted::read(&word, &ridge), "counted-no-number"),
    ];
    for (why, read, code) in cases {
        assert_eq!(read.map_err(|refused| refused.code()), Err(code), "{why}");
    }
}

#[test]
fn only_two_different_messages_of_one_signer_and_one_number_are_evidence() {
    let (me, other) = (ridge().principal(), Signer::from_seed(&Zeroizing::new([3; 32])));
    let forged =
        Envelope::sign(&Void { query: Digest([7; 32]), attempt: 2, counter: 5, note: Octets::default() }, &other);
    let mut again = void(5, 1);
    again.cosign(&other);
    let cases = [
        ("two attempts", void(5, 1), void(5, 2), Ok(5)),
        ("two kinds", void(5, 1), freeze(5), Ok(5)),
        ("the same again", void(5, 1), void(5, 1), Err("counted-no-contradiction")),
        ("the same with one more signature", void(5, 1), again, Err("counted-no-contradiction")),
        ("another number", void(5, 1), void(6, 2), Err("counted-no-contradiction")),
        ("one is another's", void(5, 1), forged.unwrap(), Err("not-signed-by")),
    ];
    for (why, first, second, want) in cases {
        let got = TwoMessages { first: first.clone(), second: second.clone() }.check(&me);
        assert_eq!(got.as_ref().map_err(CountedError::code), want.as_ref().map_err(|code| *code), "{why}");
        let turned = TwoMessages { first: second, second: first }.check(&me);
        assert_eq!(turned.is_ok(), want.is_ok(), "{why}, the other way round");
    }
}
