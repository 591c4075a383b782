//! Wrong documents of a round: three flaws of every kind, and those that only one kind can have.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::Kind;
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::count_opening::CountOpening;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::{Manifest, Verdict};
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::release::Release;
use sumac_protocol::document::share::Share;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::{Document, DocumentError, Envelope};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::attempt::Attempt;
use sumac_protocol::round::member::Member;
use sumac_protocol::round::message::{Message, Reply, UploadParts};
use sumac_protocol::round::{Desk, Effect, Event};
use sumac_protocol::sealed::SealingKey;

use crate::cast::{Harbour, Mill, NOW, Otto, Person, Quay, Ridge};
use crate::dsse::{Sealed, seal};
use crate::refused::{Row, row, sealed};
use crate::trial::{
    COMMITTEE, answer_key, attempt, by_each, chain, commitment, commitments, count_opening, freeze, inquiry, manifest,
    public_share, query, relay, relayed_body, release, sealed_shares, share, upload, void,
};

/// The right document of a kind as text, who signs it, and another kind that it may be passed off as.
fn right(kind: &'static str) -> (String, Person, &'static str) {
    fn text<T: Document>(document: &T) -> String {
        serde_json::to_string(document).unwrap()
    }
    match kind {
        "commitment" => (text(&commitment(Harbour)), Harbour, "upload"),
        "upload" => (text(&upload(Mill)), Mill, "commitment"),
        "freeze" => (text(&freeze(Harbour)), Harbour, "void"),
        "manifest" => (text(&manifest(Verdict::ProofFailed)), Harbour, "count-opening"),
        "void" => (text(&void(Harbour)), Harbour, "freeze"),
        "count-opening" => (text(&count_opening()), Harbour, "manifest"),
        "share" => (text(&share(Harbour)), Harbour, "release"),
        "release" => (text(&release()), Harbour, "share"),
        "relay" => (text(&relay()), Harbour, "query"),
        other => panic!("`{other}` is no kind of a round"),
    }
}

/// The kinds of document that a round is made of.
const KINDS: [&str; 9] =
    ["commitment", "upload", "freeze", "manifest", "void", "count-opening", "share", "release", "relay"];

fn flawed_in_every_kind() -> Vec<Row> {
    let of = |kind: &'static str| {
        let (text, signer, other) = right(kind);
        let query = digest_text(crate::trial::query_envelope().digest());
        let altered = Digest::of_bytes(b"another query");
        let tampered =
            seal(kind, &text, &[signer]).with_payload(|text| text.replacen(&query, &digest_text(altered), 1));
        let retyped = seal(other, &text, &[signer]);
        let relabelled = Sealed { payload_type: retyped.payload_type.clone(), ..seal(kind, &text, &[signer]) };
        let wider = text.replacen('{', "{\"more\":1,", 1);
        let twice = text.replacen('{', "{\"attempt\":2,", 1);
        let late = text.replacen("\"attempt\":1", "\"attempt\":257", 1);
        let plain = text.replacen(&query, &format!("{query}="), 1);
        let short = text.replacen(&query, query.get(..40).unwrap(), 1);
        vec![
            row(format!("{kind}-wrong-type"), kind, "signed as another kind", "wrong-kind", retyped),
            row(format!("{kind}-changed-type"), kind, "retyped after signing", "wrong-kind", relabelled),
            row(format!("{kind}-tampered"), kind, "another query, after signing", "not-signed-by", tampered),
            row(format!("{kind}-by-other"), kind, "signed by a stranger", "not-signed-by", seal(kind, &text, &[Otto])),
            row(format!("{kind}-unsigned"), kind, "signed by nobody", "not-signed-by", seal(kind, &text, &[])),
            row(
                format!("{kind}-unknown-field"),
                kind,
                "a field of no such kind",
                "malformed",
                seal(kind, &wider, &[signer]),
            ),
            row(format!("{kind}-attempt-twice"), kind, "two attempts", "malformed", seal(kind, &twice, &[signer])),
            row(
                format!("{kind}-attempt-257"),
                kind,
                "attempt 257, 1 in a byte",
                "malformed",
                seal(kind, &late, &[signer]),
            ),
            row(format!("{kind}-padded"), kind, "a digest padded with =", "malformed", seal(kind, &plain, &[signer])),
            row(
                format!("{kind}-short-digest"),
                kind,
                "a digest of 30 bytes",
                "malformed",
                seal(kind, &short, &[signer]),
            ),
        ]
    };
    KINDS.into_iter().flat_map(of).collect()
}

