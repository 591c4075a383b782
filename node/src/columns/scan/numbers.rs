//! Numbers of a batch of rows, column by column.

use std::cmp::Reverse;

use sumac_protocol::dictionary::{Better, Fraction};
use sumac_protocol::plan::MissingEndpoint;
use zeroize::Zeroizing;

use super::reader::Reader;
use crate::columns::error::ColumnsError;
use crate::columns::program::{Candidate, Code, Day, MISSING, Nearest, Number, Tier, Values};

/// One number for each row of a batch; [`MISSING`] where there is none.
pub(crate) type Vector = Zeroizing<Vec<i32>>;

/// Vectors that are used again and again, and wiped at the end.
#[derive(Default)]
pub(super) struct Vectors {
    /// Their numbers are stale until cleared; each is wiped when this is dropped.
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
            Number::Column(values) => self.column(values, rows, reader),
            Number::Nearest(nearest) => self.nearest(nearest, rows, reader),
            Number::Less(one, other) => self.less(one, other, rows, reader),
            Number::Clip { of, low, high } => {
                let (low, high) = (*low, *high);
                let mut out = self.numbers(of, rows, reader)?;
                for value in out.iter_mut() {
                    *value = if *value == MISSING { MISSING } else { (*value).max(low).min(high) };
                }
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

    /// Reuses memory of an earlier batch; every entry is overwritten before it is handed out.
    fn missing(&mut self, length: usize) -> Vector {
        let mut vector = self.free.pop().unwrap_or_default();
        vector.clear();
        vector.resize(length, MISSING);
        vector
    }

    /// One value for each of `rows`, in their order. Fails only where the column cannot be read.
    fn column(&mut self, values: &Values, rows: &[u16], reader: &mut Reader<'_>) -> Result<Vector, ColumnsError> {
        let mut out = self.free.pop().unwrap_or_default();
        out.clear();
        gather(values, rows, reader, &mut out)?;
        Ok(out)
    }

    /// The second number is not computed where the first is missing in every row.
    fn less(
        &mut self,
        one: &Number,
        other: &Number,
        rows: &[u16],
        reader: &mut Reader<'_>,
    ) -> Result<Vector, ColumnsError> {
        let mut out = self.numbers(one, rows, reader)?;
        if out.iter().all(|value| *value == MISSING) {
            return Ok(out);
        }
        let others = self.numbers(other, rows, reader)?;
        for (out, other) in out.iter_mut().zip(others.iter()) {
            let missing = (*out == MISSING) | (*other == MISSING);
            *out = if missing { MISSING } else { out.saturating_sub(*other) };
        }
        self.give_back(others);
        Ok(out)
    }

    /// Tiers are asked in order, and a row's first total stands.
    /// Later columns are not even read where no row is open any more.
    fn nearest(&mut self, nearest: &Nearest, rows: &[u16], reader: &mut Reader<'_>) -> Result<Vector, ColumnsError> {
        let mut tiers = nearest.tiers.iter();
        let mut out = match tiers.next() {
            Some(Tier::Sure(total)) => self.column(total, rows, reader)?,
            Some(Tier::ByDay(candidates)) => self.by_day(nearest, candidates, rows, reader)?,
            None => self.missing(rows.len()),
        };
        // The next tier is asked about those only who have no total yet.
        let (mut open, mut places) = (Vec::new(), Vec::new());
        for tier in tiers {
            unanswered(rows, &out, &mut open, &mut places);
            if open.is_empty() {
                break;
            }
            let found = match tier {
                Tier::Sure(total) => self.column(total, &open, reader)?,
                Tier::ByDay(candidates) => self.by_day(nearest, candidates, &open, reader)?,
            };
            for (place, total) in places.iter().zip(found.iter()) {
                if let Some(gap) = out.get_mut(usize::from(*place)) {
                    *gap = *total;
                }
            }
            self.give_back(found);
        }
        Ok(out)
    }

    /// The best of several totals: the smallest key, and of two with one key the higher.
    fn by_day(
        &mut self,
        nearest: &Nearest,
        candidates: &[Candidate],
        rows: &[u16],
        reader: &mut Reader<'_>,
    ) -> Result<Vector, ColumnsError> {
        let mut out = self.missing(rows.len());
        let mut keys = Zeroizing::new(vec![u32::MAX; rows.len()]);
        for Candidate { total, day } in candidates {
            let totals = self.column(total, rows, reader)?;
            let days = match day {
                Day::Always(day) => {
                    let mut days = self.missing(rows.len());
                    days.fill(*day);
                    days
                }
                Day::Column(values) => self.column(values, rows, reader)?,
            };
            for (((out, key), total), day) in out.iter_mut().zip(keys.iter_mut()).zip(totals.iter()).zip(days.iter()) {
                if *total == MISSING || *day < nearest.from || *day > nearest.to {
                    continue;
                }
                let earlier = u32::from(*day < nearest.day);
                let mine = day.abs_diff(nearest.day).saturating_mul(2).saturating_add(earlier);
                if (mine, Reverse(*total)) < (*key, Reverse(*out)) {
                    (*key, *out) = (mine, *total);
                }
            }
            self.give_back(totals);
            self.give_back(days);
        }
        Ok(out)
    }
}

/// The rows without a number, and where they stand. Written without a branch on what is missing: nobody,
/// and no processor, can guess it.
fn unanswered(rows: &[u16], numbers: &[i32], open: &mut Vec<u16>, places: &mut Vec<u16>) {
    open.resize(rows.len(), 0);
    places.resize(rows.len(), 0);
    let mut found = 0_usize;
    for ((row, number), place) in rows.iter().zip(numbers).zip(0_u16..) {
        if let (Some(open), Some(at)) = (open.get_mut(found), places.get_mut(found)) {
            (*open, *at) = (*row, place);
        }
        found = found.wrapping_add(usize::from(*number == MISSING));
    }
    open.truncate(found);
    places.truncate(found);
}

/// Adds each row's value, or [`MISSING`].
fn gather(values: &Values, rows: &[u16], reader: &mut Reader<'_>, out: &mut Vec<i32>) -> Result<(), ColumnsError> {
    let Some(bytes) = reader.bytes(values.column)? else {
        out.resize(rows.len(), MISSING);
        return Ok(());
    };
    match &values.code {
        Code::Byte(table) => out.extend(rows.iter().map(|row| {
            let pattern = bytes.get(usize::from(*row)).copied().unwrap_or(u8::MAX);
            table.get(usize::from(pattern)).copied().unwrap_or(MISSING)
        })),
        Code::Two { from } => {
            let (pairs, _) = bytes.as_chunks::<2>();
            out.extend(rows.iter().map(|row| {
                let distance = pairs.get(usize::from(*row)).map_or(u16::MAX, |pair| u16::from_le_bytes(*pair));
                let value = from.saturating_add_unsigned(u32::from(distance));
                if distance == u16::MAX { MISSING } else { value }
            }));
        }
        Code::Four { from } => {
            let (fours, _) = bytes.as_chunks::<4>();
            out.extend(rows.iter().map(|row| {
                let distance = fours.get(usize::from(*row)).map_or(u32::MAX, |four| u32::from_le_bytes(*four));
                let value = from.saturating_add_unsigned(distance);
                if distance == u32::MAX { MISSING } else { value }
            }));
        }
    }
    Ok(())
}

/// Skips the marker, so that no arithmetic turns it into a number that looks real.
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
