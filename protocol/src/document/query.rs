//! Queries: a researcher's signed question, and whether it may be asked.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::Kind;
use crate::document::wording::prose_flaw;
use crate::envelope::Document;
use crate::limits::{ANSWER_KEY_BYTES, NONCE_BYTES, QUERY_BYTES_MAX};
use crate::moment::Moment;
use crate::octets::Octets;
use crate::plan::SEMANTICS_VERSION;
use crate::principal::Principal;

#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub use admission::admit_query;
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub use error::QueryError;

mod admission;
mod error;

/// A researcher's question. Its id is the digest of its envelope, so one id means one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The digest of the study it belongs to.
    pub study: Digest,
    /// The digest of the charter in force when it was asked. The round ends under this charter.
    pub charter: Digest,
    /// The hub that runs it.
    pub coordinator: Principal,
    /// The question in Sumac's dialect of SQL, at most 8 KiB.
    pub text: String,
    /// Its cost to each patient in the cohort; 0 in an exact study.
    pub rho: RhoMicro,
    /// The digest of the plan that the researcher's own node derived from all of this.
    pub plan: Digest,
    /// The version of the meaning of questions ([`SEMANTICS_VERSION`]) it was asked in.
    pub semantics: u32,
    /// 16 random bytes, so that the same question asked again is another query.
    pub nonce: Octets,
    /// When everybody stops working on it.
    pub expires: Moment,
    /// A fresh X25519 public key, 32 bytes: shares of the answer are sealed to it with HPKE.
    pub answer_key: Octets,
}

impl Document for Query {
    const KIND: Kind = Kind::Query;
}

impl Query {
    /// Whether the query agrees with itself and with the limits of the protocol. Says nothing about
    /// who signed it or whether its study allows it.
    ///
    /// # Errors
    /// [`QueryError::Text`], [`QueryError::Length`], [`QueryError::AnswerKey`] or
    /// [`QueryError::Semantics`].
    pub fn check(&self) -> Result<(), QueryError> {
        if let Some(flaw) = prose_flaw(&self.text, QUERY_BYTES_MAX) {
            return Err(QueryError::Text { flaw });
        }
        for (what, bytes, want) in
            [("nonce", &self.nonce, NONCE_BYTES), ("answer_key", &self.answer_key, ANSWER_KEY_BYTES)]
        {
            if bytes.0.len() != want {
                return Err(QueryError::Length { what, got: bytes.0.len(), want });
            }
        }
        // Of the points of small order, with which every agreed secret is known to all, the one that
        // a forgotten key looks like. HPKE refuses all of them when it seals (RFC 9180 §7.1.4).
        if self.answer_key.0.iter().all(|byte| *byte == 0) {
            return Err(QueryError::AnswerKey);
        }
        if self.semantics != SEMANTICS_VERSION {
            return Err(QueryError::Semantics { got: self.semantics });
        }
        Ok(())
    }
}