/// A digest as documents spell it.
fn digest_text(digest: Digest) -> String {
    serde_json::to_value(digest).unwrap().as_str().unwrap().to_owned()
}

/// The right document of a kind, with one thing written otherwise before it was signed.
fn worded(kind: &'static str, from: &str, to: &str) -> Sealed {
    let (text, signer, _) = right(kind);
    let wrong = text.replacen(from, to, 1);
    assert_ne!(text, wrong, "`{from}` stands in a {kind}");
    seal(kind, &wrong, &[signer])
}

fn flawed_commitments() -> Vec<Row> {
    let commitment = |change: fn(&mut Commitment)| {
        let mut wrong = commitment(Harbour);
        change(&mut wrong);
        sealed(&wrong, &[Harbour])
    };
    let elsewhere = "commitment-for-another";
    vec![
        row("commitment-attempt", "commitment", "of attempt 2", elsewhere, commitment(|c| c.attempt = 2)),
        row("commitment-attempt-0", "commitment", "of attempt 0", elsewhere, commitment(|c| c.attempt = 0)),
        row("commitment-query", "commitment", "of another query", elsewhere, commitment(|c| c.query = Digest([0; 32]))),
        row(
            "commitment-counter",
            "commitment",
            "counter 2^53 + 1",
            "malformed",
            commitment(|c| c.counter = (1 << 53) + 1),
        ),
    ]
}

fn flawed_uploads() -> Vec<Row> {
    let upload = |change: fn(&mut Upload)| {
        let mut wrong = upload(Mill);
        change(&mut wrong);
        sealed(&wrong, &[Mill])
    };
    let other = "upload-for-another";
    let stranger = Upload { clinic: Otto.key(), ..crate::trial::upload(Mill) };
    vec![
        row(
            "upload-nonce-15",
            "upload",
            "a nonce of 15 bytes",
            "parts-differ",
            upload(|u| u.nonce = Octets(vec![14; 15])),
        ),
        row(
            "upload-nonce-17",
            "upload",
            "a nonce of 17 bytes",
            "parts-differ",
            upload(|u| u.nonce = Octets(vec![14; 17])),
        ),
        row(
            "upload-share-missing",
            "upload",
            "two sealed shares for three",
            "parts-differ",
            upload(|u| u.sealed_shares.truncate(2)),
        ),
        row(
            "upload-share-extra",
            "upload",
            "four sealed shares",
            "parts-differ",
            upload(|u| u.sealed_shares.push(Digest([0; 32]))),
        ),
        row(
            "upload-shares-swapped",
            "upload",
            "sealed shares out of order",
            "parts-differ",
            upload(|u| u.sealed_shares.swap(0, 1)),
        ),
        row(
            "upload-public-share",
            "upload",
            "another public share",
            "parts-differ",
            upload(|u| u.public_share = Digest([0; 32])),
        ),
        row("upload-query", "upload", "for another query", other, upload(|u| u.query = Digest([0; 32]))),
        row("upload-attempt", "upload", "for attempt 2", other, upload(|u| u.attempt = 2)),
        row("upload-charter", "upload", "under genesis", other, upload(|u| u.charter = chain().genesis_digest())),
        row("upload-plan", "upload", "of another plan", other, upload(|u| u.plan = Digest([0; 32]))),
        row(
            "upload-committee",
            "upload",
            "for the committee in another order",
            other,
            upload(|u| u.committee.swap(0, 1)),
        ),
        row("upload-commitments", "upload", "for other commitments", other, upload(|u| u.commitments.swap(0, 1))),
        row("upload-stranger", "upload", "of no clinic", "not-a-contributor", sealed(&stranger, &[Otto])),
        row("upload-for-other", "upload", "in a stranger's name", "not-signed-by", sealed(&stranger, &[Mill])),
    ]
}

