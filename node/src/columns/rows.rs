//! A flat set of rows, one bit each, for scanning: asking a roaring bitmap row by row costs ten times as much.

use roaring::RoaringBitmap;

/// A set of rows from 0 on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowBits {
    words: Vec<u64>,
}

impl RowBits {
    /// All rows from 0 up to `rows`.
    #[must_use]
    pub fn all(rows: usize) -> Self {
        let mut words = vec![u64::MAX; rows / WORD_ROWS];
        if !rows.is_multiple_of(WORD_ROWS) {
            words.push((1 << (rows % WORD_ROWS)) - 1);
        }
        Self { words }
    }

    /// The rows of a roaring bitmap.
    #[must_use]
    pub fn of(rows: &RoaringBitmap) -> Self {
        let mut bits = Self::default();
        rows.iter().for_each(|row| bits.insert(row));
        bits
    }

    /// The rows as a roaring bitmap, for keeping.
    #[must_use]
    pub fn to_roaring(&self) -> RoaringBitmap {
        self.iter().collect()
    }

    /// Adds a row.
    pub fn insert(&mut self, row: u32) {
        let at = place(row).0;
        if self.words.len() <= at {
            self.words.resize(at.saturating_add(1), 0);
        }
        if let Some(word) = self.words.get_mut(at) {
            *word |= place(row).1;
        }
    }

    /// Takes a row out.
    pub fn remove(&mut self, row: u32) {
        let (at, bit) = place(row);
        if let Some(word) = self.words.get_mut(at) {
            *word &= !bit;
        }
    }

    /// Whether a row is in it.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        let (at, bit) = place(row);
        self.words.get(at).is_some_and(|word| word & bit != 0)
    }

    /// How many rows are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether no row is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The rows, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.words).flat_map(|(at, word)| ones(*word).map(move |bit| at << 6 | bit))
    }

    /// 64 rows a word, beginning with row 0 in the lowest bit.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn words_mut(&mut self) -> &mut Vec<u64> {
        &mut self.words
    }
}

impl FromIterator<u32> for RowBits {
    fn from_iter<I: IntoIterator<Item = u32>>(rows: I) -> Self {
        let mut bits = Self::default();
        rows.into_iter().for_each(|row| bits.insert(row));
        bits
    }
}

/// The places of the bits that are set, ascending.
pub(crate) fn ones(word: u64) -> impl Iterator<Item = u32> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let bit = rest.trailing_zeros();
        rest &= rest.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit)
    })
}

fn place(row: u32) -> (usize, u64) {
    (usize::try_from(row >> 6).unwrap_or(usize::MAX), 1 << (row & 63))
}

/// Rows of one word.
pub(crate) const WORD_ROWS: usize = 64;

#[cfg(test)]
mod tests {
    use super::RowBits;
    use roaring::RoaringBitmap;

    #[test]
    fn flat_and_roaring_hold_the_same_rows() {
        let rows = [0, 1, 63, 64, 65, 127, 128, 70_000];
        let mut flat = RowBits::of(&RoaringBitmap::from_iter(rows));
        assert_eq!(flat.iter().collect::<Vec<_>>(), rows);
        assert_eq!(flat.len(), 8);
        assert!(flat.contains(63) && !flat.contains(62) && !flat.contains(u32::MAX));
        flat.remove(63);
        flat.remove(1_000_000);
        assert_eq!(flat.to_roaring().len(), 7);
    }

    #[test]
    fn all_rows_end_where_they_should() {
        for rows in [0_u32, 1, 63, 64, 65, 128] {
            let all = RowBits::all(usize::try_from(rows).unwrap());
            assert_eq!(all.len(), u64::from(rows));
            assert!(!all.contains(rows), "{rows}");
        }
    }
}
