//! Which columns a dictionary makes.
//!
//! * **Categories and yes/no fields** are digits of packed bytes. A category of n values is a digit of n + 1
//!   (0 is missing, and `unknown`, which counts as missing in every question); yes/no is a digit of 3. Each
//!   field goes into the first byte with room, so that the few fields which most questions read, and which
//!   dictionaries name first, are opened together for one byte a course. Opening is most of a query's time.
//! * **Numbers** are columns of their own.
//! * **Instruments** are columns per slot of days ([`super::calendar`]) in the order of the courses, so that a
//!   timepoint is answered by a few columns of the same rows, and a column in which nobody has a value is not
//!   there at all. A table of assessments beside the courses would have to be opened whole, days and all, for
//!   any timepoint: on the usual six to ten visits that is three to five times the bytes.
//! * **Baselines** are a column of their own beside, one value a course by the dictionary's rule: every change and
//!   every response asks for it, and it may lie in several slots.
//!
//! What does not fit (a value outside the dictionary, a ninth assessment in one slot) is not forced: that
//! patient's record is read whole instead.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::{BaselineRule, Dictionary, Field, FieldKind, Instrument};

use super::calendar;
use super::column::{ColumnId, Width};

/// The columns of a dictionary.
#[derive(Debug)]
pub(crate) struct Layout {
    fields: BTreeMap<String, FieldPlace>,
    instruments: BTreeMap<String, Scale>,
    baseline: BaselineRule,
    /// How many patterns of each packed byte mean anything.
    patterns: BTreeMap<ColumnId, u16>,
    /// Widths of the number fields and instruments, by their place in the dictionary.
    field_widths: BTreeMap<ColumnId, Width>,
    instrument_widths: BTreeMap<u16, Width>,
}

/// Where a field lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldPlace {
    /// A closed category: digit 1 is the first of these values.
    Category { digit: Digit, values: Vec<String> },
    /// Yes or no: digit 1 is no, 2 is yes.
    Flag { digit: Digit },
    /// A number.
    Number { column: ColumnId, scale: Scale },
}

/// A digit of a packed byte: `byte / stride % radix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digit {
    pub(crate) column: ColumnId,
    stride: u16,
    radix: u16,
}

/// Where a number lies between its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Its place in the dictionary.
    pub(crate) index: u16,
    pub(crate) width: Width,
    pub(crate) min: i32,
    pub(crate) max: i32,
}

impl Layout {
    /// The layout of a dictionary: the same one for the same text, always.
    pub(crate) fn of(dictionary: &Dictionary) -> Self {
        let mut bytes = Bytes::default();
        let mut fields = BTreeMap::new();
        let mut field_widths = BTreeMap::new();
        for (index, field) in (0_u16..).zip(dictionary.fields()) {
            // A field that fits nowhere is in no column; questions about it read records.
            let Some(place) = bytes.place(index, field) else { continue };
            if let FieldPlace::Number { column, scale } = &place {
                field_widths.insert(*column, scale.width);
            }
            fields.insert(field.id.clone(), place);
        }
        let scaled = (0_u16..).zip(dictionary.instruments());
        let instruments: BTreeMap<String, Scale> =
            scaled.filter_map(|(index, i)| Some((i.id.clone(), Scale::of_instrument(index, i)?))).collect();
        let instrument_widths = instruments.values().map(|scale| (scale.index, scale.width)).collect();
        let patterns = (0..).zip(bytes.taken).map(|(number, taken)| (ColumnId::packed(number), taken)).collect();
        Self { fields, instruments, baseline: dictionary.baseline(), patterns, field_widths, instrument_widths }
    }

    pub(crate) fn field(&self, id: &str) -> Option<&FieldPlace> {
        self.fields.get(id)
    }

    /// Whether a packed byte ever holds a pattern.
    pub(crate) fn may_hold(&self, column: ColumnId, pattern: u8) -> bool {
        self.patterns.get(&column).is_some_and(|patterns| u16::from(pattern) < *patterns)
    }

    pub(crate) fn instruments(&self) -> impl Iterator<Item = (&String, &Scale)> {
        self.instruments.iter()
    }

    pub(crate) const fn baseline(&self) -> BaselineRule {
        self.baseline
    }

    pub(crate) fn instrument(&self, id: &str) -> Option<&Scale> {
        self.instruments.get(id)
    }

    /// How wide a column's values are, or `None` for a column that this dictionary does not make.
    pub(crate) fn width(&self, column: ColumnId) -> Option<Width> {
        match column.kind()? {
            Kind::Owner => Some(Width::Four),
            Kind::OwnerStep => Some(Width::One),
            Kind::Packed => Some(Width::One),
            Kind::Number => self.field_widths.get(&column).copied(),
            Kind::Score { instrument } | Kind::Baseline { instrument } => {
                self.instrument_widths.get(&instrument).copied()
            }
            Kind::Day { slot } => Width::of(span(slot)?),
        }
    }

    /// What a row holds in a column that does not mention it.
    pub(crate) fn blank(column: ColumnId) -> u8 {
        match column.kind() {
            Some(Kind::Packed) => 0,
            Some(
                Kind::Owner
                | Kind::OwnerStep
                | Kind::Number
                | Kind::Score { .. }
                | Kind::Day { .. }
                | Kind::Baseline { .. },
            )
            | None => 0xFF,
        }
    }
}

