//! A course as cells of columns.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::UNKNOWN;
use sumac_protocol::record::{Assessment, Course, FieldValue};
use zeroize::Zeroize;

use super::calendar;
use super::column::{ColumnId, LANES};
use super::layout::{FieldPlace, Layout, SlotCoding};

/// One course's cells, wiped when dropped. Columns that are not named hold nothing for it.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Clinical values of one person: zeroed before the memory is used for the next course.
    cells: Vec<(ColumnId, u32)>,
}

impl Drop for Cells {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Cells {
    /// The cells, in no particular order, no column twice.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ColumnId, u32)> + '_ {
        self.cells.iter().copied()
    }

    /// Puts a course's cells in place of those before. False if something in it has no place in any column:
    /// then the record must be read whole, and what is here now means nothing.
    pub(crate) fn take(&mut self, layout: &Layout, course: &Course) -> bool {
        self.wipe();
        self.take_fields(layout, course).is_some() && self.take_assessments(layout, &course.assessments).is_some()
    }

    /// Several small fields share one byte, so their digits are summed before any cell is made.
    /// `None` where a value is outside its field's range, unknown to its dictionary, or of another type.
    fn take_fields(&mut self, layout: &Layout, course: &Course) -> Option<()> {
        let mut packed: BTreeMap<ColumnId, u8> = BTreeMap::new();
        let mut pack = |column, byte: u8| {
            let whole = packed.entry(column).or_default();
            *whole = whole.checked_add(byte)?;
            Some(())
        };
        for (id, value) in &course.fields {
            match (layout.field(id), value) {
                // A field that no column holds: questions about it read records.
                (None, _) => {}
                (Some(FieldPlace::Category { digit, values }), FieldValue::Category(code)) => {
                    if code != UNKNOWN {
                        let at = values.iter().position(|value| value == code)?;
                        pack(digit.column, digit.write(at.checked_add(1)?)?)?;
                    }
                }
                (Some(FieldPlace::Flag { digit }), FieldValue::Flag(yes)) => {
                    pack(digit.column, digit.write(if *yes { 2 } else { 1 })?)?;
                }
                (Some(FieldPlace::Number { column, scale }), FieldValue::Number(number)) => {
                    self.cells.push((*column, scale.distance(*number)?));
                }
                // A value of another type than the field's means to questions what it says, not what is there.
                (Some(_), FieldValue::Category(_) | FieldValue::Flag(_) | FieldValue::Number(_)) => return None,
            }
        }
        self.cells.extend(packed.into_iter().map(|(column, byte)| (column, u32::from(byte))));
        Some(())
    }

    /// Scores of one slot take its lanes in order; one more than there are lanes is `None`.
    /// Instruments without a scale are passed over: questions about them read records.
    fn take_assessments(&mut self, layout: &Layout, assessments: &[Assessment]) -> Option<()> {
        let from = self.cells.len();
        for Assessment { instrument, day, value, .. } in assessments {
            let Some(scale) = layout.instrument(instrument) else { continue };
            let slot = calendar::slot_of(*day)?;
            let score = |lane| ColumnId::score(scale.index, slot, lane);
            let mine = self.cells.get(from..).unwrap_or_default();
            let free = |lane: &u8| !mine.iter().any(|(column, _)| *column == score(*lane));
            let lane = (0..LANES).find(free)?;
            let total = scale.distance(*value)?;
            let after = u32::try_from(day.checked_sub(*calendar::days(slot).start())?).ok()?;
            match scale.coding(slot)? {
                SlotCoding::OneDay => self.cells.push((score(lane), total)),
                SlotCoding::Joint { days } => {
                    self.cells.push((score(lane), total.checked_mul(days)?.checked_add(after)?));
                }
                SlotCoding::Apart { .. } => {
                    self.cells.push((score(lane), total));
                    self.cells.push((ColumnId::day(scale.index, slot, lane), after));
                }
            }
        }
        for (id, scale) in layout.instruments() {
            if let Some(baseline) = layout.baseline().pick(id, assessments) {
                self.cells.push((ColumnId::baseline(scale.index), scale.distance(baseline)?));
            }
        }
        Some(())
    }

    /// Zeroes before it clears: clearing alone leaves the values in memory.
    fn wipe(&mut self) {
        for (_, value) in &mut self.cells {
            value.zeroize();
        }
        self.cells.clear();
    }
}
