//! Golden files of one answered query: what its committee, a clinic and its researcher sign.

use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::manifest::Verdict;
use sumac_protocol::document::study::admit_study;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::recovery::admit_recovery;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::message::BatchUpload;

use crate::cast::{Anna, Ben, Harbour, Ines, Linden, Mill, Ridge};
use crate::golden::{golden, read_back};
use crate::refused_round::{answered, relayed};
use crate::trial::{
    COMMITTEE, attempt, chain, clinics, commitment, commitments, count_opening, freeze, inquiry, manifest,
    public_share, query, recovery, relay, release, sealed_shares, share, study, upload, void,
};

/// The files, and the chain of charters that they hang from.
pub(crate) fn files() -> Vec<(String, String)> {
    let refuted = manifest(Verdict::ProofFailed);
    let unreadable = manifest(Verdict::Unreadable);
    let two_trees = manifest(Verdict::TwoTrees);
    let two_messages = manifest(Verdict::TwoMessages);
    vec![
        ("chain-hamd.json".into(), chain().to_json() + "\n"),
        golden("study-hamd", "the study of the round below", &study(), &[Anna, Ben]),
        golden("query-hamd", "the query of the round below, with its plan's digest", &query(), &[Ines]),
        golden("commitment", "a member's commitments, with a sealed note", &commitment(Harbour), &[Harbour]),
        golden("upload", "a clinic's contribution", &upload(Mill), &[Mill]),
        golden("freeze", "a member's word that the batch is fixed", &freeze(Harbour), &[Harbour]),
        golden("manifest", "verdicts, signed by all: one proof failed", &refuted, &COMMITTEE),
        golden("manifest-unreadable", "verdicts: one share was unreadable", &unreadable, &[Linden]),
        golden("manifest-two-trees", "verdicts: one clinic signed two ledgers", &two_trees, &[Linden]),
        golden(
            "manifest-two-messages",
            "verdicts: one clinic signed two messages of one number",
            &two_messages,
            &[Linden],
        ),
        golden("void", "a member's word that the attempt came to nothing", &void(Harbour), &[Harbour]),
        golden("count-opening", "the opened counts, signed by all", &count_opening(), &COMMITTEE),
        golden("share", "a member's noised share of the answer", &share(Harbour), &[Harbour]),
        golden("release", "the committee's word to the clinics", &release(), &COMMITTEE),
        golden("relay", "the cover of a reveal, from member to member", &relay(), &[Harbour]),
        golden("recovery", "a member's word about the newest that it saw of a clinic", &recovery(), &[Ridge]),
    ]
}

#[test]
fn every_golden_file_of_a_round_is_read_back_verified_and_taken_by_its_role() {
    admit_study(&read_back("study-hamd", &study()), &chain()).unwrap();
    assert_eq!(read_back("query-hamd", &query()).digest(), inquiry().id());

    let harbours = read_back("commitment", &commitment(Harbour));
    assert_eq!(attempt().commitments()[0].digest(), harbours.digest());

    let upload = read_back("upload", &upload(Mill));
    let sealed_share = sealed_shares(Mill).remove(0);
    let parts = BatchUpload { upload, public_share: public_share(Mill), sealed_share };
    let upload = attempt().check_batch_upload(&inquiry(), 0, &parts).unwrap();
    assert_eq!(upload.clinic, Mill.key());

    read_back("freeze", &freeze(Harbour));
    read_back("void", &void(Harbour));
    read_back("count-opening", &count_opening());
    read_back("release", &release());
    for (name, quay) in [
        ("manifest", Verdict::ProofFailed),
        ("manifest-unreadable", Verdict::Unreadable),
        ("manifest-two-trees", Verdict::TwoTrees),
        ("manifest-two-messages", Verdict::TwoMessages),
    ] {
        let manifest = manifest(quay);
        read_back(name, &manifest);
        assert_eq!(manifest.accepted().count(), 4, "{name}");
        assert!(manifest.verdicts.is_sorted_by(|a, b| a.clinic < b.clinic), "{name}");
    }

    let said = recovery();
    let asked = (&said.challenge, said.since);
    let seen = admit_recovery(&read_back("recovery", &said), &Ridge.key(), &Mill.key(), asked).unwrap();
    assert_eq!(seen.newest().map(|newest| newest.counter), Some(upload.counter));

    assert_eq!(answered(&read_back("share", &share(Harbour))), None);
    assert_eq!(relayed(&read_back("relay", &relay())), None);
}

#[test]
fn the_three_golden_shares_add_up_to_an_answer_of_both_arms() {
    let sealed = crate::refused_round::sealed_answers(&crate::trial::by_each(share));
    let file = ReleaseFile::assemble(&inquiry(), 1, &crate::trial::answer_key(), &sealed).unwrap();
    assert_eq!(file.proof.shares.len(), COMMITTEE.len());
    let text = serde_json::to_string(&file).unwrap();
    assert_eq!(ReleaseFile::verify(&text, &chain()).unwrap(), file, "verified offline");
    assert!(text.contains("drug") && text.contains("placebo"));
}

#[test]
fn what_binds_a_round_together_is_hashed_as_the_specification_says() {
    let hash = |label: &str, parts: &[&[u8]]| {
        let mut bytes = format!("sumac/1/{label}\0").into_bytes();
        for part in parts {
            bytes.extend(u64::try_from(part.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(part);
        }
        Digest::of_bytes(&bytes)
    };
    let (query, one) = (inquiry().id(), [1_u8]);
    let uploads: Vec<_> =
        clinics().into_iter().map(|who| (who.key(), upload(who), crate::trial::upload_parts(who))).collect();
    let digests: Vec<Digest> = uploads.iter().map(|(_, _, parts)| parts.upload.digest()).collect();
    let mut parts: Vec<&[u8]> = vec![query.bytes(), &one];
    for ((clinic, upload, _), digest) in uploads.iter().zip(&digests) {
        parts.extend([clinic.bytes().as_slice(), &upload.nonce.0, digest.bytes()]);
    }
    let batch = hash("manifest", &parts);
    assert_eq!(freeze(Ridge).manifest, batch, "batch");

    let opening = crate::cast::signed(&count_opening(), &[]).digest();
    let id = hash("release", &[query.bytes(), &one, batch.bytes(), opening.bytes()]);
    assert_eq!(release().id, id, "release");
    assert_eq!(upload(Mill).public_share, hash("public-share", &[&public_share(Mill).0]), "public share");
    assert_eq!(upload(Mill).sealed_shares[2], hash("sealed-share", &[&sealed_shares(Mill)[2].0]), "sealed share");
    assert_eq!(relay().body, hash("relay-body", &[&crate::trial::relayed_body().0]), "relayed body");
    assert_eq!(Digest::of(Label::VerifyKeyCommitment, &[&[111; 32]]), hash("verify-key-commitment", &[&[111; 32]]));
    let named: Vec<Digest> = commitments().iter().map(Envelope::digest).collect();
    assert_eq!(upload(Mill).commitments, named, "commitments");
}