fn flawed_verdicts_and_counts() -> Vec<Row> {
    let past = worded("count-opening", "[85,", "[9007199254740993,");
    let below = worded("count-opening", "[85,", "[-9007199254740993,");
    vec![
        row(
            "manifest-unknown-verdict",
            "manifest",
            "a verdict of no manifest",
            "malformed",
            worded("manifest", "accepted", "doubted"),
        ),
        row(
            "manifest-verdict-field",
            "manifest",
            "a verdict with more",
            "malformed",
            worded("manifest", "\"verdict\":", "\"note\":1,\"verdict\":"),
        ),
        row(
            "freeze-counter-negative",
            "freeze",
            "a counter below 0",
            "malformed",
            worded("freeze", "\"counter\":1", "\"counter\":-1"),
        ),
        row(
            "freeze-without-note",
            "freeze",
            "no note, not even an empty one",
            "malformed",
            worded("freeze", ",\"note\":\"\"", ""),
        ),
        row("count-opening-past-2-53", "count-opening", "2^53 + 1 courses", "malformed", past),
        row("count-opening-below-2-53", "count-opening", "-2^53 - 1 courses", "malformed", below),
        row(
            "count-opening-float",
            "count-opening",
            "85.5 courses",
            "malformed",
            worded("count-opening", "[85,", "[85.5,"),
        ),
        row(
            "count-opening-exponent",
            "count-opening",
            "85 as 850e-1",
            "malformed",
            worded("count-opening", "[85,", "[850e-1,"),
        ),
        row(
            "count-opening-text",
            "count-opening",
            "85 in quotes",
            "malformed",
            worded("count-opening", "[85,", "[\"85\","),
        ),
    ]
}

fn flawed_shares_and_relays() -> Vec<Row> {
    let share = |change: fn(&mut Share)| {
        let mut wrong = share(Harbour);
        change(&mut wrong);
        sealed(&wrong, &[Harbour])
    };
    let relay = |change: fn(&mut Relay)| {
        let mut wrong = relay();
        change(&mut wrong);
        sealed(&wrong, &[Harbour])
    };
    let split = "shares-disagree";
    vec![
        row("share-cell-modulus", "share", "a cell of p, the same as 0", "cells-differ", share(|s| put(s, MODULUS))),
        row("share-cell-largest", "share", "a cell of 2^64 - 1", "cells-differ", share(|s| put(s, u64::MAX))),
        row("share-cell-missing", "share", "eleven cells of twelve", "cells-differ", share(|s| s.cells.0.truncate(88))),
        row("share-cell-cut", "share", "twelve cells less a byte", "cells-differ", share(|s| s.cells.0.truncate(95))),
        row("share-cell-extra", "share", "thirteen cells", "cells-differ", share(|s| s.cells.0.extend([0; 8]))),
        row("share-groups", "share", "held back for three groups", "bad-share", share(|s| s.suppressed.push(true))),
        row("share-query", "share", "of another query", "bad-share", share(|s| s.query = Digest([0; 32]))),
        row("share-suppressed", "share", "holds another group back", split, share(|s| s.suppressed[1] = true)),
        row("share-batch", "share", "of another batch", split, share(|s| s.batch = Digest([0; 32]))),
        row("share-opening", "share", "of other counts", split, share(|s| s.opening = Digest([0; 32]))),
        row("share-operators", "share", "counts another operator", split, share(|s| s.operators_counted = 5)),
        row(
            "share-negative-operators",
            "share",
            "-4 operators",
            "malformed",
            worded("share", "counted\":4", "counted\":-4"),
        ),
        row("relay-other-body", "relay", "covers another body", "out-of-place", relay(|r| r.body = Digest([0; 32]))),
        row("relay-other-reader", "relay", "for another member", "out-of-place", relay(|r| r.to = Mill.key())),
        row("relay-other-speaker", "relay", "in Quay's name", "not-signed-by", relay(|r| r.from = Quay.key())),
    ]
}

/// p of the field that shares are in: 2^64 - 2^32 + 1.
const MODULUS: u64 = 0xffff_ffff_0000_0001;

/// Writes the first cell.
fn put(share: &mut Share, cell: u64) {
    share.cells.0.splice(..8, cell.to_le_bytes());
}

