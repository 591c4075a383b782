//! Numbers of a batch of rows, column by column.

use std::cmp::Reverse;

use sumac_protocol::dictionary::{Better, Fraction};
use sumac_protocol::plan::MissingEndpoint;
use zeroize::Zeroizing;

use super::reader::Reader;
use crate::columns::column::Width;
use crate::columns::error::ColumnsError;
use crate::columns::program::{Candidate, Day, MISSING, Nearest, Number, Tier, Values};

/// One number for each row of a batch; [`MISSING`] where there is none.
pub(super) type Vector = Zeroizing<Vec<i32>>;

/// Vectors that are used again and again, and wiped at the end.
#[derive(Default)]
pub(super) struct Vectors {
    free: Vec<Vector>,
}

impl Vectors {
    /// The numbers of these rows.
    pub(super) fn numbers(
        &mut self,
        number: &Number,
        rows: &[u16],
        reader: &mut Reader<'_>,
    ) -> Result<Vector, ColumnsError> {
        match number {
            Number::Missing => Ok(self.missing(rows.len())),
            Number::Column(values) => self.column(*values, rows, reader),
            Number::Byte { byte, value } => {
                let mut out = self.missing(rows.len());
                let bytes = reader.bytes(*byte)?;
                for (out, row) in out.iter_mut().zip(rows) {
                    let pattern = bytes.and_then(|bytes| bytes.get(usize::from(*row)).copied()).unwrap_or(0);
                    *out = value.get(usize::from(pattern)).copied().unwrap_or(MISSING);
                }
                Ok(out)
            }
            Number::Nearest(nearest) => self.nearest(nearest, rows, reader),
            Number::Highest(totals) => {
                let mut out = self.missing(rows.len());
                for values in totals {
                    // MISSING is below every number.
                    each(*values, rows, reader, &mut out, |out, value| *out = value.max(*out))?;
                }
                Ok(out)
            }
            Number::Less(one, other) => {
                self.both(one, other, rows, reader, |one, other| Some(one.saturating_sub(other)))
            }
            Number::Clip { of, low, high } => {
                let (low, high) = (*low, *high);
                let mut out = self.numbers(of, rows, reader)?;
                present(&mut out).for_each(|value| *value = (*value).max(low).min(high));
                Ok(out)
            }
            Number::Response { endpoint, baseline, better, at_least, missing } => {
                let no_endpoint = match missing {
                    MissingEndpoint::LeftOut => MISSING,
                    MissingEndpoint::NonResponder => 0,
                };
                let (better, at_least) = (*better, *at_least);
                let mut out = self.numbers(endpoint, rows, reader)?;
                let baselines = self.numbers(baseline, rows, reader)?;
                for (out, baseline) in out.iter_mut().zip(baselines.iter()) {
                    *out = if *out == MISSING { no_endpoint } else { responded(better, *baseline, *out, at_least) };
                }
                self.give_back(baselines);
                Ok(out)
            }
            Number::Remission { total, better, limit } => {
                let mut out = self.numbers(total, rows, reader)?;
                for value in present(&mut out) {
                    let total = i64::from(*value);
                    *value = match better {
                        Better::Lower => i32::from(total <= *limit),
                        Better::Higher => i32::from(total >= *limit),
                        Better::Neutral => MISSING,
                    };
                }
                Ok(out)
            }
        }
    }

    /// Takes a vector that is no longer needed.
    pub(super) fn give_back(&mut self, vector: Vector) {
        self.free.push(vector);
    }

    fn missing(&mut self, length: usize) -> Vector {
        let mut vector = self.free.pop().unwrap_or_default();
        vector.clear();
        vector.resize(length, MISSING);
        vector
    }

    fn column(&mut self, values: Values, rows: &[u16], reader: &mut Reader<'_>) -> Result<Vector, ColumnsError> {
        let mut out = self.missing(rows.len());
        each(values, rows, reader, &mut out, |out, value| *out = value)?;
        Ok(out)
    }

    fn both(
        &mut self,
        one: &Number,
        other: &Number,
        rows: &[u16],
        reader: &mut Reader<'_>,
        join: impl Fn(i32, i32) -> Option<i32>,
    ) -> Result<Vector, ColumnsError> {
        let mut out = self.numbers(one, rows, reader)?;
        if out.iter().all(|value| *value == MISSING) {
            return Ok(out);
        }
        let others = self.numbers(other, rows, reader)?;
        for (out, other) in out.iter_mut().zip(others.iter()) {
            let known = *out != MISSING && *other != MISSING;
            *out = if known { join(*out, *other).unwrap_or(MISSING) } else { MISSING };
        }
        self.give_back(others);
        Ok(out)
    }

