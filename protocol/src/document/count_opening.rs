//! The noised counts that the committee opened, signed by each member over the same bytes.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Label};
use crate::document::Kind;
use crate::envelope::Document;

/// The sum of all members' noised count cells. If two members sign different ones, all stop.
///
/// Its digest stands in every release and is known to every clinic. So nothing in it may be found by trying numbers: held-back
/// cells are 0, and `all`, which binds the members to every cell, is made with a key that the committee alone has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountOpening {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The frozen batch, by its hash.
    pub batch: Digest,
    /// The opened cells that count people, as they are shown, group by group: 0 in groups that are held back, and in bins
    /// that were merged into another. Sums of more than two values are in `all` alone: a document's integers end at 2^53.
    pub counts: Vec<i64>,
    /// [`CountOpening::all`] of the cells as they were opened.
    pub all: Digest,
}

impl CountOpening {
    /// What binds a member to all opened cells and tells nobody else of any: their digest under a key of the attempt that no other has.
    #[must_use]
    pub fn all(count_key: &[u8; 32], opened: &[i64]) -> Digest {
        let cells: Vec<u8> = opened.iter().flat_map(|cell| cell.to_le_bytes()).collect();
        Digest::of(Label::OpenedCells, &[count_key, &cells])
    }
}

impl Document for CountOpening {
    const KIND: Kind = Kind::CountOpening;
}

#[cfg(test)]
mod tests {
    use super::CountOpening;

    #[test]
    fn counts_that_are_held_back_change_nothing_that_others_could_guess() {
        let [mine, guessed] = [[7_u8; 32], [0; 32]];
        let opened = [3, 40, 30];
        let all = CountOpening::all(&mine, &opened);
        let guesses = (0..100).map(|count| CountOpening::all(&guessed, &[count, 40, 30]));
        assert_eq!(
            guesses.filter(|guess| *guess == all).count(),
            0,
            "without the committee's key no guess is confirmed"
        );
        assert_ne!(CountOpening::all(&mine, &[4, 40, 30]), all, "members are bound to every cell");
    }
}
