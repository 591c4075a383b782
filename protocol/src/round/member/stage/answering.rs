//! Opening the noised counts, holding small groups back, and sealing the rest to the researcher.

use super::{Noised, Opened, Seat, seal_fault, sharing_fault, sign};
use crate::answer::{self, HeldBack};
use crate::digest::{Digest, Label};
use crate::document::count_opening::CountOpening;
use crate::document::release::Release;
use crate::document::share::Share;
use crate::envelope::{Envelope, Verified};
use crate::octets::Octets;
use crate::plan::{Block, BlockKind, Plan};
use crate::principal::Principal;
use crate::round::Desk;
use crate::round::attempt::Fault;
use crate::round::message::Message;
use crate::sealed::SealingKey;
use crate::share::CellShares;
use rand_core::CryptoRng;

impl Noised {
    /// This member's noised shares of the cells that are opened first.
    pub(in crate::round::member) fn count_share(&self) -> Result<CellShares, Fault> {
        self.noised.pick(&opened_cells(&self.seat)).map_err(|e| sharing_fault(&e))
    }

    /// Adds all members' noised counts and signs what comes out.
    pub(in crate::round::member) fn open<R: CryptoRng>(
        self,
        counts: &[CellShares],
        desk: &Desk<'_, R>,
    ) -> Result<Opened, Fault> {
        let mut sum = CellShares::zero(opened_cells(&self.seat).len());
        for share in counts {
            sum.add(share).map_err(|e| sharing_fault(&e))?;
        }
        let opened = sum.to_integers();
        let all = whole(&opened)?;
        let policy = &self.seat.inquiry.charter().policy;
        let plan = self.seat.inquiry.plan();
        let held = answer::hold_back(plan, &opened, u64::from(policy.cohort_min), self.seat.aggregators());
        let opening = CountOpening {
            query: self.seat.inquiry.id(),
            attempt: self.seat.attempt.number(),
            batch: self.batch,
            counts: whole(&numbers_of_people(plan, shown(plan, opened, &held)?))?,
            all: CountOpening::all(self.key.expose(), &all),
        };
        let opening = sign(&opening, desk)?;
        Ok(Opened {
            seat: self.seat,
            batch: self.batch,
            opening_key: self.opening_key,
            noised: self.noised,
            operators_counted: self.operators_counted,
            opening,
            held,
        })
    }
}

impl Opened {
    pub(in crate::round::member) const fn opening(&self) -> &Envelope {
        &self.opening
    }

    /// Holds small groups back and seals its share of the rest to the researcher.
    pub(in crate::round::member) fn answer<R: CryptoRng>(
        mut self,
        openings: &[Envelope],
        desk: &mut Desk<'_, R>,
    ) -> Result<Message, Fault> {
        let mine = self.opening.digest();
        let opening: Verified<CountOpening> =
            self.seat.agreed(["opening of the counts", "openings of the counts"], mine, openings)?;
        let (query, attempt, batch) = (self.seat.inquiry.id(), self.seat.attempt.number(), self.batch);
        if !planted!(SendsSuppressedCells) {
            self.noised.zero_at(suppressed_cells(&self.seat, &self.held.groups));
        }
        self.noised.move_into(merged_cells(&self.seat, &self.held.merged)?.into_iter());
        let asked: Vec<Principal> = self.seat.inquiry.charter().contributors().map(|m| m.key).collect();
        let share = Share {
            query,
            attempt,
            batch,
            opening: opening.digest(),
            suppressed: self.held.groups,
            merged: self.held.merged,
            operators_asked: u32::try_from(self.seat.inquiry.operators(asked.iter())).unwrap_or(u32::MAX),
            operators_counted: self.operators_counted,
            cells: Octets(self.noised.to_bytes()),
        };
        let share = sign(&share, desk)?.to_json();
        let key = SealingKey::from_bytes(&self.seat.inquiry.query().answer_key.0).map_err(|e| seal_fault(&e))?;
        let aad = Digest::of(Label::AnswerSeal, &[query.bytes(), &[attempt], desk.me().bytes()]);
        let sealed =
            key.seal(Label::AnswerSeal, aad.bytes(), share.as_bytes(), desk.rng).map_err(|e| seal_fault(&e))?;
        let id = Release::id(query, attempt, batch, opening.digest());
        let release = sign(&Release { query, attempt, id }, desk)?;
        Ok(Message::Answer { query, attempt, sealed: Octets(sealed), release })
    }
}

