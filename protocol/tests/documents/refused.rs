//! Wrong documents: each file is named after its flaw and says which code refuses it.

use serde::Serialize;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::consent::Statement;
use sumac_protocol::document::enrolment::{Enrolment, admit_enrolment};
use sumac_protocol::document::query::{Query, admit_query};
use sumac_protocol::document::study::{Study, admit_study};
use sumac_protocol::envelope::{Document, Envelope};

use crate::cast::{
    Anna, Ben, Cleo, Dora, Harbour, Ines, Mill, NOW, Otto, Person, Pia, Stella, admitted, chain, enrolment,
    exact_query, exact_study, genesis, past_study, query, second, signed, statement, study,
};
use crate::dsse::{Sealed, seal};
use crate::files::{files_in, folder, must_hold, text_of};
use crate::{ledger, refused_consent, refused_round};

/// A wrong file.
#[derive(Clone, Serialize)]
pub(crate) struct Refused {
    kind: &'static str,
    why: &'static str,
    code: &'static str,
    document: Sealed,
}

/// A wrong file with its name.
pub(crate) type Row = (String, Refused);

pub(crate) fn row(
    name: impl Into<String>,
    kind: &'static str,
    why: &'static str,
    code: &'static str,
    document: Sealed,
) -> Row {
    (name.into(), Refused { kind, why, code, document })
}

pub(crate) fn sealed<T: Document>(document: &T, signers: &[Person]) -> Sealed {
    seal(&T::KIND.to_string(), &serde_json::to_string(document).unwrap(), signers)
}

/// A study whose JSON text was changed before the stewards signed it.
fn worded(from: &str, to: &str) -> Sealed {
    let right = serde_json::to_string(&study()).unwrap();
    let wrong = right.replacen(from, to, 1);
    assert_ne!(right, wrong, "`{from}` stands in a study");
    seal("study", &wrong, &[Anna, Ben])
}

/// The `did:key` of a point of order 1: anybody can sign "with" it.
pub(crate) const WEAK: &str = "did:key:z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj";

fn flawed_envelopes_and_payloads() -> Vec<Row> {
    let borrowed = {
        let mut borrowed = sealed(&study(), &[Anna, Ben]);
        let annas = borrowed.signatures[0].sig.clone();
        borrowed.signatures[1].sig = annas;
        borrowed
    };
    let retyped = {
        let mut retyped = sealed(&study(), &[Anna, Ben]);
        retyped.payload_type = "application/vnd.sumac.query.v1+json".into();
        retyped
    };
    let retitled = sealed(&study(), &[Anna, Ben]).with_payload(|text| text.replacen("by route", "by name", 1));
    let crowd: Vec<Person> = std::iter::repeat_n(Otto, 65).collect();
    let key = Ines.key().to_string();
    vec![
        row("too-few-signatures", "study", "one steward of two", "too-few-signatures", sealed(&study(), &[Anna])),
        row(
            "one-key-twice",
            "study",
            "one steward signed twice",
            "too-few-signatures",
            sealed(&study(), &[Anna, Anna]),
        ),
        row("borrowed-signature", "study", "one steward's under another's name", "too-few-signatures", borrowed),
        row(
            "outsider-signature",
            "study",
            "the second is no steward",
            "too-few-signatures",
            sealed(&study(), &[Anna, Dora]),
        ),
        row("too-many-signatures", "study", "65 signatures", "too-many-signatures", sealed(&study(), &crowd)),
        row("wrong-payload-type", "study", "signed as a query", "wrong-kind", seal("query", "{}", &[Anna, Ben])),
        row("changed-payload-type", "study", "retyped after signing", "wrong-kind", retyped),
        row("tampered-payload", "study", "retitled after signing", "too-few-signatures", retitled),
        row("unknown-field", "study", "a field of no study", "malformed", worded("{\"id\"", "{\"more\":1,\"id\"")),
        row("missing-field", "study", "no title", "malformed", worded("\"title\":\"Change", "\"titel\":\"Change")),
        row("repeated-name", "study", "two ids", "malformed", worded("{\"id\"", "{\"id\":\"tide-2\",\"id\"")),
        row("float", "study", "half a query", "malformed", worded("\"queries_max\":40", "\"queries_max\":40.5")),
        row(
            "float-without-fraction",
            "study",
            "40 as 4e1",
            "malformed",
            worded("\"queries_max\":40", "\"queries_max\":4e1"),
        ),
        row(
            "past-2-53",
            "study",
            "2^53 + 1",
            "malformed",
            worded("\"rho_total\":2000000", "\"rho_total\":9007199254740993"),
        ),
        row("negative", "study", "a cost below 0", "malformed", worded("\"rho_total\":2000000", "\"rho_total\":-1")),
        row("weak-key", "study", "a weak key is named", "malformed", worded(&key, WEAK)),
        row("trailing-text", "study", "a second object", "malformed", worded("\"}", "\"}{}")),
        row("unknown-mode", "study", "a mode of no study", "malformed", worded("\"dp\"", "\"loud\"")),
    ]
}

