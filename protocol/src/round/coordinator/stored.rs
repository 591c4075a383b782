//! What of a query survives the coordinator's restart: everything but the clock of its step.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::Desk;
use crate::round::attempt::Attempt;
use crate::round::coordinator::case::{Case, CaseStage};
use crate::round::inquiry::Inquiry;
use crate::round::message::UploadParts;
use crate::round::progress::Refused;

/// The stored form of a query. Uploads are kept apart, as [`StoredUpload`]s.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredCase {
    query: Envelope,
    study: Envelope,
    submitted: Moment,
    attempt: u8,
    stage: StoredCaseStage,
    abstained: Vec<(Principal, Refused)>,
    voids: Vec<(u8, Principal, Envelope)>,
    skipped: Vec<u8>,
    ending_kept: Vec<Principal>,
}

/// The stored form of one upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredUpload {
    /// The query it is for.
    pub query: Digest,
    /// The attempt it is for.
    pub attempt: u8,
    /// The upload.
    pub parts: UploadParts,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum StoredCaseStage {
    Committing,
    Collecting { commitments: Vec<Envelope>, closes: Moment },
    Freezing { commitments: Vec<Envelope>, batch: Vec<Digest> },
    Verifying { commitments: Vec<Envelope>, freezes: Vec<Envelope> },
    Opening { commitments: Vec<Envelope>, manifests: Vec<Envelope>, answers: Vec<(Principal, Octets, Envelope)> },
    Voiding { why: Refused },
    Answered { manifests: Vec<Envelope>, shares: Vec<Octets>, releases: Vec<Envelope> },
    Over { why: Refused },
}

impl StoredCase {
    pub(super) fn of(case: &Case) -> Self {
        let commitments = Attempt::commitment_envelopes;
        let stage = match &case.stage {
            CaseStage::Committing { .. } => StoredCaseStage::Committing,
            CaseStage::Collecting { attempt, closes, .. } => {
                StoredCaseStage::Collecting { commitments: commitments(attempt), closes: *closes }
            }
            CaseStage::Freezing { attempt, uploads, .. } => StoredCaseStage::Freezing {
                commitments: commitments(attempt),
                batch: uploads.values().map(|u| u.upload.digest()).collect(),
            },
            CaseStage::Verifying { attempt, freezes, .. } => {
                StoredCaseStage::Verifying { commitments: commitments(attempt), freezes: freezes.clone() }
            }
            CaseStage::Opening { attempt, manifests, answers } => StoredCaseStage::Opening {
                commitments: commitments(attempt),
                manifests: manifests.clone(),
                answers: answers
                    .iter()
                    .map(|(who, (sealed, release))| (*who, sealed.clone(), release.clone()))
                    .collect(),
            },
            CaseStage::Voiding { why } => StoredCaseStage::Voiding { why: why.clone() },
            CaseStage::Answered { manifests, shares, releases } => StoredCaseStage::Answered {
                manifests: manifests.clone(),
                shares: shares.clone(),
                releases: releases.clone(),
            },
            CaseStage::Over { why } => StoredCaseStage::Over { why: why.clone() },
        };
        Self {
            query: case.inquiry.query().envelope().clone(),
            study: case.inquiry.study().envelope().clone(),
            submitted: case.submitted,
            attempt: case.number,
            stage,
            abstained: case.abstained.iter().map(|(who, why)| (*who, why.clone())).collect(),
            voids: case.voids.iter().map(|((n, who), note)| (*n, *who, note.clone())).collect(),
            skipped: case.skipped.iter().copied().collect(),
            ending_kept: case.ending_kept.iter().copied().collect(),
        }
    }
}

/// Takes up a query where it stood. It is admitted as of the moment it was submitted: what was
/// valid then is finished, or voided, even if the study has ended since.
pub(super) fn revive<R: CryptoRng>(stored: StoredCase, uploads: &[StoredUpload], desk: &Desk<'_, R>) -> Option<Case> {
    let inquiry = Inquiry::resume(&stored.query, &stored.study, desk.chain, stored.submitted).ok()?;
    let number = stored.attempt;
    let admit = |commitments: &[Envelope]| Attempt::admit(&inquiry, number, commitments).ok();
    let mine = |keep: &dyn Fn(&UploadParts) -> bool, attempt: &Attempt| -> BTreeMap<Principal, UploadParts> {
        let here = uploads.iter().filter(|u| u.query == inquiry.id() && u.attempt == number && keep(&u.parts));
        here.filter_map(|u| Some((attempt.check_upload(&inquiry, &u.parts).ok()?.clinic, u.parts.clone()))).collect()
    };
    let stage = match stored.stage {
        StoredCaseStage::Committing => CaseStage::Committing { commitments: BTreeMap::new() },
        StoredCaseStage::Collecting { commitments, closes } => {
            let attempt = admit(&commitments)?;
            CaseStage::Collecting { uploads: mine(&|_| true, &attempt), attempt, closes }
        }
        StoredCaseStage::Freezing { commitments, batch } => {
            let attempt = admit(&commitments)?;
            let uploads = mine(&|parts| batch.contains(&parts.upload.digest()), &attempt);
            CaseStage::Freezing { uploads, attempt, freezes: BTreeMap::new() }
        }
        StoredCaseStage::Verifying { commitments, freezes } => {
            CaseStage::Verifying { attempt: admit(&commitments)?, freezes, manifests: BTreeMap::new() }
        }
        StoredCaseStage::Opening { commitments, manifests, answers } => CaseStage::Opening {
            attempt: admit(&commitments)?,
            manifests,
            answers: answers.into_iter().map(|(who, sealed, release)| (who, (sealed, release))).collect(),
        },
        StoredCaseStage::Voiding { why } => CaseStage::Voiding { why },
        StoredCaseStage::Answered { manifests, shares, releases } => {
            CaseStage::Answered { manifests, shares, releases }
        }
        StoredCaseStage::Over { why } => CaseStage::Over { why },
    };
    let mut case = Case::new(inquiry, desk.now);
    case.submitted = stored.submitted;
    case.number = number;
    case.abstained = stored.abstained.into_iter().collect();
    case.voids = stored.voids.into_iter().map(|(n, who, note)| ((n, who), note)).collect();
    case.skipped = stored.skipped.into_iter().collect();
    case.ending_kept = stored.ending_kept.into_iter().collect();
    case.enter(stage, desk.now);
    Some(case)
}
