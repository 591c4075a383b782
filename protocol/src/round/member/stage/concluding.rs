//! Deciding about every report, and adding noise once all members decided alike.

use super::{Agreed, Concluded, Noised, Seat, Verifying, clinics_min, sharing_fault, sign};
use crate::document::manifest::{ClinicVerdict, Manifest, Verdict};
use crate::envelope::{Envelope, Verified};
use crate::principal::Principal;
use crate::privacy;
use crate::round::Desk;
use crate::round::attempt::Fault;
use crate::round::member::exchange::Verifier;
use crate::share::{CellShares, SharingError};
use rand_core::CryptoRng;

impl Verifying {
    /// Decides about every report and sums those that hold. `said` is by place, then by report. All members hear the
    /// same, so all decide alike; evidence that one of them has refuses a clinic for all.
    pub(in crate::round::member) fn conclude<R: CryptoRng>(
        self,
        said: &[Vec<Verifier>],
        desk: &Desk<'_, R>,
    ) -> Result<Concluded, Fault> {
        let mut sum = CellShares::zero(self.seat.inquiry.plan().cell_count());
        let mut verdicts = Vec::with_capacity(self.reports.len());
        for (at, report) in self.reports.into_iter().enumerate() {
            if let Some(verdict) = refuted(&report.clinic, said, at) {
                verdicts.push(ClinicVerdict { clinic: report.clinic, verdict });
                continue;
            }
            let verdict = match (report.pending, verifier_shares(&self.seat, &report.clinic, said, at)) {
                (Some(waiting), Some(shares)) => {
                    match waiting.circuit.finish(&waiting.context, waiting.pending, &shares) {
                        Ok(output) if planted!(CountsOneTwice) && at == 0 => {
                            let twice = sum.add(&output).and_then(|()| sum.add(&output));
                            twice.map(|()| Verdict::Accepted).map_err(|e| sharing_fault(&e))?
                        }
                        Ok(output) => sum.add(&output).map(|()| Verdict::Accepted).map_err(|e| sharing_fault(&e))?,
                        Err(SharingError::Malformed) => Verdict::Unreadable,
                        Err(_) => Verdict::ProofFailed,
                    }
                }
                _ => Verdict::Unreadable,
            };
            verdicts.push(ClinicVerdict { clinic: report.clinic, verdict });
        }
        let manifest = Manifest {
            query: self.seat.inquiry.id(),
            attempt: self.seat.attempt.number(),
            batch: self.batch,
            verdicts,
        };
        let manifest = sign(&manifest, desk)?;
        let Self { seat, secrets, key, batch, .. } = self;
        Ok(Concluded { seat, secrets, key, batch, sum, manifest })
    }
}

impl Verifying {
    /// What others said against clinics of the batch that holds.
    pub(in crate::round::member) fn evidence_in<'s>(
        &self,
        said: &'s [Vec<Verifier>],
    ) -> impl Iterator<Item = (Principal, &'s Verifier)> {
        self.reports.iter().enumerate().flat_map(|(at, report)| {
            let of_it = said.iter().filter_map(move |list| list.get(at));
            of_it.filter(|said| refutes(&report.clinic, said).is_some()).map(|said| (report.clinic, said))
        })
    }
}

/// What the evidence that any member has against the clinic of one report comes to. All members hear the same, so all
/// come to the same of several.
fn refuted(clinic: &Principal, said: &[Vec<Verifier>], at: usize) -> Option<Verdict> {
    let verdicts: Vec<Verdict> = said.iter().filter_map(|list| refutes(clinic, list.get(at)?)).collect();
    let first = [Verdict::TwoTrees, Verdict::TwoMessages];
    first.into_iter().find(|verdict| verdicts.contains(verdict))
}

/// The verdict on a clinic that one member's evidence leads to, if it holds.
fn refutes(clinic: &Principal, said: &Verifier) -> Option<Verdict> {
    match said {
        Verifier::TwoTrees(evidence) => evidence.check(clinic).is_ok().then_some(Verdict::TwoTrees),
        Verifier::TwoMessages(evidence) => evidence.check(clinic).is_ok().then_some(Verdict::TwoMessages),
        Verifier::Share(_) | Verifier::Unreadable => None,
    }
}

/// Every member's verifier share of one report in sharing-role order, if all could read it.
fn verifier_shares<'s>(seat: &Seat, clinic: &Principal, said: &'s [Vec<Verifier>], at: usize) -> Option<Vec<&'s [u8]>> {
    let mut ordered = vec![None; said.len()];
    for (place, list) in said.iter().enumerate() {
        let role = seat.attempt.sharing_role(seat.inquiry.id(), clinic, place);
        *ordered.get_mut(role)? = match list.get(at)? {
            Verifier::Share(share) => Some(share.0.as_slice()),
            Verifier::Unreadable | Verifier::TwoTrees(_) | Verifier::TwoMessages(_) => None,
        };
    }
    ordered.into_iter().collect()
}

impl Concluded {
    pub(in crate::round::member) const fn manifest(&self) -> &Envelope {
        &self.manifest
    }

    pub(in crate::round::member) fn check_manifests(&self, manifests: &[Envelope]) -> Result<Agreed, Fault> {
        let manifest: Verified<Manifest> =
            self.seat.agreed(["manifest", "manifests"], self.manifest.digest(), manifests)?;
        let accepted: Vec<Principal> = manifest.accepted().collect();
        if self.seat.inquiry.operators(accepted.iter()) < clinics_min(&self.seat.inquiry) {
            return Err(Fault::BadBatch { why: "holds too few operators whose contributions were accepted" });
        }
        Ok(Agreed { manifest })
    }

    /// Draws on its aggregate share at all: re-centres it and adds its own full noise.
    pub(in crate::round::member) fn noise(self, agreed: Agreed) -> Result<Noised, Fault> {
        let Agreed { manifest } = agreed;
        let plan = self.seat.inquiry.plan();
        let mut noised = self.sum.recentred(plan).map_err(|e| sharing_fault(&e))?;
        let grown_from = if planted!(NoiseOfTheBatch) { self.batch } else { manifest.digest() };
        let noise = privacy::member_noise(plan, &self.secrets.seed, grown_from)
            .map_err(|why| Fault::Unsupported { why: why.to_string() })?;
        noised.add_integers(noise.cells()).map_err(|e| sharing_fault(&e))?;
        let accepted: Vec<Principal> = manifest.accepted().collect();
        let operators_counted = u32::try_from(self.seat.inquiry.operators(accepted.iter())).unwrap_or(u32::MAX);
        Ok(Noised {
            seat: self.seat,
            key: self.key,
            batch: self.batch,
            opening_key: self.secrets.opening_key,
            noised,
            operators_counted,
        })
    }
}