/// Every wrong file of a round.
pub(crate) fn rows() -> Vec<Row> {
    [
        flawed_in_every_kind(),
        flawed_commitments(),
        flawed_uploads(),
        flawed_verdicts_and_counts(),
        flawed_shares_and_relays(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The code that refuses a document of a round: the document's own, or else that of the role it is for.
/// A role must refuse what does not hold as a document, whatever it calls it.
pub(crate) fn code(kind: &str, envelope: &Envelope) -> Option<&'static str> {
    match kind {
        "commitment" => both(claimed::<Commitment>(envelope, |_| Harbour.key()), committed(envelope)),
        "upload" => both(claimed::<Upload>(envelope, |upload| upload.clinic), contributed(envelope)),
        "share" => both(claimed::<Share>(envelope, |_| Harbour.key()), answered(envelope)),
        "relay" => both(claimed::<Relay>(envelope, |relay| relay.from), relayed(envelope)),
        "freeze" => claimed::<Freeze>(envelope, |_| Harbour.key()),
        "manifest" => claimed::<Manifest>(envelope, |_| Harbour.key()),
        "void" => claimed::<Void>(envelope, |_| Harbour.key()),
        "count-opening" => claimed::<CountOpening>(envelope, |_| Harbour.key()),
        "release" => claimed::<Release>(envelope, |_| Harbour.key()),
        other => panic!("`{other}` is no kind of a round"),
    }
}

fn both(document: Option<&'static str>, role: Option<&'static str>) -> Option<&'static str> {
    assert!(document.is_none() || role.is_some(), "the role takes what is refused as {document:?}");
    document.or(role)
}

fn claimed<T: Document>(envelope: &Envelope, signer: impl FnOnce(&T) -> Principal) -> Option<&'static str> {
    let refused: DocumentError = envelope.claim::<T>().and_then(|claim| claim.verify_named(signer)).err()?;
    assert!(!refused.remedy().is_empty() && !refused.to_string().is_empty());
    Some(refused.code())
}

/// What becomes of Harbour's commitment in an announcement.
fn committed(envelope: &Envelope) -> Option<&'static str> {
    let mut commitments = commitments();
    commitments[0] = envelope.clone();
    Attempt::admit(&inquiry(), 1, &commitments).err().map(|why| why.code())
}

/// What becomes of Mill's upload at the coordinator, and of the same at every member.
fn contributed(upload: &Envelope) -> Option<&'static str> {
    let parts =
        UploadParts { upload: upload.clone(), public_share: public_share(Mill), sealed_shares: sealed_shares(Mill) };
    attempt().check_upload(&inquiry(), &parts).err().map(|why| why.code())
}

/// The answers of the committee, sealed to Ines, in order.
pub(crate) fn sealed_answers(shares: &[Envelope]) -> Vec<Octets> {
    let key = SealingKey::from_bytes(&query().answer_key.0).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut seal = |(who, share): (&Person, &Envelope)| {
        let aad = Digest::of(Label::AnswerSeal, &[inquiry().id().bytes(), &[1], who.key().bytes()]);
        Octets(key.seal(Label::AnswerSeal, aad.bytes(), share.to_json().as_bytes(), &mut rng).unwrap())
    };
    COMMITTEE.iter().zip(shares).map(&mut seal).collect()
}

/// What becomes of an answer with this share of Harbour's and the right ones of Ridge and Linden.
pub(crate) fn answered(envelope: &Envelope) -> Option<&'static str> {
    let mut shares = by_each(share);
    shares[0] = envelope.clone();
    ReleaseFile::assemble(&inquiry(), 1, &answer_key(), &sealed_answers(&shares)).err().map(|why| why.code())
}

/// What becomes of a relayed message at Ridge.
pub(crate) fn relayed(cover: &Envelope) -> Option<&'static str> {
    let (chain, signer, mut counter, mut rng) = (chain(), Ridge.signer(), 0, StdRng::seed_from_u64(2));
    let mut desk =
        Desk { now: NOW, signer: &signer, chain: &chain, rng: &mut rng, counter: &mut counter, note: &Octets::default };
    let message = Message::Relay { cover: cover.clone(), body: relayed_body() };
    let effects = Member::default().on(&mut desk, &Event::Message { from: Harbour.key(), message });
    let refusal = effects.into_iter().find_map(|effect| {
        if let Effect::Reply(Reply::Refused(refused)) = effect { Some(refused.code) } else { None }
    })?;
    let known = ["bad-document", "out-of-place"].into_iter().find(|known| *known == refusal);
    Some(known.unwrap_or_else(|| panic!("`{refusal}` is no code of a relay")))
}

#[test]
fn every_kind_of_a_round_has_every_common_flaw() {
    let of_rounds: Vec<String> = Kind::ALL.iter().map(ToString::to_string).collect();
    let documents = ["charter", "study", "consent", "enrolment", "join", "query", "ask"];
    // A recovery's flaws are those of `recovery`'s own tests.
    let words = ["tree-head", "last-seen", "arrival", "delivery", "recovery"];
    let beside = [documents.as_slice(), &words].concat();
    let named: Vec<&str> = of_rounds.iter().map(String::as_str).filter(|kind| !beside.contains(kind)).collect();
    assert_eq!(named, KINDS);
    let rows = rows();
    for kind in KINDS {
        assert!(rows.iter().filter(|(name, _)| name.starts_with(kind)).count() >= 10, "{kind}");
    }
}