fn flawed_charters() -> Vec<Row> {
    let second_digest = signed(&second(), &[]).digest();
    let third = Charter { epoch: 2, previous: Some(second_digest), ..second() };
    let gap = Charter { epoch: 3, ..third.clone() };
    let fork = Charter { studies: vec![], ..second() };
    let other = Charter { previous: Some(signed(&fork, &[]).digest()), ..third.clone() };
    let takeover = Charter { stewards: vec![Dora.key()], threshold: 1, ..third.clone() };
    let bare = Charter { previous: None, ..third.clone() };
    let elsewhere = Charter { name: "Desert".into(), ..genesis() };
    let mut crowd = third.clone();
    crowd.policy.clinics_min = 3;
    let both = [Anna, Ben];
    vec![
        row("charter-gap", "charter", "epoch 3 after 1", "chain-gap", sealed(&gap, &both)),
        row("charter-rollback", "charter", "genesis again, under epoch 1", "chain-rollback", sealed(&genesis(), &both)),
        row("charter-fork", "charter", "another epoch 1", "chain-fork", sealed(&fork, &both)),
        row("charter-fork-before", "charter", "epoch 2 after another epoch 1", "chain-fork", sealed(&other, &both)),
        row(
            "charter-forged-fork",
            "charter",
            "another epoch 1, one steward",
            "too-few-signatures",
            sealed(&fork, &[Cleo]),
        ),
        row("charter-takeover", "charter", "new stewards alone", "too-few-signatures", sealed(&takeover, &[Dora])),
        row("charter-outvoted", "charter", "old stewards alone", "too-few-signatures", sealed(&takeover, &both)),
        row("charter-without-previous", "charter", "names none before it", "charter-previous", sealed(&bare, &both)),
        row("charter-elsewhere", "charter", "another genesis", "chain-other-genesis", sealed(&elsewhere, &both)),
        row(
            "charter-exact-floor",
            "charter",
            "exact for 3, committee of 3",
            "charter-exact-needs-more-clinics",
            sealed(&crowd, &both),
        ),
    ]
}

fn flawed_studies_and_queries() -> Vec<Row> {
    let unlisted = Study { id: "tide-9".into(), ..study() };
    let elsewhere = Study { genesis: signed(&second(), &[]).digest(), ..study() };
    let past = Query { study: signed(&past_study(), &[]).digest(), ..query() };
    let dear = Query { rho: RhoMicro(500_001), ..query() };
    let free = Query { rho: RhoMicro(0), ..query() };
    let noised = Query { rho: RhoMicro(1), ..exact_query() };
    let ad_hoc = Query { text: query().text, ..exact_query() };
    let expired = Query { expires: NOW, ..query() };
    let old = Query { charter: signed(&genesis(), &[]).digest(), ..query() };
    let mill = Query { coordinator: Mill.key(), ..query() };
    let tampered = sealed(&query(), &[Ines]).with_payload(|text| text.replacen("phq9", "gad7", 1));
    let both = [Anna, Ben];
    vec![
        row("study-not-listed", "study", "in no charter", "study-not-listed", sealed(&unlisted, &both)),
        row("study-elsewhere", "study", "binds another genesis", "study-other-genesis", sealed(&elsewhere, &both)),
        row("query-stranger", "query", "signed by no researcher", "query-not-a-researcher", sealed(&query(), &[Otto])),
        row("query-tampered", "query", "changed after signing", "query-not-a-researcher", tampered),
        row("query-study-over", "query", "the study ended", "query-study-over", sealed(&past, &[Ines])),
        row("query-old-charter", "query", "asked under genesis", "query-other-charter", sealed(&old, &[Ines])),
        row("query-too-dear", "query", "a millionth over the most", "query-too-dear", sealed(&dear, &[Ines])),
        row("query-free", "query", "ρ 0 under noise", "query-free", sealed(&free, &[Ines])),
        row("query-exact-costs", "query", "ρ in an exact study", "query-exact-costs", sealed(&noised, &[Ines])),
        row("query-not-planned", "query", "ad hoc in an exact study", "query-not-planned", sealed(&ad_hoc, &[Ines])),
        row("query-expired", "query", "expires this very moment", "query-expired", sealed(&expired, &[Ines])),
        row("query-no-hub", "query", "run by a clinic", "query-no-hub", sealed(&mill, &[Ines])),
    ]
}

