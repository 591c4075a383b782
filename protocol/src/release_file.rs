//! The file that proves an answer: everything in it can be recomputed offline from the charter.

use serde::{Deserialize, Serialize};

use crate::answer::{self, Answer, AnswerInput, Operators};
use crate::charter_chain::CharterChain;
use crate::digest::{Digest, Label};
use crate::document::query::Query;
use crate::document::release::Release;
use crate::document::share::Share;
use crate::document::study::{self, Study};
use crate::envelope::{Envelope, Verified};
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::inquiry::{Inquiry, chain_of};
use crate::sealed::OpeningKey;
use crate::share::CellShares;
use spelled::{Difference, Spelled};

mod spelled;

/// An answer with its certificate. The answer is for people and programs; the proof is what
/// [`ReleaseFile::verify`] recomputes it from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// Version of this file's shape: 1.
    pub sumac_release: u32,
    /// The answer.
    pub answer: Answer,
    /// What it is computed from.
    pub proof: Proof,
}

/// The signed parts of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The query, signed by a researcher.
    pub query: Envelope,
    /// The study, signed by the stewards.
    pub study: Envelope,
    /// Every member's share, signed, in committee order.
    pub shares: Vec<Envelope>,
}

impl ReleaseFile {
    /// Opens the sealed shares of an answered query and puts the release together.
    ///
    /// # Errors
    /// [`ReleaseError`] if a share cannot be opened, is not its member's, or disagrees.
    pub fn assemble(inquiry: &Inquiry, attempt: u8, key: &OpeningKey, sealed: &[Octets]) -> Result<Self, ReleaseError> {
        let committee = inquiry.committee(attempt).ok_or(ReleaseError::NoSuchAttempt { attempt })?;
        let open = |(member, sealed): (&Principal, &Octets)| {
            let aad = Digest::of(Label::AnswerSeal, &[inquiry.id().bytes(), &[attempt], member.bytes()]);
            let opened = key.open(Label::AnswerSeal, aad.bytes(), &sealed.0);
            let opened = opened.map_err(|_| ReleaseError::SealedToAnother { member: *member })?;
            Envelope::from_json(&opened).map_err(|why| ReleaseError::BadShare { member: *member, why: why.to_string() })
        };
        if sealed.len() != committee.len() {
            return Err(ReleaseError::Shares { have: sealed.len(), need: committee.len() });
        }
        let shares = committee.iter().zip(sealed).map(open).collect::<Result<Vec<_>, _>>()?;
        let (query, study) = (inquiry.query().envelope().clone(), inquiry.study().envelope().clone());
        let answer = compute(inquiry, &shares)?;
        Ok(Self { sumac_release: VERSION, answer, proof: Proof { query, study, shares } })
    }

    /// Re-checks a release file, given as text, against a charter: every signature, and every
    /// estimate, interval and n, recomputed.
    ///
    /// # Errors
    /// [`ReleaseError`]; for an altered answer it names the field.
    pub fn verify(text: &str, chain: &CharterChain) -> Result<Self, ReleaseError> {
        let written = Spelled::read(text).map_err(|why| ReleaseError::Malformed { why })?;
        let malformed = |why: String| ReleaseError::Malformed { why };
        let version = serde_json::from_str(text);
        let Version { sumac_release: got } =
            version.map_err(|_| malformed("it does not say `sumac_release`, the version of its shape".into()))?;
        if got != u64::from(VERSION) {
            return Err(ReleaseError::Version { got });
        }
        let certificate = serde_json::from_str(text);
        let Certificate { proof } =
            certificate.map_err(|why| malformed(spelled::placed("its `proof` is not whole", &why)))?;
        let inquiry = admit(&proof, chain)?;
        let answer = compute(&inquiry, &proof.shares)?;
        only_signed_by_its_signers(&inquiry, &proof)?;
        let file = Self { sumac_release: VERSION, answer, proof };
        let recomputed = serde_json::to_string(&file).map_err(|why| malformed(why.to_string()))?;
        let recomputed = Spelled::read(&recomputed).map_err(malformed)?;
        match written.first_difference(&recomputed) {
            None => Ok(file),
            Some(Difference { field, left, right }) => {
                Err(ReleaseError::Altered { field, written: left, recomputed: right })
            }
        }
    }
}

/// What is read of a file of any version.
#[derive(Deserialize)]
struct Version {
    sumac_release: u64,
}

/// What is read of a file of this version: never the answer, which is recomputed and compared.
#[derive(Deserialize)]
struct Certificate {
    proof: Proof,
}

