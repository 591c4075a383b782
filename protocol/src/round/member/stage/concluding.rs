//! Deciding about every report, and adding noise once all members decided alike.

use super::{Agreed, Concluded, Noised, Seat, Verifying, clinics_min, sharing_fault, sign};
use crate::document::manifest::{ClinicVerdict, Manifest, Verdict};
use crate::envelope::{Envelope, Verified};
use crate::ledger::TwoTrees;
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
            let refuted = evidence(&report.clinic, said, at).is_some();
            let verdict = match (report.pending, verifier_shares(&self.seat, &report.clinic, said, at)) {
                _ if refuted => Verdict::TwoTrees,
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
        Ok(Concluded { seat: self.seat, secrets: self.secrets, batch: self.batch, sum, manifest })
    }
}

impl Verifying {
    /// What others said against clinics of the batch that holds, one piece for each clinic.
    pub(in crate::round::member) fn evidence_in<'s>(
        &self,
        said: &'s [Vec<Verifier>],
    ) -> impl Iterator<Item = (Principal, &'s TwoTrees)> {
        self.reports
            .iter()
            .enumerate()
            .filter_map(|(at, report)| Some((report.clinic, evidence(&report.clinic, said, at)?)))
    }
}

/// Evidence that any member has against the clinic of one report, if it holds.
fn evidence<'s>(clinic: &Principal, said: &'s [Vec<Verifier>], at: usize) -> Option<&'s TwoTrees> {
    said.iter().find_map(|list| match list.get(at)? {
        Verifier::TwoTrees(evidence) => evidence.check(clinic).is_ok().then_some(evidence.as_ref()),
        Verifier::Share(_) | Verifier::Unreadable => None,
    })
}

/// Every member's verifier share of one report in sharing-role order, if all could read it.
fn verifier_shares<'s>(seat: &Seat, clinic: &Principal, said: &'s [Vec<Verifier>], at: usize) -> Option<Vec<&'s [u8]>> {
    let mut ordered = vec![None; said.len()];
    for (place, list) in said.iter().enumerate() {
        let role = seat.attempt.sharing_role(seat.inquiry.id(), clinic, place);
        *ordered.get_mut(role)? = match list.get(at)? {
            Verifier::Share(share) => Some(share.0.as_slice()),
            Verifier::Unreadable | Verifier::TwoTrees(_) => None,
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
            batch: self.batch,
            opening_key: self.secrets.opening_key,
            noised,
            operators_counted,
        })
    }
}
