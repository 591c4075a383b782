//! What a member says of batches and freezes that an honest coordinator would not send, with the
//! other two members played by hand; and the bodies it relays, byte for byte.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::octets::Octets;
use sumac_protocol::round::member::Member;
use sumac_protocol::round::message::{BatchUpload, Message, Reply};
use sumac_protocol::round::{Desk, Effect, Event};

use crate::cast::{Harbour, Linden, NOW, Otto, Person, Ridge, signed};
use crate::trial::{
    chain, clinics, commitment, freeze, inquiry, member_key, public_share, query_envelope, sealed_shares,
    study_envelope, upload, void,
};

/// Ridge's node: a real member. Harbour leads; Harbour's and Linden's parts in the committee are by hand.
struct Table {
    ridge: Member,
    rng: StdRng,
    counter: u64,
    commitments: Vec<Envelope>,
}

impl Table {
    /// Ridge has committed.
    fn laid() -> Self {
        let mut table =
            Self { ridge: Member::default(), rng: StdRng::seed_from_u64(5), counter: 0, commitments: Vec::new() };
        let begin = Message::Begin { query: query_envelope(), study: study_envelope(), attempt: 1, voids: Vec::new() };
        let said = table.tell(begin);
        let Some(Message::Commitment(ridges)) = said.sent.into_iter().next() else { panic!("no commitment") };
        let by_hand = |who| signed(&commitment(who), &[who]);
        table.commitments = vec![by_hand(Harbour), ridges, by_hand(Linden)];
        table
    }

    /// Tells Ridge something as Harbour.
    fn tell(&mut self, message: Message) -> Said {
        let (chain, signer) = (chain(), Ridge.signer());
        let mut desk = Desk {
            now: NOW,
            signer: &signer,
            chain: &chain,
            rng: &mut self.rng,
            counter: &mut self.counter,
            note: &Octets::default,
        };
        let mut said = Said { sent: Vec::new(), refused: None };
        for effect in self.ridge.on(&mut desk, &Event::Message { from: Harbour.key(), message }) {
            if let Effect::Send { message, .. } = effect {
                said.sent.push(message);
            } else if let Effect::Reply(Reply::Refused(refused)) = effect {
                said.refused = Some(refused.code);
            }
        }
        said
    }

    /// This person's upload for this very committee, and what Ridge gets of it.
    fn uploaded(&self, who: Person, change: impl FnOnce(&mut Upload)) -> BatchUpload {
        let commitments = self.commitments.iter().map(Envelope::digest).collect();
        let mut upload = Upload { commitments, ..upload(who) };
        change(&mut upload);
        let sealed_share = sealed_shares(who).remove(1);
        BatchUpload { upload: signed(&upload, &[who]), public_share: public_share(who), sealed_share }
    }

    fn batch(&self) -> Vec<BatchUpload> {
        clinics().into_iter().map(|who| self.uploaded(who, |_| {})).collect()
    }

    fn propose(&mut self, uploads: Vec<BatchUpload>) -> Said {
        let commitments = self.commitments.clone();
        self.tell(Message::Batch { query: inquiry().id(), attempt: 1, commitments, uploads })
    }
}

/// What Ridge made of it.
struct Said {
    sent: Vec<Message>,
    refused: Option<String>,
}

#[test]
fn a_batch_that_no_honest_coordinator_proposes_is_not_frozen() {
    type Change = fn(&Table, &mut Vec<BatchUpload>);
    let cases: [(&str, Change, &str); 9] = [
        ("one clinic twice", |_, batch| batch.insert(0, batch[0].clone()), "bad-batch"),
        (
            "one clinic twice, with two nonces",
            |table, batch| {
                batch.insert(1, table.uploaded(clinics()[0], |upload| upload.nonce = Octets(vec![77; 16])));
            },
            "bad-batch",
        ),
        ("out of order", |_, batch| batch.swap(0, 1), "bad-batch"),
        ("too few operators", |_, batch| batch.truncate(3), "bad-batch"),
        ("nobody", |_, batch| batch.clear(), "bad-batch"),
        ("a stranger", |table, batch| batch.push(table.uploaded(Otto, |_| {})), "not-a-contributor"),
        (
            "a nonce of 15 bytes",
            |table, batch| {
                batch[0] = table.uploaded(clinics()[0], |upload| upload.nonce.0.truncate(15));
            },
            "parts-differ",
        ),
        (
            "another member's sealed share",
            |_, batch| {
                batch[0].sealed_share = sealed_shares(clinics()[0]).remove(0);
            },
            "parts-differ",
        ),
        (
            "an upload for other commitments",
            |table, batch| {
                batch[0] = table.uploaded(clinics()[0], |upload| upload.commitments.swap(0, 2));
            },
            "upload-for-another",
        ),
    ];
    for (why, change, code) in cases {
        let mut table = Table::laid();
        let mut batch = table.batch();
        change(&table, &mut batch);
        let said = table.propose(batch);
        assert_eq!(said.refused.as_deref(), Some(code), "{why}");
        assert!(said.sent.is_empty(), "{why}");
        let right = table.batch();
        assert!(matches!(table.propose(right).sent[..], [Message::Freeze(_)]), "{why}: the right one is still frozen");
    }
}

