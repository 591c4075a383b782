//! Opening the noised counts, holding small groups back, and sealing the rest to the researcher.

use super::{Noised, Opened, Seat, seal_fault, sharing_fault, sign};
use crate::answer;
use crate::digest::{Digest, Label};
use crate::document::count_opening::CountOpening;
use crate::document::release::Release;
use crate::document::share::Share;
use crate::envelope::{Envelope, Verified};
use crate::octets::Octets;
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
        let counts = opened.iter().map(|n| i64::try_from(*n)).collect::<Result<Vec<_>, _>>();
        let counts = counts.map_err(|_| Fault::BadBatch { why: "opens to counts that no federation has" })?;
        let query = self.seat.inquiry.id();
        let attempt = self.seat.attempt.number();
        let opening = sign(&CountOpening { query, attempt, batch: self.batch, counts }, desk)?;
        let policy = &self.seat.inquiry.charter().policy;
        let suppressed =
            answer::suppress(self.seat.inquiry.plan(), &opened, u64::from(policy.cohort_min), self.seat.aggregators());
        Ok(Opened {
            seat: self.seat,
            batch: self.batch,
            opening_key: self.opening_key,
            noised: self.noised,
            operators_counted: self.operators_counted,
            opening,
            suppressed,
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
            self.noised.zero_at(suppressed_cells(&self.seat, &self.suppressed));
        }
        let asked: Vec<Principal> = self.seat.inquiry.charter().contributors().map(|m| m.key).collect();
        let share = Share {
            query,
            attempt,
            batch,
            opening: opening.digest(),
            suppressed: self.suppressed,
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

/// Positions of all cells of suppressed groups.
fn suppressed_cells(seat: &Seat, suppressed: &[bool]) -> impl Iterator<Item = usize> {
    let width = seat.inquiry.plan().blocks.len();
    let groups: Vec<usize> = suppressed.iter().enumerate().filter(|(_, s)| **s).map(|(g, _)| g).collect();
    groups.into_iter().flat_map(move |g| g * width..(g + 1) * width)
}