fn flawed_statements_and_enrolments() -> Vec<Row> {
    let tampered = sealed(&statement(), &[Pia]).with_payload(|text| text.replacen("dp_only", "exact_also", 1));
    let replayed = Statement { made_at: NOW, ..statement() };
    let unlinked = Statement { sequence: 1, ..statement() };
    let elsewhere = Statement { clinic: Mill.key(), ..statement() };
    let lost = Enrolment { replaces: Some(Pia.key()), patient: Otto.key(), ..enrolment() };
    let hidden = Enrolment { pseudonym: "P1503\u{202e}".into(), ..enrolment() };
    vec![
        row("consent-tampered", "consent", "widened after signing", "not-signed-by", tampered),
        row("consent-by-staff", "consent", "staff signed for Pia", "not-signed-by", sealed(&statement(), &[Stella])),
        row("consent-elsewhere", "consent", "for another clinic", "statement-other-clinic", sealed(&elsewhere, &[Pia])),
        row("consent-sequence", "consent", "a second number 0", "statement-out-of-line", sealed(&replayed, &[Pia])),
        row("consent-previous", "consent", "names none before it", "statement-out-of-line", sealed(&unlinked, &[Pia])),
        row(
            "enrolment-stranger",
            "enrolment",
            "signed by no staff",
            "too-few-signatures",
            sealed(&enrolment(), &[Otto]),
        ),
        row(
            "enrolment-replaced-by-one",
            "enrolment",
            "one of two staff",
            "too-few-signatures",
            sealed(&lost, &[Stella, Harbour]),
        ),
        row(
            "enrolment-pseudonym",
            "enrolment",
            "turns the line round",
            "enrolment-pseudonym",
            sealed(&hidden, &[Stella]),
        ),
    ]
}

#[test]
fn wrong_documents_are_the_files_in_the_folder() {
    let rows = [
        flawed_envelopes_and_payloads(),
        flawed_charters(),
        flawed_studies_and_queries(),
        flawed_statements_and_enrolments(),
        refused_consent::rows(),
        refused_round::rows(),
        ledger::rows(),
    ];
    let files: Vec<_> =
        rows.into_iter().flatten().map(|(name, file)| (format!("{name}.json"), text_of(&file))).collect();
    must_hold(&folder().join("refused"), &files);
}

/// What becomes of a document that arrives at Harbour in February: the code that refuses it.
fn code(kind: &str, envelope: &Envelope) -> Option<&'static str> {
    let chain = chain();
    match kind {
        "charter" => chain.clone().extend(envelope).err().map(|why| why.code()),
        "study" => admit_study(envelope, &chain).err().map(|why| why.code()),
        "query" => [study(), exact_study(), past_study()]
            .iter()
            .map(|study| admit_query(envelope, &admitted(study), &chain, NOW).err().map(|why| why.code()))
            .find(|code| *code != Some("query-other-study"))?,
        "consent" => refused_consent::code(envelope),
        "enrolment" => admit_enrolment(envelope, chain.current(), &Harbour.key()).err().map(|why| why.code()),
        of_a_ledger if ledger::KINDS.contains(&of_a_ledger) => ledger::code(of_a_ledger, envelope),
        of_a_round => refused_round::code(of_a_round, envelope),
    }
}

#[test]
fn every_file_in_the_folder_is_refused_with_the_code_it_names() {
    let files = files_in(&folder().join("refused"));
    assert!(files.len() >= 110, "{} files", files.len());
    for (name, file) in files {
        let envelope = Envelope::from_json(file["document"].to_string().as_bytes()).unwrap();
        let got = code(file["kind"].as_str().unwrap(), &envelope);
        assert_eq!(got, file["code"].as_str(), "{name}: {}", file["why"]);
    }
}

#[test]
fn an_envelope_in_which_something_unchecked_is_large_is_not_read_at_all() {
    let small = sealed(&study(), &[Anna, Ben]);
    let change = |change: fn(&mut Sealed)| {
        let mut changed = small.clone();
        change(&mut changed);
        serde_json::to_string(&changed).unwrap()
    };
    for (why, text) in [
        ("a key's name of 257 bytes", change(|s| s.signatures[0].keyid = "k".repeat(257))),
        ("a signature of 258 bytes", change(|s| s.signatures[1].sig = "AAAA".repeat(86))),
        ("a type of 257 bytes", change(|s| s.payload_type = "t".repeat(257))),
    ] {
        assert_eq!(Envelope::from_json(text.as_bytes()).map_err(|e| e.code()).err(), Some("no-envelope"), "{why}");
    }
    let foreign = change(|s| s.signatures[0].sig = "AAAA".repeat(85));
    assert!(Envelope::from_json(foreign.as_bytes()).is_ok(), "255 bytes may be a signature of another algorithm");
}

#[test]
fn a_word_of_the_round_is_small_whoever_signed_it() {
    use sumac_protocol::document::Kind;
    use sumac_protocol::document::void::Void;
    let void = |padding: usize| {
        let text = serde_json::to_string(&crate::trial::void(Harbour)).unwrap();
        seal("void", &format!("{text}{}", " ".repeat(padding)), &[Harbour]).envelope().claim::<Void>()
    };
    assert!(void(3_000).is_ok());
    let refused = void(Kind::Void.payload_bytes_max()).map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), "malformed");
    assert!(refused.to_string().contains("bytes, where 4096 is the most"), "{refused}");
}
