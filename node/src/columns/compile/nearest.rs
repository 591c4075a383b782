//! Which slots a timepoint reads, and in which order.

use super::Compiler;
use crate::columns::calendar::{self, SLOTS};
use crate::columns::column::{ColumnId, LANES};
use crate::columns::layout::{Scale, day_width};
use crate::columns::program::{Candidate, Day, Nearest, Number, Tier, Values};

/// A slot's days inside the window, as seen from the target.
struct Reach {
    slot: u8,
    nearest: u32,
    furthest: u32,
    /// The window holds all of the slot.
    inside: bool,
}

impl Compiler<'_> {
    /// The total of the day nearest to `day` from `from` to `to`.
    pub(super) fn nearest(&mut self, instrument: &str, day: i32, from: i32, to: i32) -> Option<Number> {
        if day.unsigned_abs() > DAY_MAX {
            return None;
        }
        let scale = self.scale(instrument)?;
        let mut reaches: Vec<Reach> = (0..SLOTS).filter_map(|slot| reach(slot, day, from, to)).collect();
        reaches.sort_by_key(|reach| reach.nearest);
        let mut tiers: Vec<Tier> = Vec::new();
        let mut reaches = reaches.into_iter().peekable();
        while let Some(first) = reaches.next() {
            let (mut furthest, mut together) = (first.furthest, vec![first]);
            while let Some(next) = reaches.next_if(|next| next.nearest <= furthest) {
                furthest = furthest.max(next.furthest);
                together.push(next);
            }
            tiers.extend(self.tier(&scale, &together)?);
        }
        if tiers.is_empty() {
            return Some(Number::Missing);
        }
        Some(Number::Nearest(Nearest { day, from, to, tiers }))
    }

    /// The highest total of the days before 0.
    pub(super) fn highest_before_0(&mut self, instrument: &str) -> Option<Number> {
        let scale = self.scale(instrument)?;
        let before = (0..SLOTS).filter(|slot| *calendar::days(*slot).end() < 0);
        let totals: Vec<Values> = before.map(|slot| self.lanes(&scale, slot)).collect::<Option<Vec<_>>>()?.concat();
        Some(if totals.is_empty() { Number::Missing } else { Number::Highest(totals) })
    }

    /// The slots of one tier; `Some(None)` if no course has a total in any.
    #[expect(clippy::option_option, reason = "no tier, and no answer, are two things")]
    fn tier(&mut self, scale: &Scale, reaches: &[Reach]) -> Option<Option<Tier>> {
        let mut candidates = Vec::new();
        for Reach { slot, .. } in reaches {
            for (lane, total) in (0..LANES).zip(self.lanes(scale, *slot)?) {
                let day = match day_width(*slot) {
                    None => Day::Always(*calendar::days(*slot).start()),
                    Some(_) => {
                        let column = ColumnId::day(scale.index, *slot, lane);
                        Day::Column(self.values(column, *calendar::days(*slot).start())?)
                    }
                };
                candidates.push(Candidate { total, day });
            }
        }
        let sure = reaches.iter().all(|reach| reach.inside);
        Some(match candidates.as_slice() {
            [] => None,
            [only] if sure => Some(Tier::Sure(only.total)),
            _ => Some(Tier::ByDay(candidates)),
        })
    }

    /// The columns of a slot that hold anything. Lanes are filled from the first on.
    fn lanes(&mut self, scale: &Scale, slot: u8) -> Option<Vec<Values>> {
        let generation = self.generation;
        let columns = (0..LANES).map(|lane| ColumnId::score(scale.index, slot, lane));
        let there = columns.take_while(|column| generation.has(*column));
        there.map(|column| self.values(column, scale.min)).collect()
    }
}

fn reach(slot: u8, day: i32, from: i32, to: i32) -> Option<Reach> {
    let days = calendar::days(slot);
    let (first, last) = ((*days.start()).max(from), (*days.end()).min(to));
    if first > last {
        return None;
    }
    let (one, other) = (first.abs_diff(day), last.abs_diff(day));
    let nearest = if (first..=last).contains(&day) { 0 } else { one.min(other) };
    let inside = from <= *days.start() && *days.end() <= to;
    Some(Reach { slot, nearest, furthest: one.max(other), inside })
}

/// Target days further out are read from records; no question has them.
const DAY_MAX: u32 = 1 << 20;
