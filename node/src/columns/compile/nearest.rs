//! Which slots a timepoint reads, and in which order.

use super::Compiler;
use crate::columns::calendar::{self, SLOTS};
use crate::columns::column::{ColumnId, LANES};
use crate::columns::layout::{Scale, SlotCoding};
use crate::columns::program::{Candidate, Day, MISSING, Nearest, Number, Tier};

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

    /// The slots of one tier; `Some(None)` if no course has a total in any.
    #[expect(clippy::option_option, reason = "no tier, and no answer, are two things")]
    fn tier(&mut self, scale: &Scale, reaches: &[Reach]) -> Option<Option<Tier>> {
        let mut candidates = Vec::new();
        for Reach { slot, .. } in reaches {
            candidates.extend(self.candidates(scale, *slot)?);
        }
        let sure = candidates.len() == 1 && reaches.iter().all(|reach| reach.inside);
        Some(match candidates.pop() {
            None => None,
            Some(only) if sure => Some(Tier::Sure(only.total)),
            Some(last) => {
                candidates.push(last);
                Some(Tier::ByDay(candidates))
            }
        })
    }

    /// The totals of a slot, from the columns of it that hold anything. Lanes are filled from the first on.
    fn candidates(&mut self, scale: &Scale, slot: u8) -> Option<Vec<Candidate>> {
        let generation = self.generation;
        let there = |lane: &u8| generation.has(ColumnId::score(scale.index, slot, *lane));
        (0..LANES).take_while(there).map(|lane| self.candidate(scale, slot, lane)).collect()
    }

    fn candidate(&mut self, scale: &Scale, slot: u8, lane: u8) -> Option<Candidate> {
        let (column, first) = (ColumnId::score(scale.index, slot, lane), *calendar::days(slot).start());
        match scale.coding(slot)? {
            SlotCoding::OneDay => {
                Some(Candidate { total: self.distances(column, scale.min)?, day: Day::Always(first) })
            }
            SlotCoding::Apart { .. } => {
                let day = self.distances(ColumnId::day(scale.index, slot, lane), first)?;
                Some(Candidate { total: self.distances(column, scale.min)?, day: Day::Column(day) })
            }
            SlotCoding::Joint { days } => {
                let known = |pattern: u8| Some(u32::from(pattern)).filter(|_| pattern != u8::MAX);
                let total = |pattern| {
                    let distance = known(pattern).and_then(|pattern| pattern.checked_div(days));
                    distance.map_or(MISSING, |distance| scale.min.saturating_add_unsigned(distance))
                };
                let day = |pattern| {
                    let after = known(pattern).and_then(|pattern| pattern.checked_rem(days));
                    after.map_or(MISSING, |after| first.saturating_add_unsigned(after))
                };
                let (total, day) = (self.patterns(column, total)?, self.patterns(column, day)?);
                Some(Candidate { total, day: Day::Column(day) })
            }
        }
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
