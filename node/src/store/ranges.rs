//! Sequence numbers that are gone, as ranges: what an erasure or a compaction lists.

use std::collections::BTreeMap;

use super::bytes::Reader;

/// Whole numbers in disjoint ranges that do not touch, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// First number of each range, and its last.
    ranges: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds all numbers from `first` to `last`; nothing if `last` is before `first`.
    pub(crate) fn add(&mut self, first: u64, last: u64) {
        if last < first {
            return;
        }
        let (mut first, mut last) = (first, last);
        while let Some((from, until)) = self.touching(first, last) {
            self.ranges.remove(&from);
            (first, last) = (first.min(from), last.max(until));
        }
        self.ranges.insert(first, last);
    }

    /// Adds all of another's.
    pub(crate) fn join(&mut self, other: &Self) {
        other.iter().for_each(|(first, last)| self.add(first, last));
    }

    /// Whether every number from `first` to `last` is in.
    pub(crate) fn covers(&self, first: u64, last: u64) -> bool {
        self.ranges.range(..=first).next_back().is_some_and(|(_, until)| *until >= last)
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.covers(number, number)
    }

    /// The largest number that is in.
    pub(crate) fn last(&self) -> Option<u64> {
        self.ranges.last_key_value().map(|(_, until)| *until)
    }

    /// First and last number of each range, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().map(|(first, last)| (*first, *last))
    }

    /// The ranges in parts that each take at most about `bytes_max` bytes; none if there are no ranges.
    pub(crate) fn encode_in_parts(&self, bytes_max: usize) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        let mut part = Vec::new();
        let mut before = 0;
        for (first, last) in self.iter() {
            if part.len() >= bytes_max {
                parts.push(std::mem::take(&mut part));
                before = 0;
            }
            number(first.saturating_sub(before), &mut part);
            number(last.saturating_sub(first), &mut part);
            before = last;
        }
        if !part.is_empty() {
            parts.push(part);
        }
        parts
    }

    /// Reads one part back; `None` for anything that [`Self::encode_in_parts`] does not write.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut ranges = BTreeMap::new();
        let mut before: Option<u64> = None;
        while reader.end().is_none() {
            let first = before.unwrap_or(0).checked_add(read_number(&mut reader)?)?;
            let last = first.checked_add(read_number(&mut reader)?)?;
            if before.is_some_and(|before| first <= before.saturating_add(1)) {
                return None;
            }
            ranges.insert(first, last);
            before = Some(last);
        }
        Some(Self { ranges })
    }

    /// A range that overlaps `first..=last` or stands right beside it.
    fn touching(&self, first: u64, last: u64) -> Option<(u64, u64)> {
        let reach = last.saturating_add(1);
        let (from, until) = self.ranges.range(..=reach).next_back()?;
        (until.saturating_add(1) >= first).then_some((*from, *until))
    }
}

/// Seven bits a byte, the lowest first; all but the last have the highest bit set (LEB128).
fn number(mut value: u64, into: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            into.push(low & 0x7F);
            return;
        }
        into.push(low | 0x80);
    }
}

/// Seven bits a byte, the lowest first. `None` if the bytes end early, the value exceeds 64 bits,
/// or it is not written in the shortest way: each number has one encoding.
fn read_number(reader: &mut Reader<'_>) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = reader.u8()?;
        let bits = u64::from(byte & 0x7F);
        let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        value |= shifted;
        if byte & 0x80 == 0 {
            // A zero byte at the end would be a second way to write the same number.
            return (byte != 0 || shift == 0).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    fn of(numbers: &[(u64, u64)]) -> Ranges {
        let mut ranges = Ranges::default();
        numbers.iter().for_each(|(first, last)| ranges.add(*first, *last));
        ranges
    }

    #[test]
    fn ranges_that_overlap_or_touch_become_one() {
        type Case<'a> = (&'a [(u64, u64)], &'a [(u64, u64)], &'a str);
        let cases: [Case<'_>; 7] = [
            (&[(1, 3), (5, 6)], &[(1, 3), (5, 6)], "apart"),
            (&[(1, 3), (4, 6)], &[(1, 6)], "side by side"),
            (&[(4, 6), (1, 3)], &[(1, 6)], "the other way round"),
            (&[(1, 9), (4, 5)], &[(1, 9)], "one inside"),
            (&[(1, 2), (4, 5), (8, 9), (3, 8)], &[(1, 9)], "one over several"),
            (&[(5, 4)], &[], "the wrong way round"),
            (&[(u64::MAX, u64::MAX), (0, 0)], &[(0, 0), (u64::MAX, u64::MAX)], "at the ends"),
        ];
        for (added, wanted, why) in cases {
            assert_eq!(of(added).iter().collect::<Vec<_>>(), wanted, "{why}");
        }
        let ranges = of(&[(3, 5), (9, 9)]);
        assert!(ranges.covers(3, 5) && ranges.contains(9) && ranges.last() == Some(9));
        assert!(!ranges.covers(5, 6) && !ranges.covers(5, 9) && !ranges.contains(2));
    }

    #[test]
    fn what_was_written_reads_back_and_nothing_else_does() {
        let ranges = of(&[(0, 0), (2, 130), (1 << 40, (1 << 40) + 5), (u64::MAX - 1, u64::MAX)]);
        let parts = ranges.encode_in_parts(usize::MAX);
        assert_eq!(Ranges::decode(&parts[0]), Some(ranges.clone()));
        for short in 1..parts[0].len() {
            assert_ne!(Ranges::decode(&parts[0][..short]), Some(ranges.clone()), "cut to {short}");
        }
        let mut together = Ranges::default();
        let small = ranges.encode_in_parts(1);
        assert_eq!(small.len(), 4);
        small.iter().for_each(|part| together.join(&Ranges::decode(part).unwrap()));
        assert_eq!(together, ranges);
        for (bytes, why) in [
            (vec![3], "half a range"),
            (vec![3, 0, 1, 0], "two that touch"),
            (vec![3, 0, 0, 0], "two that overlap"),
            (vec![0x83, 0x00, 0], "a number written too long"),
            (vec![0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0], "a number over 64 bits"),
            (vec![1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "an end over 64 bits"),
        ] {
            assert_eq!(Ranges::decode(&bytes), None, "{why}");
        }
    }
}
