//! Columns: which there are, and how a value lies in one.
//!
//! A value is its distance from the smallest that the dictionary allows, unsigned and little-endian, in the
//! fewest bytes of 1, 2 or 4 that leave one pattern free: all ones, for "missing". Packed categories are the
//! exception: there, missing is a digit of its own.

/// Which column of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ColumnId(u32);

impl ColumnId {
    /// The patient's row, for each course.
    pub(crate) const OWNER: Self = Self(0);

    /// The same, as the distance from the row of the course before.
    pub(crate) const OWNER_STEP: Self = Self(1);

    /// Whether it says whose courses they are.
    pub(crate) fn is_owner(self) -> bool {
        self == Self::OWNER || self == Self::OWNER_STEP
    }

    /// A byte of packed categories, by its number.
    pub(crate) fn packed(number: u16) -> Self {
        Self(1 << 28 | u32::from(number))
    }

    /// A number field, by its place in the dictionary.
    pub(crate) fn number(field: u16) -> Self {
        Self(2 << 28 | u32::from(field))
    }

    /// Baselines of an instrument, by the dictionary's rule.
    pub(crate) fn baseline(instrument: u16) -> Self {
        Self(5 << 28 | Self::place(instrument, 0, 0))
    }

    /// Totals of an instrument in a slot of days; the second of two in one slot is in lane 1, and so on.
    pub(crate) fn score(instrument: u16, slot: u8, lane: u8) -> Self {
        Self(3 << 28 | Self::place(instrument, slot, lane))
    }

    /// The days of those totals, from the slot's first.
    pub(crate) fn day(instrument: u16, slot: u8, lane: u8) -> Self {
        Self(4 << 28 | Self::place(instrument, slot, lane))
    }

    /// Its number on disk.
    pub(crate) const fn number_on_disk(self) -> u32 {
        self.0
    }

    /// The column of that number on disk, whether or not there is one.
    pub(crate) const fn from_disk(number: u32) -> Self {
        Self(number)
    }

    fn place(instrument: u16, slot: u8, lane: u8) -> u32 {
        u32::from(instrument) << 12 | u32::from(slot) << 4 | u32::from(lane & 0xF)
    }
}

/// Lanes of a slot: so many assessments of one instrument in one slot of days are kept in columns.
pub(crate) const LANES: u8 = 8;

/// How many bytes one value takes. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    One,
    Two,
    Four,
}

impl Width {
    /// The narrowest for distances up to `most`, with room for "missing".
    pub(crate) const fn of(most: u32) -> Option<Self> {
        match most {
            0..=0xFE => Some(Self::One),
            0xFF..=0xFFFE => Some(Self::Two),
            0xFFFF..=0xFFFF_FFFE => Some(Self::Four),
            u32::MAX => None,
        }
    }

    /// Bytes of one value.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Adds a value; its upper bytes, which are zero, are left out.
    pub(crate) fn put(self, value: u32, into: &mut Vec<u8>) {
        let [a, b, c, d] = value.to_le_bytes();
        match self {
            Self::One => into.push(a),
            Self::Two => into.extend_from_slice(&[a, b]),
            Self::Four => into.extend_from_slice(&[a, b, c, d]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnId, LANES, Width};
    use crate::columns::calendar::SLOTS;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_columns_have_one_number() {
        let mut seen = BTreeSet::from([ColumnId::OWNER, ColumnId::OWNER_STEP]);
        for index in [0, 1, 2, 255, 256, 65_535] {
            assert!(seen.insert(ColumnId::packed(index)) && seen.insert(ColumnId::number(index)));
            assert!(seen.insert(ColumnId::baseline(index)));
            for (slot, lane) in (0..SLOTS).flat_map(|slot| (0..LANES).map(move |lane| (slot, lane))) {
                assert!(seen.insert(ColumnId::score(index, slot, lane)));
                assert!(seen.insert(ColumnId::day(index, slot, lane)));
            }
        }
    }

    #[test]
    fn a_width_leaves_room_for_missing() {
        let cases = [(0, 1), (254, 1), (255, 2), (65_534, 2), (65_535, 4), (u32::MAX - 1, 4)];
        for (most, bytes) in cases {
            assert_eq!(Width::of(most).map(Width::bytes), Some(bytes), "{most}");
        }
        assert_eq!(Width::of(u32::MAX), None);
    }
}