/// Admits the query as of the earliest moment at which it could have been submitted, under the
/// charter that it names.
fn admit(proof: &Proof, chain: &CharterChain) -> Result<Inquiry, ReleaseError> {
    let query = proof.query.claim::<Query>().map_err(|why| ReleaseError::Malformed { why: why.to_string() })?;
    let (named, expires) = (query.peek().charter, query.peek().expires);
    let ours = chain.genesis_digest();
    let Some(chain) = chain_of(&proof.query, chain) else {
        let theirs = proof.study.claim::<Study>().map_or(ours, |study| study.peek().genesis);
        return Err(if ours == theirs {
            ReleaseError::OtherCharter { named }
        } else {
            ReleaseError::OtherFederation { ours, theirs }
        });
    };
    let now = Moment(expires.0.saturating_sub(chain.current().policy.query_lifetime_max_ms));
    let earliest = study::admit_study(&proof.study, &chain).map_or(now, |study| now.max(study.valid_from));
    Inquiry::admit(&proof.query, &proof.study, &chain, earliest)
        .map_err(|refused| ReleaseError::Query { code: refused.code, says: refused.says })
}

/// Checks that no envelope carries a signature besides those that were checked: a reader of the file
/// would see a signer who never signed.
fn only_signed_by_its_signers(inquiry: &Inquiry, proof: &Proof) -> Result<(), ReleaseError> {
    let one_each = proof.shares.iter().all(|share| share.signature_count() == 1);
    let strangers = [
        (proof.query.signature_count() != 1, "query"),
        (proof.study.signature_count() != inquiry.study().signers().len(), "study"),
        (!one_each, "shares"),
    ];
    match strangers.into_iter().find(|(found, _)| *found) {
        Some((_, what)) => {
            Err(ReleaseError::Malformed { why: format!("its `{what}` carries a signature that does not count") })
        }
        None => Ok(()),
    }
}

/// The answer that these shares add up to.
fn compute(inquiry: &Inquiry, shares: &[Envelope]) -> Result<Answer, ReleaseError> {
    let shares = check_shares(inquiry, shares)?;
    let first = shares.first().ok_or(ReleaseError::Shares { have: 0, need: 2 })?;
    let cells = inquiry.plan().cell_count();
    let mut sum = CellShares::zero(cells);
    for share in &shares {
        let one = CellShares::from_bytes(&share.cells.0, cells).map_err(|_| ReleaseError::Cells { want: cells })?;
        sum.add(&one).map_err(|_| ReleaseError::Cells { want: cells })?;
    }
    let release = Release::id(inquiry.id(), first.attempt, first.batch, first.opening);
    let policy = &inquiry.charter().policy;
    answer::answer(AnswerInput {
        plan: inquiry.plan(),
        study: &inquiry.study().id,
        release,
        rho: inquiry.query().rho,
        delta_per_1e12: policy.delta_per_1e12,
        operators: Operators { asked: u64::from(first.operators_asked), counted: u64::from(first.operators_counted) },
        cohort_min: u64::from(policy.cohort_min),
        aggregators: u32::try_from(shares.len()).unwrap_or(u32::MAX),
        suppressed: &first.suppressed,
        merged: &first.merged,
        released: &sum.to_integers(),
    })
    .map_err(|_| ReleaseError::Cells { want: cells })
}

/// Checks that the shares are those of one whole committee, and agree in everything but cells.
fn check_shares(inquiry: &Inquiry, envelopes: &[Envelope]) -> Result<Vec<Verified<Share>>, ReleaseError> {
    let claimed = envelopes.first().and_then(|e| e.claim::<Share>().ok());
    let attempt = claimed.ok_or(ReleaseError::Shares { have: 0, need: 2 })?.peek().attempt;
    let committee = inquiry.committee(attempt).ok_or(ReleaseError::NoSuchAttempt { attempt })?;
    if envelopes.len() != committee.len() {
        return Err(ReleaseError::Shares { have: envelopes.len(), need: committee.len() });
    }
    let mut shares: Vec<Verified<Share>> = Vec::with_capacity(envelopes.len());
    for (member, envelope) in committee.iter().zip(envelopes) {
        let share = envelope.claim::<Share>().and_then(|c| c.verify(member));
        let share = share.map_err(|why| ReleaseError::BadShare { member: *member, why: why.to_string() })?;
        if share.query != inquiry.id() || share.suppressed.len() != inquiry.plan().group_count() {
            return Err(ReleaseError::BadShare { member: *member, why: "it is of another query".into() });
        }
        if let Some(first) = shares.first() {
            let same = (share.attempt, share.batch, share.opening) == (first.attempt, first.batch, first.opening)
                && share.suppressed == first.suppressed
                && share.merged == first.merged
                && share.operators_asked == first.operators_asked
                && share.operators_counted == first.operators_counted;
            if !same {
                return Err(ReleaseError::Disagree { member: *member });
            }
        }
        shares.push(share);
    }
    Ok(shares)
}