/// How the totals of an instrument and their days lie in a slot. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotCoding {
    /// Both in one byte: total · days + day. So it is for short scales and weekly slots.
    Joint { days: u32 },
    /// The slot is one day.
    OneDay,
    /// In two columns.
    Apart { day: Width },
}

/// How far the last day of a slot is from the first.
fn span(slot: u8) -> Option<u32> {
    let days = calendar::days(slot);
    days.end().checked_sub(*days.start()).and_then(|most| u32::try_from(most).ok())
}

impl Digit {
    /// What a byte says in this digit.
    pub(crate) fn read(self, byte: u8) -> u8 {
        let digit = u16::from(byte).checked_div(self.stride).and_then(|rest| rest.checked_rem(self.radix));
        digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0)
    }

    /// What a byte with only this digit says; `None` if it is no digit of this one.
    pub(crate) fn write(self, digit: usize) -> Option<u8> {
        let digit = u16::try_from(digit).ok().filter(|digit| *digit < self.radix)?;
        digit.checked_mul(self.stride).and_then(|byte| u8::try_from(byte).ok())
    }
}

impl Scale {
    fn of_instrument(index: u16, instrument: &Instrument) -> Option<Self> {
        Self::between(index, instrument.min, instrument.max)
    }

    /// `None` for bounds whose sums and differences might not fit 32 bits.
    fn between(index: u16, min: i64, max: i64) -> Option<Self> {
        let near = |bound: i64| i32::try_from(bound).ok().filter(|bound| bound.unsigned_abs() <= 1 << 29);
        let (min, max) = (near(min)?, near(max)?);
        let width = Width::of(u32::try_from(max.checked_sub(min)?).ok()?)?;
        Some(Self { index, width, min, max })
    }

    /// How this instrument's totals lie in a slot.
    pub(crate) fn coding(&self, slot: u8) -> Option<SlotCoding> {
        let last = span(slot)?;
        let (days, totals) = (last.checked_add(1)?, self.max.abs_diff(self.min).checked_add(1)?);
        if last == 0 {
            Some(SlotCoding::OneDay)
        } else if days.checked_mul(totals).is_some_and(|patterns| patterns <= 255) {
            Some(SlotCoding::Joint { days })
        } else {
            Width::of(last).map(|day| SlotCoding::Apart { day })
        }
    }

    /// A value's distance from the smallest; `None` outside the bounds.
    pub(crate) fn distance(&self, value: i64) -> Option<u32> {
        let value = i32::try_from(value).ok().filter(|value| (self.min..=self.max).contains(value))?;
        u32::try_from(value.checked_sub(self.min)?).ok()
    }
}

/// The packed bytes so far: how many patterns of each are taken.
#[derive(Debug, Default)]
struct Bytes {
    taken: Vec<u16>,
}

impl Bytes {
    fn place(&mut self, index: u16, field: &Field) -> Option<FieldPlace> {
        match &field.kind {
            FieldKind::Category { values } => {
                let radix = u16::try_from(values.len()).ok()?.checked_add(1)?;
                Some(FieldPlace::Category { digit: self.digit(radix)?, values: values.clone() })
            }
            FieldKind::Flag => Some(FieldPlace::Flag { digit: self.digit(3)? }),
            FieldKind::Number { min, max, .. } => {
                let scale = Scale::between(index, *min, *max)?;
                Some(FieldPlace::Number { column: ColumnId::number(index), scale })
            }
        }
    }

    /// A digit in the first byte that has room.
    fn digit(&mut self, radix: u16) -> Option<Digit> {
        let fits = |taken: u16| taken.checked_mul(radix).is_some_and(|patterns| patterns <= 256);
        if !fits(1) {
            return None;
        }
        if !self.taken.iter().any(|taken| fits(*taken)) {
            self.taken.push(1);
        }
        let (number, taken) = (0_u16..).zip(&mut self.taken).find(|(_, taken)| fits(**taken))?;
        let stride = *taken;
        *taken = stride.checked_mul(radix)?;
        Some(Digit { column: ColumnId::packed(number), stride, radix })
    }
}

/// What kind of column a number names.
enum Kind {
    Owner,
    OwnerStep,
    Packed,
    Number,
    Score { instrument: u16 },
    Day { slot: u8 },
    Baseline { instrument: u16 },
}

impl ColumnId {
    fn kind(self) -> Option<Kind> {
        let number = self.number_on_disk();
        let low = number & 0x0FFF_FFFF;
        let instrument = u16::try_from(low >> 12).ok()?;
        let slot = u8::try_from(low >> 4 & 0xFF).ok()?;
        match number >> 28 {
            0 if self == Self::OWNER => Some(Kind::Owner),
            0 if self == Self::OWNER_STEP => Some(Kind::OwnerStep),
            1 => Some(Kind::Packed),
            2 => Some(Kind::Number),
            3 => Some(Kind::Score { instrument }),
            4 => Some(Kind::Day { slot }),
            5 => Some(Kind::Baseline { instrument }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
