//! What nodes ask each other about charters and studies, as CBOR.
//!
//! It stands apart from [`crate::round::message`], because it passes between nodes that live under different charters,
//! who have nothing else to say to each other. Nothing of an answer is believed: charters and studies are signed, and
//! count by their signatures alone.

use serde::{Deserialize, Serialize};

use crate::charter_chain::CharterChain;
use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::round::progress::Refused;

/// A question about papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete: a node must know what to do with every question")]
pub enum Ask {
    /// Which charters came after this epoch?
    Charters {
        /// The newest that the asker has.
        since: u64,
    },
    /// What do these studies say?
    Studies {
        /// Their digests, as the charter lists them.
        digests: Vec<Digest>,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete: a node must know what to do with every answer")]
pub enum Told {
    /// Charters in the order of their epochs, as many as fit; whoever is still behind asks again.
    Charters(Vec<Envelope>),
    /// Those of the studies that are known, as many as fit.
    Studies(Vec<Envelope>),
    /// Neither, and why.
    Refused(Refused),
}

/// The charters of a chain after an epoch: whole, in order, and of at most [`PAPERS_BYTES_MAX`] bytes together.
#[must_use]
pub fn charters_since(chain: &CharterChain, since: u64) -> Vec<Envelope> {
    fitting(chain.epochs().filter(|charter| charter.epoch > since).map(|charter| charter.envelope().clone()))
}

/// As many of these, from the first, as fit one answer.
#[must_use]
pub fn fitting(papers: impl IntoIterator<Item = Envelope>) -> Vec<Envelope> {
    let mut left = PAPERS_BYTES_MAX;
    let fits = |paper: &Envelope| {
        let bytes = paper.to_json().len();
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    papers.into_iter().take_while(fits).collect()
}

/// Most bytes of papers in one answer, as JSON: some short of what an answer may be, and above any single one.
pub const PAPERS_BYTES_MAX: usize = 3 << 20;

// The largest document is told.
const _: () = assert!(crate::limits::DOCUMENT_BYTES_MAX * 2 < PAPERS_BYTES_MAX);

#[cfg(test)]
mod tests {
    use super::{Ask, Told, fitting};
    use crate::digest::Digest;
    use crate::round::message::{decode, encode};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn questions_and_answers_keep_their_bytes() {
        let charters = Ask::Charters { since: 7 };
        let studies = Ask::Studies { digests: vec![Digest([1; 32])] };
        let cases = [
            (hex(&encode(&charters)), "a16863686172746572 73a16573696e636507".replace(' ', "")),
            (hex(&encode(&Told::Charters(Vec::new()))), "a1686368617274657273 80".replace(' ', "")),
            (hex(&encode(&Told::Studies(Vec::new()))), "a16773747564696573 80".replace(' ', "")),
        ];
        for (have, want) in cases {
            assert_eq!(have, want);
        }
        for ask in [charters, studies] {
            assert_eq!(decode::<Ask>(&encode(&ask)), Ok(ask));
        }
        assert!(decode::<Ask>(&encode(&Told::Studies(Vec::new()))).is_err(), "an answer is no question");
        assert!(fitting(Vec::new()).is_empty());
    }
}
