//! What members keep of a round names whoever lied to them, and nobody after an honest one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

use std::cell::RefCell;
use std::rc::Rc;

use sumac_federation::cast::{HARBOUR, LINDEN, NAMES, RIDGE, signer};
use sumac_federation::wire::Packet;
use sumac_federation::{Federation, federation};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::evidence::{Contradiction, Finding, Notebook, StoredWords, search};
use sumac_protocol::moment::Millis;
use sumac_protocol::octets::Octets;
use sumac_protocol::round::message::{Message, decode_stored};
use sumac_protocol::round::progress::Step;

const QUESTION: &str = "SELECT count(*) AS courses FROM courses GROUP BY arm";
const RHO: RhoMicro = RhoMicro(1_000_000);
const SEED: u64 = 11;

/// What came to the nodes, in order.
type Heard = Rc<RefCell<Vec<Packet>>>;

/// A federation in which somebody on the path may change what travels; what comes to whom is remembered.
fn told(mut change: impl FnMut(&mut Packet) + 'static) -> (Federation, Heard) {
    let mut federation = federation().seed(SEED).policy(|policy| policy.upload_jitter_ms = 0).build();
    let heard = Heard::default();
    let listening = Rc::clone(&heard);
    federation.wire.meddler = Some(Box::new(move |mut packet| {
        change(&mut packet);
        listening.borrow_mut().push(packet.clone());
        vec![packet]
    }));
    (federation, heard)
}

/// What one node has in its folder of all that came to it.
fn folder(federation: &Federation, heard: &Heard, who: usize, query: Digest) -> Vec<Envelope> {
    let (mut notebook, mut words, me) = (Notebook::default(), Vec::new(), federation.nodes[who].key());
    for packet in heard.borrow().iter().filter(|packet| packet.to == me) {
        let unknown = notebook.unknown(&packet.message, me);
        for noted in notebook.note(federation.now, &federation.chain, &unknown, |asked| *asked == query) {
            let form: StoredWords = decode_stored(&noted.form.unwrap().0).unwrap();
            words.extend_from_slice(form.words());
        }
    }
    words
}

fn named(found: &[Finding], federation: &Federation) -> Vec<(Contradiction, String)> {
    let name = |finding: &Finding| {
        assert_eq!(finding.check(&federation.chain), Ok(()));
        (finding.kind, federation.name_of(&finding.who[0]).to_owned())
    };
    found.iter().map(name).collect()
}

#[test]
fn an_honest_federation_leaves_nothing_that_accuses_anybody_even_if_a_member_dies_and_attempts_are_void() {
    for kills in [false, true] {
        let (mut federation, heard) = told(|_| {});
        let question = federation.compose(QUESTION, RHO);
        federation.submit(&question).unwrap();
        if kills {
            federation.crash(RIDGE);
            federation.advance(Millis(2_000));
            federation.restart(RIDGE);
        }
        let _ended = federation.wait(&question);
        federation.advance(Millis(6_000));
        let folders = (0..NAMES.len()).map(|who| folder(&federation, &heard, who, question.id()));
        let words: Vec<Envelope> = folders.flatten().collect();
        assert!(words.len() > 20, "there is something to compare: {}", words.len());
        assert_eq!(search(&words, &federation.chain), [], "killed: {kills}");
    }
}

#[test]
fn a_member_that_fixes_another_batch_for_another_is_named_from_two_folders_and_from_neither_alone() {
    let (ridge, linden) = (signer(SEED, "Ridge"), signer(SEED, "Linden").principal());
    let (mut federation, heard) = told(move |packet| {
        if let Message::Frozen { attempt: 1, freezes, .. } = &mut packet.message
            && packet.to == linden
        {
            let honest = freezes[1].claim::<Freeze>().unwrap().verify(&ridge.principal()).unwrap();
            let lie = Freeze { manifest: Digest([7; 32]), counter: 1, ..Freeze::clone(&honest) };
            freezes[1] = Envelope::sign(&lie, &ridge).unwrap();
        }
    });
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question).unwrap();
    federation.advance(Millis(3_000));
    let [harbour, linden] = [HARBOUR, LINDEN].map(|who| folder(&federation, &heard, who, question.id()));
    assert_eq!(named(&search(&linden, &federation.chain), &federation), [], "it was shown one side");
    assert_eq!(named(&search(&harbour, &federation.chain), &federation), [], "and so was the hub");
    let found = search(harbour.iter().chain(&linden), &federation.chain);
    assert_eq!(named(&found, &federation), [(Contradiction::TwoFreezes, "Ridge".to_owned())]);
    assert_eq!(found[0].attempt(), Some((question.id(), 1)));
}

#[test]
fn a_member_that_gives_up_what_it_has_noised_is_named() {
    let (mut federation, heard) = told(|_| {});
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question).unwrap();
    let released = federation.wait(&question).released();
    assert_eq!(released.answer.operators.counted, 5);
    let (ridge, hub) = (signer(SEED, "Ridge"), federation.nodes[HARBOUR].key());
    let void = Void { query: question.id(), attempt: 1, counter: u64::from(u32::MAX), note: Octets::default() };
    let message = Message::Void(Envelope::sign(&void, &ridge).unwrap());
    heard.borrow_mut().push(Packet { from: ridge.principal(), to: hub, message });
    assert!(matches!(federation.follow(&question).unwrap().step, Step::Answered { .. }));
    let (hub, linden) =
        (folder(&federation, &heard, HARBOUR, question.id()), folder(&federation, &heard, LINDEN, question.id()));
    let found = search(hub.iter().chain(&linden), &federation.chain);
    assert_eq!(named(&found, &federation), [(Contradiction::VoidBesideNoised, "Ridge".to_owned())]);
    assert_eq!(search(&linden, &federation.chain), [], "who was not told of the note cannot know");
}