/// Positions of the opened cells in the vector, group by group.
fn opened_cells(seat: &Seat) -> Vec<usize> {
    let plan = seat.inquiry.plan();
    let blocks = plan.opened_blocks();
    (0..plan.group_count()).flat_map(|g| blocks.iter().map(move |b| g * plan.blocks.len() + b)).collect()
}

/// The opened cells as they are shown: none of a group that is held back, and merged bins counted with the ones before them.
fn shown(plan: &Plan, mut opened: Vec<i128>, held: &HeldBack) -> Result<Vec<i128>, Fault> {
    let blocks = plan.opened_blocks();
    let place = |position: usize| blocks.binary_search(&position).ok();
    let pairs = plan.merged_into(&held.merged).ok_or_else(unmergeable)?;
    for (cells, held) in opened.chunks_exact_mut(blocks.len().max(1)).zip(&held.groups) {
        if *held {
            cells.fill(0);
        }
        for (bin, into) in &pairs {
            let (bin, into) = place(*bin).zip(place(*into)).ok_or_else(unmergeable)?;
            let moved = cells.get_mut(bin).map_or(0, std::mem::take);
            if let Some(cell) = cells.get_mut(into) {
                *cell = cell.saturating_add(moved);
            }
        }
    }
    Ok(opened)
}

/// Of the opened cells those that count people. Sums and squares of more than two values may lie beyond what the integers
/// of a document hold; that members agree on them, too, the digest of all says.
fn numbers_of_people(plan: &Plan, opened: Vec<i128>) -> Vec<i128> {
    let counts =
        |block: &Block| plan.has_two_values(block) || !matches!(block.kind, BlockKind::Sum | BlockKind::Squares);
    let blocks = plan.opened_blocks();
    let kept: Vec<bool> = blocks.iter().map(|at| plan.blocks.get(*at).is_some_and(counts)).collect();
    opened.into_iter().zip(kept.into_iter().cycle()).filter(|(_, kept)| *kept).map(|(cell, _)| cell).collect()
}

fn whole(opened: &[i128]) -> Result<Vec<i64>, Fault> {
    let cells = opened.iter().map(|n| i64::try_from(*n)).collect::<Result<Vec<_>, _>>();
    cells.map_err(|_| Fault::BadBatch { why: "opens to counts that no federation has" })
}

/// Of every group, each merged bin and the one it is counted with, by their positions in the vector.
fn merged_cells(seat: &Seat, merged: &[u32]) -> Result<Vec<(usize, usize)>, Fault> {
    let plan = seat.inquiry.plan();
    let pairs = plan.merged_into(merged).ok_or_else(unmergeable)?;
    let of_group = |first: usize| pairs.iter().map(move |(bin, into)| (first + bin, first + into));
    Ok((0..plan.group_count()).flat_map(|group| of_group(group * plan.blocks.len())).collect())
}

const fn unmergeable() -> Fault {
    Fault::BadBatch { why: "opens to bins that cannot be merged" }
}

/// Positions of all cells of suppressed groups.
fn suppressed_cells(seat: &Seat, suppressed: &[bool]) -> impl Iterator<Item = usize> {
    let width = seat.inquiry.plan().blocks.len();
    let groups: Vec<usize> = suppressed.iter().enumerate().filter(|(_, s)| **s).map(|(g, _)| g).collect();
    groups.into_iter().flat_map(move |g| g * width..(g + 1) * width)
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::answer::hold_back;
    use crate::plan::Mode;
    use crate::privacy::trial::{count, plan};

    #[test]
    fn what_is_signed_of_opened_cells_is_what_is_shown() {
        let arms = plan(Mode::Exact, &["a", "b", "c"], vec![count()]);
        let held = hold_back(&arms, &[3, 40, 30], 10, 3);
        assert_eq!(shown(&arms, vec![3, 40, 30], &held).unwrap(), [0, 40, 0]);
    }
}
