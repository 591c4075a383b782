//! Who contradicted itself, from signed words alone; and which words contradict nothing.

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::Verdict;
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::release::Release;
use sumac_protocol::document::share::Share;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::evidence::{
    ATTEMPTS_MAX, Contradiction, Finding, FindingsFile, KEPT_FOR, Notebook, Noted, StoredWords, VARIANTS_MAX,
    WordsFile, fork, search,
};
use sumac_protocol::ledger::tree::empty_root;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::round::message::{Message, decode_stored};

use crate::cast::{Anna, Ben, Cleo, Harbour, Linden, Mill, NOW, Otto, Person, Quay, Ridge, signed};
use crate::trial::{
    batch, by_each, chain, commitment, count_opening, freeze, inquiry, manifest, relay, release, share, upload,
    upload_parts, void,
};

fn other() -> Digest {
    Digest([7; 32])
}

fn head(size: u64, root: Digest) -> TreeHead {
    TreeHead { clinic: Harbour.key(), size, root, made_at: NOW }
}

fn noised(number: u8) -> Relay {
    Relay { from: Ridge.key(), to: Harbour.key(), number, ..relay() }
}

/// Ridge's void note, with a number that none of its other words has.
fn gives_up() -> Void {
    void(Ridge)
}

type Pair = (&'static str, Person, Envelope, Envelope, Option<Contradiction>);

/// What contradicts itself, each with the only one who signed both.
fn lies() -> Vec<Pair> {
    let by_ridge = |first: Envelope, second: Envelope, kind, why| (why, Ridge, first, second, Some(kind));
    let (one, shares) = (signed(&share(Ridge), &[Ridge]), Share { operators_asked: 4, ..share(Ridge) });
    let verdicts = [Verdict::Accepted, Verdict::ProofFailed].map(|verdict| signed(&manifest(verdict), &[Ridge]));
    let [accepts, refuses] = verdicts;
    let commits = Commitment { noise_seed: other(), counter: 1, ..commitment(Ridge) };
    let freezes = Freeze { manifest: other(), counter: 2, ..freeze(Ridge) };
    let number = freeze(Ridge).counter;
    let froze = || signed(&freeze(Ridge), &[Ridge]);
    let voided = || signed(&gives_up(), &[Ridge]);
    let mut lies = vec![
        by_ridge(
            signed(&commitment(Ridge), &[Ridge]),
            signed(&commits, &[Ridge]),
            Contradiction::TwoCommitments,
            "seeds",
        ),
        by_ridge(froze(), signed(&freezes, &[Ridge]), Contradiction::TwoFreezes, "batches"),
        by_ridge(accepts, refuses.clone(), Contradiction::TwoManifests, "verdicts"),
        by_ridge(signed(&freezes, &[Ridge]), refuses, Contradiction::TwoBatches, "a batch that was not fixed"),
        by_ridge(
            signed(&freezes, &[Ridge]),
            signed(&count_opening(), &[Ridge]),
            Contradiction::TwoBatches,
            "its counts",
        ),
        by_ridge(one.clone(), signed(&shares, &[Ridge]), Contradiction::TwoShares, "shares"),
        by_ridge(
            signed(&release(), &[Ridge]),
            signed(&Release { id: other(), ..release() }, &[Ridge]),
            Contradiction::TwoReleases,
            "releases",
        ),
        by_ridge(
            froze(),
            signed(&Void { counter: number, ..gives_up() }, &[Ridge]),
            Contradiction::SameCounter,
            "two documents with one number",
        ),
        by_ridge(
            froze(),
            signed(&Freeze { query: other(), ..freeze(Ridge) }, &[Ridge]),
            Contradiction::SameCounter,
            "one number in two queries",
        ),
        (
            "contributions",
            Quay,
            signed(&upload(Quay), &[Quay]),
            signed(&Upload { nonce: Octets(vec![1; 16]), counter: 1, ..upload(Quay) }, &[Quay]),
            Some(Contradiction::TwoUploads),
        ),
        (
            "ledgers",
            Harbour,
            signed(&head(3, other()), &[Harbour]),
            signed(&head(3, batch()), &[Harbour]),
            Some(Contradiction::TwoTrees),
        ),
    ];
    let burnt = [
        ("its counts on the way", signed(&noised(3), &[Ridge])),
        ("its opening on the way", signed(&noised(4), &[Ridge])),
        ("counts", signed(&count_opening(), &[Ridge])),
        ("a share", one),
        ("a release", signed(&release(), &[Ridge])),
    ];
    lies.extend(burnt.map(|(why, word)| by_ridge(voided(), word, Contradiction::VoidBesideNoised, why)));
    lies
}

/// What an honest node can come to sign, and what is not one node's.
fn no_lies() -> Vec<Pair> {
    let froze = || signed(&freeze(Ridge), &[Ridge]);
    let freezes = Freeze { manifest: other(), counter: 2, ..freeze(Ridge) };
    let by_ridge = |first: Envelope, second: Envelope, why| (why, Ridge, first, second, None);
    let opened_anew = {
        let mut opening = count_opening();
        opening.counts.reverse();
        opening
    };
    vec![
        by_ridge(froze(), froze(), "the same again"),
        by_ridge(froze(), signed(&freezes, &[Linden]), "another signer's"),
        by_ridge(froze(), signed(&Freeze { query: other(), ..freezes.clone() }, &[Ridge]), "another query"),
        by_ridge(froze(), signed(&Freeze { attempt: 2, ..freezes.clone() }, &[Ridge]), "another attempt"),
        by_ridge(froze(), signed(&Freeze { counter: 2, ..freeze(Ridge) }, &[Ridge]), "the same batch, said anew"),
        by_ridge(froze(), signed(&gives_up(), &[Ridge]), "what was fixed may be given up"),
        by_ridge(signed(&manifest(Verdict::Accepted), &[Ridge]), signed(&gives_up(), &[Ridge]), "and so may verdicts"),
        by_ridge(
            signed(&gives_up(), &[Ridge]),
            signed(&noised(2), &[Ridge]),
            "nothing was noised for a verifier share",
        ),
        by_ridge(signed(&gives_up(), &[Ridge]), signed(&Void { counter: 5, ..gives_up() }, &[Ridge]), "void twice"),
        by_ridge(
            signed(&count_opening(), &[Ridge]),
            signed(&opened_anew, &[Ridge]),
            "after a restart, an honest member opens what a liar then says",
        ),
        (
            "a ledger that grew",
            Harbour,
            signed(&head(3, other()), &[Harbour]),
            signed(&head(4, batch()), &[Harbour]),
            None,
        ),
        (
            "one ledger, dated twice",
            Harbour,
            signed(&head(3, other()), &[Harbour]),
            signed(&TreeHead { made_at: Moment(1), ..head(3, other()) }, &[Harbour]),
            None,
        ),
        (
            "an empty ledger has one root",
            Harbour,
            signed(&head(0, empty_root()), &[Harbour]),
            signed(&head(0, other()), &[Harbour]),
            None,
        ),
        (
            "a contribution in another clinic's name",
            Quay,
            signed(&upload(Quay), &[Quay]),
            signed(&Upload { nonce: Octets(vec![1; 16]), ..upload(Mill) }, &[Quay]),
            None,
        ),
    ]
}

#[test]
fn whoever_signed_two_things_that_cannot_both_be_is_named_with_both() {
    for (why, who, first, second, kind) in lies() {
        let found = search([&first, &second], &chain());
        assert_eq!(found.len(), 1, "{why}: {found:?}");
        let finding = &found[0];
        assert_eq!((Some(finding.kind), finding.who.as_slice()), (kind, [who.key()].as_slice()), "{why}");
        assert_eq!(finding.check(&chain()), Ok(()), "{why}");
        let turned = Finding { first: finding.second.clone(), second: finding.first.clone(), ..finding.clone() };
        assert_eq!(turned.check(&chain()), Ok(()), "{why}: whichever comes first");
        assert_eq!(search([&second, &first, &first], &chain()).len(), 1, "{why}: in any order, and said again");
        assert!(finding.statements().iter().all(|words| !words.is_empty()) && !finding.kind.remedy().is_empty());
    }
}

#[test]
fn what_an_honest_node_may_sign_accuses_nobody() {
    for (why, who, first, second, _) in no_lies() {
        assert_eq!(search([&first, &second], &chain()), [], "{why}");
        for (_, _, _, _, kind) in lies() {
            let claimed =
                Finding { kind: kind.unwrap(), who: vec![who.key()], first: first.clone(), second: second.clone() };
            assert!(claimed.check(&chain()).is_err(), "{why} as {kind:?}");
        }
    }
    // Everything that one honest round leaves behind.
    let mut words = by_each(commitment);
    words.extend([by_each(freeze), by_each(|_| manifest(Verdict::ProofFailed)), by_each(|_| release())].concat());
    words.extend([Harbour, Ridge, Linden, Mill, Quay].map(|who| upload_parts(who).upload));
    words.extend([by_each(share), by_each(|_| count_opening())].concat());
    assert_eq!(search(&words, &chain()), []);
}

#[test]
fn evidence_that_was_made_up_is_refused_with_its_code() {
    let (_, _, first, second, _) = lies().swap_remove(1);
    let right = Finding { kind: Contradiction::TwoFreezes, who: vec![Ridge.key()], first, second };
    assert_eq!(right.check(&chain()), Ok(()));
    let forged = |envelope: &Envelope| {
        let text = envelope.to_json().replace(&Ridge.key().to_string(), &Linden.key().to_string());
        Envelope::from_json(text.as_bytes()).unwrap()
    };
    let stranger =
        |counter| signed(&Freeze { manifest: Digest([counter; 32]), counter: counter.into(), ..freeze(Otto) }, &[Otto]);
    let cases = [
        ("another is accused", Finding { who: vec![Linden.key()], ..right.clone() }, "evidence-not-signed"),
        ("nobody is accused", Finding { who: vec![], ..right.clone() }, "evidence-other-signers"),
        (
            "two are accused",
            Finding { who: vec![Ridge.key(), Linden.key()], ..right.clone() },
            "evidence-other-signers",
        ),
        ("of something else", Finding { kind: Contradiction::TwoManifests, ..right.clone() }, "evidence-other-kind"),
        (
            "a signature under another name",
            Finding {
                who: vec![Linden.key()],
                first: forged(&right.first),
                second: forged(&right.second),
                ..right.clone()
            },
            "evidence-not-signed",
        ),
        (
            "somebody outside",
            Finding { who: vec![Otto.key()], first: stranger(1), second: stranger(2), ..right.clone() },
            "evidence-stranger",
        ),
        (
            "no word of a round",
            Finding { first: inquiry().query().envelope().clone(), ..right.clone() },
            "evidence-no-word",
        ),
        ("one word twice", Finding { second: right.first.clone(), ..right.clone() }, "evidence-no-contradiction"),
        ("as charters", Finding { kind: Contradiction::TwoCharters, ..right.clone() }, "evidence-charter"),
    ];
    for (why, finding, code) in cases {
        let refused = finding.check(&chain()).unwrap_err();
        assert_eq!(refused.code(), code, "{why}: {refused}");
        assert!(!refused.remedy().is_empty());
    }
    assert_eq!(search([&stranger(1), &stranger(2)], &chain()), [], "nor is a stranger's word ever looked at");
}

fn after(before: &CharterChain) -> Charter {
    let charter = Charter::clone(before.current());
    Charter { epoch: charter.epoch + 1, previous: Some(before.current().digest()), ..charter }
}

#[test]
fn two_charters_of_one_epoch_name_the_stewards_who_signed_both_and_one_that_is_behind_names_nobody() {
    let before = chain();
    let longer = |envelope: &Envelope| {
        let mut chain = before.clone();
        chain.extend(envelope).unwrap();
        chain
    };
    let (next, rival) = (after(&before), Charter { name: "Another coast".into(), ..after(&before) });
    let ours = longer(&signed(&next, &[Anna, Ben]));
    let theirs = longer(&signed(&rival, &[Ben, Cleo]));
    let finding = fork(&ours, &theirs).unwrap();
    assert_eq!((finding.kind, finding.who.as_slice()), (Contradiction::TwoCharters, [Ben.key()].as_slice()));
    for chain in [&ours, &theirs, &before] {
        assert_eq!(finding.check(chain), Ok(()));
    }
    assert_eq!(fork(&ours, &before), None, "one that is behind");
    assert_eq!(fork(&ours, &longer(&signed(&next, &[Anna, Cleo]))), None, "one charter, signed by others");
    let blamed = Finding { who: vec![Ben.key(), Anna.key()], ..finding.clone() };
    assert_eq!(blamed.check(&ours).unwrap_err().code(), "evidence-other-signers");
    let too_few = Finding { second: signed(&rival, &[Ben]), ..finding.clone() };
    assert_eq!(too_few.check(&ours).unwrap_err().code(), "evidence-charter", "a draft is no charter");
    let elsewhere = Finding { first: inquiry().study().envelope().clone(), ..finding };
    assert_eq!(elsewhere.check(&ours).unwrap_err().code(), "evidence-charter");
}

#[test]
fn files_of_evidence_are_read_back_and_other_versions_are_refused() {
    let (_, _, first, second, _) = lies().swap_remove(1);
    let findings = FindingsFile::new(search([&first, &second], &chain()));
    assert_eq!(FindingsFile::from_json(&findings.to_json()), Ok(findings.clone()));
    let words = WordsFile::new(&chain(), Harbour.key(), vec![first, second]);
    assert_eq!(WordsFile::from_json(&words.to_json()), Ok(words.clone()));
    let mut unnamed = words.clone();
    unnamed.kept_by = None;
    assert_eq!(WordsFile::from_json(&unnamed.to_json()), Ok(unnamed.clone()), "files of before say not whose they are");
    assert_eq!(words.chain().unwrap().current().digest(), chain().current().digest());
    for wrong in ["", "{}", "[]", &findings.to_json(), &words.to_json().replace("_words\":1", "_words\":2")] {
        assert_eq!(WordsFile::from_json(wrong).unwrap_err().code(), "evidence-no-file");
    }
    assert_eq!(FindingsFile::from_json(&words.to_json()).unwrap_err().code(), "evidence-no-file");
}

/// A node's notebook over a disk.
#[derive(Default)]
struct Kept {
    notebook: Notebook,
    forms: std::collections::BTreeMap<Digest, Vec<u8>>,
}

impl Kept {
    fn hears(&mut self, now: Moment, message: &Message) -> usize {
        let words = self.notebook.unknown(message, Harbour.key());
        let noted = self.notebook.note(now, &chain(), &words, |query| *query != other());
        let news = noted.iter().filter(|noted| noted.form.is_some()).count();
        for Noted { id, form } in noted {
            match form {
                Some(Octets(form)) => assert_eq!(self.forms.insert(id, form), None, "nothing is written over"),
                None => assert!(self.forms.remove(&id).is_some(), "what is forgotten was kept"),
            }
        }
        news
    }

    fn stored(&self) -> Vec<StoredWords> {
        self.forms.values().map(|form| decode_stored(form).unwrap()).collect()
    }

    fn words(&self) -> Vec<Envelope> {
        self.stored().iter().flat_map(|form| form.words().to_vec()).collect()
    }

    fn restarts(&mut self) {
        self.notebook = Notebook::restore(&self.stored(), &chain());
    }
}

#[test]
fn a_word_is_kept_once_and_both_sides_of_a_lie_are_kept_whatever_came_between() {
    let mut kept = Kept::default();
    let froze = Message::Freeze(signed(&freeze(Ridge), &[Ridge]));
    assert_eq!((kept.hears(NOW, &froze), kept.hears(NOW, &froze)), (1, 0));
    kept.restarts();
    assert_eq!(kept.hears(NOW, &froze), 0, "known from an earlier life");
    let freezes = by_each(freeze);
    let frozen = Message::Frozen { query: inquiry().id(), attempt: 1, freezes };
    assert_eq!((kept.hears(NOW, &frozen), kept.words().len()), (1, 3), "only what is new");
    let lie = Freeze { manifest: other(), counter: 2, ..freeze(Ridge) };
    assert_eq!(kept.hears(NOW, &Message::Freeze(signed(&lie, &[Ridge]))), 1);
    let found = search(&kept.words(), &chain());
    assert_eq!(
        found.iter().map(|finding| (finding.kind, finding.who[0])).collect::<Vec<_>>(),
        [(Contradiction::TwoFreezes, Ridge.key())]
    );
}

#[test]
fn nobody_fills_a_notebook() {
    let mut kept = Kept::default();
    let cases = [
        ("a stranger's", Message::Freeze(signed(&freeze(Otto), &[Otto]))),
        ("unsigned", Message::Freeze(signed(&freeze(Ridge), &[]))),
        (
            "of a query that this node takes no part in",
            Message::Freeze(signed(&Freeze { query: other(), ..freeze(Ridge) }, &[Ridge])),
        ),
        ("of an attempt that never is", Message::Freeze(signed(&Freeze { attempt: 4, ..freeze(Ridge) }, &[Ridge]))),
        ("of attempt 0", Message::Freeze(signed(&Freeze { attempt: 0, ..freeze(Ridge) }, &[Ridge]))),
        (
            "in another's name",
            Message::Upload(Box::new(sumac_protocol::round::message::UploadParts {
                upload: signed(&upload(Mill), &[Quay]),
                ..upload_parts(Mill)
            })),
        ),
        (
            "passed on to another",
            Message::Relay {
                cover: signed(&Relay { to: Linden.key(), ..noised(3) }, &[Ridge]),
                body: Octets::default(),
            },
        ),
        ("before anything was noised", Message::Relay { cover: signed(&noised(1), &[Ridge]), body: Octets::default() }),
        ("no word at all", Message::Follow { query: inquiry().id() }),
    ];
    for (why, message) in cases {
        assert_eq!(kept.hears(NOW, &message), 0, "{why}");
        assert_eq!(kept.forms.len(), 0, "{why}");
    }
    for number in 0..20_u8 {
        let flood = Freeze { manifest: Digest([number; 32]), ..freeze(Ridge) };
        kept.hears(NOW, &Message::Freeze(signed(&flood, &[Ridge])));
    }
    assert_eq!(kept.words().len(), VARIANTS_MAX, "two would prove it");
    assert_eq!(kept.hears(NOW, &Message::Freeze(signed(&freeze(Linden), &[Linden]))), 1, "and others are still heard");
}

#[test]
fn the_oldest_attempts_are_forgotten_when_there_are_too_many_or_their_time_is_over() {
    let mut kept = Kept::default();
    let of = |number: usize| {
        let mut query = [0; 32];
        query[..8].copy_from_slice(&u64::try_from(number).unwrap().to_le_bytes());
        Message::Void(signed(&Void { query: Digest(query), ..void(Ridge) }, &[Ridge]))
    };
    for number in 0..ATTEMPTS_MAX + 5 {
        let at = NOW + Millis(u64::try_from(number).unwrap());
        assert_eq!(kept.hears(at, &of(number)), 1);
    }
    assert_eq!(kept.forms.len(), ATTEMPTS_MAX);
    kept.restarts();
    assert_eq!(kept.hears(NOW + Millis(9_000), &of(4)), 1, "the first ones went");
    assert_eq!(kept.hears(NOW + Millis(9_000), &of(10)), 0, "the newest stayed");
    let late = NOW + KEPT_FOR + KEPT_FOR;
    assert_eq!((kept.hears(late, &of(5_000)), kept.forms.len()), (1, 1), "and in time all go");
}
