//! What a patient is told, and how it is sealed so that its size says next to nothing.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::ask::Ask;
use sumac_protocol::document::consent::Grant;
use sumac_protocol::envelope::Verified;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::Moment;
use sumac_protocol::plan::Mode;
use sumac_protocol::sealed::{OpeningKey, SealError};
use zeroize::Zeroizing;

use crate::export::Held;

/// An answer to a patient. Complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// To a key that is not enrolled here, or not any more: always true.
    Unknown(bool),
    /// Where the patient stands.
    Status(Box<StatusNow>),
    /// What the next statement must name.
    Next {
        /// Its sequence.
        sequence: u64,
        /// The digest of the statement before it.
        previous: Option<Digest>,
    },
    /// The receipts of all statements, the oldest first.
    Receipts(Vec<Receipt>),
    /// The answered questions that the patient was counted in, the oldest first.
    Uses(Vec<UseLine>),
    /// Everything that is held.
    Record(Box<Held>),
}

/// Where a patient stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StatusNow {
    /// `none`, `granted`, `not_yet`, `expired`, `withdrawn` or `contradictory`.
    pub standing: String,
    /// What is allowed now or, where it is not in force, was allowed last; none if nothing is.
    pub granted: Option<GrantedNow>,
    /// How many statements of this patient the ledger holds.
    pub statements: u64,
    /// The digest of the newest, which the next one names.
    pub newest: Option<Digest>,
    /// The sequence of the next.
    pub next_sequence: u64,
    /// What was paid in the last 365 days, and may not be given back.
    pub spent_year: RhoMicro,
    /// The clinic's clock.
    pub at: Moment,
}

/// A grant that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GrantedNow {
    /// What it says, less the purposes that were withdrawn since.
    pub grant: Grant,
    /// When it was signed.
    pub made_at: Moment,
}

/// One answered question that a patient was counted in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UseLine {
    /// The query.
    pub query: Digest,
    /// The study's title.
    pub title: String,
    /// What the study is about, in words for patients.
    pub lay_summary: String,
    /// Whether the answer carried noise.
    pub mode: Mode,
    /// When the patient was selected.
    pub at: Moment,
    /// What it cost.
    pub rho: RhoMicro,
    /// The charter's δ, in units of 10^-12, for the ε of that cost.
    pub delta_per_1e12: u64,
    /// The release.
    pub release: Digest,
}

impl Answer {
    /// Seals the answer to the ask's own key, in one of [`ANSWER_SIZES`] or, beyond them, in whole MiB. None where it
    /// cannot be written.
    pub(super) fn seal(&self, ask: &Verified<Ask>) -> Option<Vec<u8>> {
        let mut text = Zeroizing::new(serde_json::to_vec(self).ok()?);
        let size = padded(text.len());
        let mut plain = Zeroizing::new(Vec::with_capacity(size));
        plain.append(&mut text);
        plain.resize(size, b' ');
        let mut rng = UnwrapErr(SysRng);
        ask.reply_to.seal(Label::PatientSeal, ask.digest().bytes(), &plain, &mut rng).ok()
    }
}

/// Opens a sealed answer with the key that was made for it. `ask` is the digest of the signed ask.
///
/// # Errors
/// What is wrong with it, in words: it is not for this key and this ask, or this program cannot read it.
pub fn open_answer(key: &OpeningKey, ask: &Digest, sealed: &[u8]) -> Result<Answer, String> {
    let opened = key.open(Label::PatientSeal, ask.bytes(), sealed).map_err(|why: SealError| why.to_string())?;
    serde_json::from_slice(&opened).map_err(|why| why.to_string())
}

/// The size that an answer of so many bytes is padded to.
fn padded(len: usize) -> usize {
    let fixed = ANSWER_SIZES.into_iter().find(|size| len <= *size);
    fixed.unwrap_or_else(|| len.next_multiple_of(1 << 20))
}

/// Sizes of answers before they are sealed, in bytes.
pub const ANSWER_SIZES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1024 << 10];

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn answers_come_in_few_sizes() {
        let cases = [
            (0, 4_096, "nothing"),
            (4_096, 4_096, "just fits"),
            (4_097, 16_384, "one more"),
            (1 << 20, 1 << 20, "the largest fixed size"),
            ((1 << 20) + 1, 2 << 20, "then whole MiB"),
        ];
        for (len, size, why) in cases {
            assert_eq!(padded(len), size, "{why}");
        }
    }
}