    fn nearest(&mut self, nearest: &Nearest, rows: &[u16], reader: &mut Reader<'_>) -> Result<Vector, ColumnsError> {
        let mut out = self.missing(rows.len());
        for tier in &nearest.tiers {
            match tier {
                Tier::Sure(total) => each(*total, rows, reader, &mut out, |out, value| {
                    *out = if *out == MISSING { value } else { *out };
                })?,
                Tier::ByDay(candidates) => self.by_day(nearest, candidates, rows, reader, &mut out)?,
            }
            if !out.contains(&MISSING) {
                break;
            }
        }
        Ok(out)
    }

    /// Fills what is missing with the best of several totals: smaller keys are better.
    fn by_day(
        &mut self,
        nearest: &Nearest,
        candidates: &[Candidate],
        rows: &[u16],
        reader: &mut Reader<'_>,
        out: &mut Vector,
    ) -> Result<(), ColumnsError> {
        // A row that has its total already is given a key that nothing beats.
        let mut keys: Zeroizing<Vec<u32>> = Zeroizing::new(Vec::with_capacity(rows.len()));
        keys.extend(out.iter().map(|known| if *known == MISSING { u32::MAX } else { 0 }));
        for Candidate { total, day } in candidates {
            let totals = self.column(*total, rows, reader)?;
            let days = match day {
                Day::Always(day) => {
                    let mut days = self.missing(rows.len());
                    days.fill(*day);
                    days
                }
                Day::Column(values) => self.column(*values, rows, reader)?,
            };
            for (((out, key), total), day) in out.iter_mut().zip(keys.iter_mut()).zip(totals.iter()).zip(days.iter()) {
                if *total == MISSING || *day < nearest.from || *day > nearest.to {
                    continue;
                }
                let earlier = u32::from(*day < nearest.day);
                let mine = day.abs_diff(nearest.day).saturating_mul(2).saturating_add(earlier).saturating_add(1);
                if (mine, Reverse(*total)) < (*key, Reverse(*out)) {
                    (*key, *out) = (mine, *total);
                }
            }
            self.give_back(totals);
            self.give_back(days);
        }
        Ok(())
    }
}

/// Lets `put` join each row's value, where it has one, with what is in `out`.
fn each(
    values: Values,
    rows: &[u16],
    reader: &mut Reader<'_>,
    out: &mut [i32],
    put: impl Fn(&mut i32, i32),
) -> Result<(), ColumnsError> {
    let Some(bytes) = reader.bytes(values.column)? else { return Ok(()) };
    let at = |distance: u32| values.from.saturating_add_unsigned(distance);
    match values.width {
        Width::One => {
            for (out, row) in out.iter_mut().zip(rows) {
                match bytes.get(usize::from(*row)) {
                    Some(value) if *value != u8::MAX => put(out, at(u32::from(*value))),
                    Some(_) | None => {}
                }
            }
        }
        Width::Two => {
            let (pairs, _) = bytes.as_chunks::<2>();
            for (out, row) in out.iter_mut().zip(rows) {
                match pairs.get(usize::from(*row)).map(|pair| u16::from_le_bytes(*pair)) {
                    Some(value) if value != u16::MAX => put(out, at(u32::from(value))),
                    Some(_) | None => {}
                }
            }
        }
        Width::Four => {
            let (fours, _) = bytes.as_chunks::<4>();
            for (out, row) in out.iter_mut().zip(rows) {
                match fours.get(usize::from(*row)).map(|four| u32::from_le_bytes(*four)) {
                    Some(value) if value != u32::MAX => put(out, at(value)),
                    Some(_) | None => {}
                }
            }
        }
    }
    Ok(())
}

fn present(numbers: &mut [i32]) -> impl Iterator<Item = &mut i32> {
    numbers.iter_mut().filter(|number| **number != MISSING)
}

/// Whether the total improved by the share, multiplied out in whole numbers; [`MISSING`] where that means nothing.
fn responded(better: Better, baseline: i32, endpoint: i32, at_least: Fraction) -> i32 {
    if baseline == MISSING || baseline <= 0 {
        return MISSING;
    }
    let (baseline, endpoint) = (i128::from(baseline), i128::from(endpoint));
    let gain = match better {
        Better::Lower => baseline - endpoint,
        Better::Higher => endpoint - baseline,
        Better::Neutral => return MISSING,
    };
    i32::from(gain * i128::from(at_least.den) >= i128::from(at_least.num) * baseline)
}
