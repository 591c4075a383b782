//! Golden files: one right document of each kind, the same bytes for ever.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::Kind;
use sumac_protocol::document::ask::{Ask, AskedFor};
use sumac_protocol::document::charter::{Charter, Role};
use sumac_protocol::document::consent::{Statement, admit_statement, admit_witnessed};
use sumac_protocol::document::enrolment::{Enrolment, admit_enrolment};
use sumac_protocol::document::join::{Join, admit_join};
use sumac_protocol::document::query::{Query, admit_query};
use sumac_protocol::document::study::{Study, admit_study};
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::octets::Octets;
use sumac_protocol::sealed::SealingKey;

use crate::cast::{
    Anna, Ben, Harbour, Ines, NOW, Paul, Person, Pia, Quay, Stella, Sven, admitted, chain, enrolment, erasure,
    exact_query, exact_study, genesis, on_paper, query, revocation, second, signed, statement, study,
};
use crate::dsse::seal;
use crate::files::{files_in, folder, must_hold, read, text_of};
use crate::{golden_round, ledger};

/// A golden file.
#[derive(Serialize)]
struct Golden {
    kind: String,
    why: &'static str,
    digest: String,
    signers: Vec<String>,
    document: Envelope,
}

/// The golden file of a document.
pub(crate) fn golden<T: Document>(name: &str, why: &'static str, document: &T, signers: &[Person]) -> (String, String) {
    let envelope = signed(document, signers);
    let kind = T::KIND.to_string();
    let by_hand = seal(&kind, &serde_json::to_string(document).unwrap(), signers);
    assert_eq!(by_hand.envelope(), envelope, "{name}: the library signs as the specification says");
    let signers = signers.iter().map(|who| who.key().to_string()).collect();
    let file = Golden { kind, why, digest: envelope.digest().hex(), signers, document: envelope };
    (format!("{name}.json"), text_of(&file))
}

fn replacement() -> Enrolment {
    Enrolment { patient: Paul.key(), replaces: Some(Pia.key()), ..enrolment() }
}

fn ask() -> Ask {
    let (challenge, reply_to) = (Octets(vec![7; 56]), SealingKey::from_bytes(&[9; 32]).unwrap());
    Ask { clinic: Harbour.key(), patient: Pia.key(), challenge, what: AskedFor::Uses, reply_to }
}

pub(crate) fn join() -> Join {
    let roles = vec![Role::Contributor, Role::Hub];
    let (name, operator) = ("Quay".to_owned(), "Quay Foundation".to_owned());
    let addresses = vec!["/dns/quay.example.org/tcp/4800".to_owned()];
    Join { key: Quay.key(), name, operator, roles, addresses, patients_max: 4_000, made_at: NOW }
}

#[test]
fn documents_signed_again_from_the_same_seeds_are_the_golden_files() {
    let all = revocation(None);
    let some = revocation(Some(&["HMB"]));
    let mut files = vec![
        golden("charter", "the genesis charter", &genesis(), &[Anna, Ben]),
        golden("charter-second", "the charter after genesis, listing studies", &second(), &[Anna, Ben]),
        golden("study", "a study under noise", &study(), &[Anna, Ben]),
        golden("study-exact", "a study without noise, with its analysis plan", &exact_study(), &[Anna, Ben]),
        golden("query", "a query under noise", &query(), &[Ines]),
        golden("query-exact", "a planned query of an exact study", &exact_query(), &[Ines]),
        golden("consent", "a patient's first grant", &statement(), &[Pia]),
        golden("consent-revoke", "a withdrawal of everything", &all, &[Pia]),
        golden("consent-revoke-some", "a withdrawal of one purpose", &some, &[Pia]),
        golden("consent-erase", "everything is to be destroyed", &erasure(), &[Pia]),
        golden("consent-witnessed", "a grant on paper, witnessed by staff", &on_paper(statement()), &[Stella]),
        golden("enrolment", "a patient's key, noted by staff", &enrolment(), &[Stella]),
        golden("join", "a clinic asks to be listed", &join(), &[Quay]),
        golden("ask", "a patient asks what the record was used for", &ask(), &[Pia]),
        golden("enrolment-replacement", "a lost key replaced by two of staff", &replacement(), &[Stella, Sven]),
    ];
    files.push(("chain.json".into(), chain().to_json() + "\n"));
    files.extend(golden_round::files());
    files.extend(ledger::files());
    must_hold(&folder(), &files);
}

/// Reads a golden file, and demands that its digest, its signers and its body are what it says.
pub(crate) fn read_back<T: Document + PartialEq + Debug>(name: &str, want: &T) -> Envelope {
    let file = read(&folder().join(format!("{name}.json")));
    let envelope = Envelope::from_json(file["document"].to_string().as_bytes()).unwrap();
    assert_eq!(envelope.digest().hex(), file["digest"].as_str().unwrap(), "{name}");
    let signers: BTreeSet<_> =
        file["signers"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect();
    let verified = envelope.claim::<T>().unwrap().verify_threshold(&signers, signers.len()).unwrap();
    assert_eq!(*verified.signers(), signers, "{name}: every signer's signature holds");
    assert_eq!(&*verified, want, "{name}: read back");
    assert_eq!(Envelope::from_json(envelope.to_json().as_bytes()).unwrap(), envelope, "{name}: written and read");
    envelope
}

#[test]
fn every_golden_file_is_read_back_verified_and_admitted() {
    read_back::<Charter>("charter", &genesis());
    read_back::<Charter>("charter-second", &second());
    let chain = CharterChain::from_json(&std::fs::read_to_string(folder().join("chain.json")).unwrap()).unwrap();
    assert_eq!(chain.current().epoch, 1);
    admit_study(&read_back::<Study>("study", &study()), &chain).unwrap();
    admit_study(&read_back::<Study>("study-exact", &exact_study()), &chain).unwrap();
    admit_query(&read_back::<Query>("query", &query()), &admitted(&study()), &chain, NOW).unwrap();
    admit_query(&read_back::<Query>("query-exact", &exact_query()), &admitted(&exact_study()), &chain, NOW).unwrap();
    let of_pia = [
        ("consent", statement()),
        ("consent-revoke", revocation(None)),
        ("consent-revoke-some", revocation(Some(&["HMB"]))),
        ("consent-erase", erasure()),
    ];
    for (name, want) in of_pia {
        admit_statement(&read_back::<Statement>(name, &want), &Harbour.key(), &Pia.key()).unwrap();
    }
    let paper = read_back::<Statement>("consent-witnessed", &on_paper(statement()));
    admit_witnessed(&paper, chain.current(), &Harbour.key(), &Pia.key()).unwrap();
    read_back::<Ask>("ask", &ask());
    admit_join(&read_back::<Join>("join", &join())).unwrap();
    for (name, want) in [("enrolment", enrolment()), ("enrolment-replacement", replacement())] {
        admit_enrolment(&read_back::<Enrolment>(name, &want), chain.current(), &Harbour.key()).unwrap();
    }
}

#[test]
fn every_kind_of_document_has_a_golden_file() {
    let files = files_in(&folder());
    let kinds: BTreeSet<&str> = files.values().filter_map(|file| file["document"]["payloadType"].as_str()).collect();
    let all: Vec<String> = Kind::ALL.iter().map(|kind| kind.payload_type()).collect();
    assert_eq!(kinds, all.iter().map(String::as_str).collect::<BTreeSet<&str>>());
    for kind in Kind::ALL {
        let name = format!("{kind}.json");
        assert_eq!(files.get(&name).map(|file| &file["kind"]), Some(&kind.to_string().into()), "{name}");
    }
}
