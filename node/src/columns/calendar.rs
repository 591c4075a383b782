//! The days of a course, cut into slots: each holds the assessments of one instrument in a few days.
//!
//! A question names a target day and a window. With one column per slot, only the slots that the window
//! touches are opened, nearest first, and a slot that lies inside the window and can hold only one candidate
//! needs no column of days. Slots are a week about the weekly visits of the first two months, and wider where
//! visits are: they decide how much is opened, never what is answered.

use std::ops::RangeInclusive;

/// The first day of each slot; a slot ends the day before the next begins.
///
/// Never changed without another [`super::manifest::FORMAT`]: columns are numbered by it.
const FIRST_DAYS: [i32; 44] = [
    -36_525, -180, -60, -28, -14, -7, 0, 1, 2, 4, 11, 18, 25, 32, 39, 46, 53, 60, 74, 88, 102, 130, 158, 186, 214, 242,
    270, 298, 326, 354, 382, 410, 452, 515, 578, 640, 703, 766, 1_095, 1_461, 1_826, 3_652, 7_305, 20_000,
];

/// The last day of the last slot.
const LAST_DAY: i32 = 36_525;

/// How many slots there are.
pub(crate) const SLOTS: u8 = 44;

/// The slot that a day falls into, or `None` for a day no record may hold.
pub(crate) fn slot_of(day: i32) -> Option<u8> {
    if day > LAST_DAY {
        return None;
    }
    let after = FIRST_DAYS.partition_point(|first| *first <= day);
    u8::try_from(after.checked_sub(1)?).ok()
}

/// The days of a slot; empty for a number that is none.
pub(crate) fn days(slot: u8) -> RangeInclusive<i32> {
    let at = usize::from(slot);
    match (FIRST_DAYS.get(at), FIRST_DAYS.get(at + 1)) {
        (Some(first), Some(next)) => *first..=*next - 1,
        (Some(first), None) => *first..=LAST_DAY,
        (None, _) => RangeInclusive::new(1, 0),
    }
}

const _: () = assert!(FIRST_DAYS.len() == SLOTS as usize);

#[cfg(test)]
mod tests {
    use super::{FIRST_DAYS, LAST_DAY, SLOTS, days, slot_of};
    use sumac_protocol::dictionary::DAYS_MAX;

    #[test]
    fn every_day_that_a_record_may_hold_is_in_one_slot() {
        assert_eq!((FIRST_DAYS[0], LAST_DAY), (-DAYS_MAX, DAYS_MAX));
        for day in -DAYS_MAX..=DAYS_MAX {
            let slot = slot_of(day).unwrap();
            assert!(slot < SLOTS && days(slot).contains(&day), "day {day}");
            assert_eq!((0..SLOTS).filter(|slot| days(*slot).contains(&day)).count(), 1, "day {day}");
        }
        for day in [i32::MIN, -DAYS_MAX - 1, DAYS_MAX + 1, i32::MAX] {
            assert_eq!(slot_of(day), None, "day {day}");
        }
        assert!(days(SLOTS).is_empty());
    }

    #[test]
    fn no_slot_reaches_over_the_day_of_the_first_dose() {
        for slot in 0..SLOTS {
            assert!(*days(slot).end() < 0 || *days(slot).start() >= 0, "slot {slot}");
        }
    }
}