/// Why a release cannot be put together or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// Not a release file.
    #[error("not a Sumac release: {why}")]
    Malformed {
        /// What the reader stumbled over.
        why: String,
    },
    /// A file of another version.
    #[error("a release file of version {got}; this program reads version {VERSION}")]
    Version {
        /// The version it says.
        got: u64,
    },
    /// The query was asked under a charter that is not in the given chain.
    #[error("the query was asked under charter {named}, which is not in the charter file")]
    OtherCharter {
        /// The charter it names.
        named: Digest,
    },
    /// The query was asked in another federation.
    #[error("the query was asked in the federation with genesis {theirs}, and the charter file is of {ours}")]
    OtherFederation {
        /// The genesis of the charter file.
        ours: Digest,
        /// The genesis that the release's study names.
        theirs: Digest,
    },
    /// The query itself does not hold.
    #[error("the query does not hold: {says}")]
    Query {
        /// The code of the refusal.
        code: String,
        /// The refusal.
        says: String,
    },
    /// There is no committee for this attempt.
    #[error("the charter lists no committee for attempt {attempt}")]
    NoSuchAttempt {
        /// The attempt.
        attempt: u8,
    },
    /// Not one share of each member.
    #[error("{have} shares, where the committee has {need} members")]
    Shares {
        /// How many there are.
        have: usize,
        /// How many there must be.
        need: usize,
    },
    /// A share that was not sealed to this query's key.
    #[error("the share of {member} cannot be opened with this query's key")]
    SealedToAnother {
        /// Whose share.
        member: Principal,
    },
    /// A share that does not hold.
    #[error("the share of {member} does not hold: {why}")]
    BadShare {
        /// Whose share.
        member: Principal,
        /// Why.
        why: String,
    },
    /// Shares that contradict each other.
    #[error("{member} signed a share of another batch, or another set of held-back groups, than the others")]
    Disagree {
        /// Whose share.
        member: Principal,
    },
    /// A share of another length.
    #[error("a share does not have the {want} cells of this question")]
    Cells {
        /// Cells of the plan.
        want: usize,
    },
    /// The answer was altered.
    #[error("`{field}` says {written}, and the signed shares say {recomputed}")]
    Altered {
        /// The path of the field.
        field: String,
        /// What the file says.
        written: String,
        /// What the shares add up to.
        recomputed: String,
    },
}

impl ReleaseError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "no-release",
            Self::Version { .. } => "release-version",
            Self::OtherCharter { .. } | Self::OtherFederation { .. } => "other-charter",
            Self::Query { .. } => "bad-query",
            Self::NoSuchAttempt { .. } => "no-such-attempt",
            Self::Shares { .. } => "shares-missing",
            Self::SealedToAnother { .. } => "sealed-to-another",
            Self::BadShare { .. } => "bad-share",
            Self::Disagree { .. } => "shares-disagree",
            Self::Cells { .. } => "cells-differ",
            Self::Altered { .. } => "altered",
        }
    }

    /// What the reader can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Altered { field, .. } => format!(
                "do not use this file; ask its sender for the release as it was made, `{field}` was changed since"
            ),
            Self::OtherCharter { .. } | Self::OtherFederation { .. } => {
                "give the charter file of the federation that answered, with all its epochs".into()
            }
            Self::Version { .. } => "use the release of Sumac that made the file, or a newer one".into(),
            Self::SealedToAnother { .. } => "resume with the key kept for this very query".into(),
            Self::Malformed { .. } => {
                "name the file that `sumac ask` wrote; if it is that one, ask its sender for it as it was made".into()
            }
            Self::Query { .. }
            | Self::NoSuchAttempt { .. }
            | Self::Shares { .. }
            | Self::BadShare { .. }
            | Self::Disagree { .. }
            | Self::Cells { .. } => "do not use this file; ask its sender for the release as it was made".into(),
        }
    }
}

const VERSION: u32 = 1;
