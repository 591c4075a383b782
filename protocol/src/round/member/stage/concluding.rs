//! Deciding about every report, and adding noise once all members decided alike.

use super::{Agreed, Concluded, Noised, Seat, Verifying, clinics_min, sharing_fault, sign};
use crate::document::manifest::{ClinicVerdict, Manifest, Verdict};
use crate::envelope::{Envelope, Verified};
use crate::octets::Octets;
use crate::principal::Principal;
use crate::privacy;
use crate::round::Desk;
use crate::round::attempt::Fault;
use crate::secret_share::{CellShares, SharingError};
use rand_core::CryptoRng;

impl Verifying {
    /// Decides about every report and sums those that hold. `shares` is by place, then by report.
    pub(in crate::round::member) fn conclude<R: CryptoRng>(
        self,
        shares: &[Vec<Option<Octets>>],
        desk: &Desk<'_, R>,
    ) -> Result<Concluded, Fault> {
        let mut sum = CellShares::zero(self.seat.inquiry.plan().cell_count());
        let mut verdicts = Vec::with_capacity(self.reports.len());
        for (at, report) in self.reports.into_iter().enumerate() {
            let verdict = match (report.pending, verifier_shares(&self.seat, &report.clinic, shares, at)) {
                (Some(waiting), Some(shares)) => {
                    match waiting.circuit.finish(&waiting.context, waiting.pending, &shares) {
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

/// Every member's verifier share of one report in sharing-role order, if all could read it.
fn verifier_shares<'a>(
    seat: &Seat,
    clinic: &Principal,
    shares: &'a [Vec<Option<Octets>>],
    at: usize,
) -> Option<Vec<&'a [u8]>> {
    let mut ordered = vec![None; shares.len()];
    for (place, list) in shares.iter().enumerate() {
        let role = seat.attempt.sharing_role(seat.inquiry.id(), clinic, place);
        *ordered.get_mut(role)? = list.get(at)?.as_ref().map(|o| o.0.as_slice());
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
        let noise = privacy::noise_vector(plan, &self.secrets.seed, manifest.digest())
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