/// Freezes of all three over the batch that Ridge froze, Ridge's own in the middle.
fn freezes(ridges: &Envelope, manifest: Digest) -> Vec<Envelope> {
    let by_hand = |who| signed(&Freeze { manifest, ..freeze(who) }, &[who]);
    vec![by_hand(Harbour), ridges.clone(), by_hand(Linden)]
}

/// Ridge has frozen the batch: its freeze, and what the batch is called.
fn frozen(table: &mut Table) -> (Envelope, Digest) {
    let batch = table.batch();
    let said = table.propose(batch);
    let [Message::Freeze(envelope)] = &said.sent[..] else { panic!("no freeze") };
    let freeze = envelope.claim::<Freeze>().unwrap().verify(&Ridge.key()).unwrap();
    (envelope.clone(), freeze.manifest)
}

#[test]
fn nothing_is_revealed_unless_all_froze_the_same_batch() {
    let mut table = Table::laid();
    let (ridges, manifest) = frozen(&mut table);
    let right = freezes(&ridges, manifest);
    let elsewhere = freezes(&ridges, Digest::of_bytes(b"another batch"));
    let cases: [(&str, Vec<Envelope>, &str); 5] = [
        ("two freezes of three", right[..2].to_vec(), "not-everybodys-word"),
        ("Linden's missing, Harbour's twice", vec![right[0].clone(), ridges.clone(), right[0].clone()], "bad-document"),
        ("Linden froze another batch", vec![right[0].clone(), ridges.clone(), elsewhere[2].clone()], "differs"),
        (
            "a void in place of a freeze",
            vec![signed(&void(Harbour), &[Harbour]), ridges.clone(), right[2].clone()],
            "bad-document",
        ),
        ("out of order", vec![ridges.clone(), right[0].clone(), right[2].clone()], "bad-document"),
    ];
    for (why, freezes, code) in cases {
        let said = table.tell(Message::Frozen { query: inquiry().id(), attempt: 1, freezes });
        assert_eq!(said.refused.as_deref(), Some(code), "{why}");
        assert!(said.sent.is_empty(), "{why}");
    }
    let said = table.tell(Message::Frozen { query: inquiry().id(), attempt: 1, freezes: right });
    assert_eq!(said.sent.len(), 2, "a reveal for each of the others");
}

/// Opens what Ridge relays to `to`, as the specification says.
fn opened(message: &Message, to: Person, number: u8) -> Vec<u8> {
    let Message::Relay { cover, body } = message else { panic!("{message:?} is not relayed") };
    let relay = cover.claim::<Relay>().unwrap().verify(&Ridge.key()).unwrap();
    assert_eq!((relay.to, relay.number, relay.attempt), (to.key(), number, 1));
    let (query, ridge, reader) = (inquiry().id(), Ridge.key(), to.key());
    let aad = Digest::of(Label::RelaySeal, &[query.bytes(), ridge.bytes(), reader.bytes(), &[1, number]]);
    member_key(to).open(Label::RelaySeal, aad.bytes(), &body.0).unwrap().to_vec()
}

#[test]
fn a_reveal_is_a_byte_string_under_its_name_and_the_one_that_was_committed_to() {
    let mut table = Table::laid();
    let (ridges, manifest) = frozen(&mut table);
    let freezes = freezes(&ridges, manifest);
    let said = table.tell(Message::Frozen { query: inquiry().id(), attempt: 1, freezes });
    let committed = table.commitments[1].claim::<Commitment>().unwrap().verify(&Ridge.key()).unwrap();
    for (message, to) in said.sent.iter().zip([Harbour, Linden]) {
        let body = opened(message, to, 1);
        let part = body.strip_prefix(b"\xa1\x66reveal\x58\x20").unwrap_or_else(|| panic!("{body:?}"));
        assert_eq!(committed.verify_key, Digest::of(Label::VerifyKeyCommitment, &[part]), "to {to:?}");
    }
}
