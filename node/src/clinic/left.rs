//! What studies have left here, for whoever watches the node: a share, from the queries alone.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::study::Study;
use sumac_protocol::envelope::Verified;

use super::books::spending;
use super::{Clinic, ClinicError};

impl Clinic {
    /// The share that each of these studies has left of its scarcer budget, in hundredths, rounded down. Exact studies have
    /// no budget and are left out.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub fn left_of(&self, studies: &[Verified<Study>]) -> Result<Vec<(Digest, u32)>, ClinicError> {
        let (charges, now) = (self.charges()?, self.clock.now());
        let share = |left: RhoMicro, budget: RhoMicro| {
            let hundredths = u128::from(left.0).saturating_mul(100).checked_div(u128::from(budget.0))?;
            u32::try_from(hundredths).ok()
        };
        let least = |study: &Verified<Study>| {
            let allowances = spending(&charges, study.digest(), now).allowances(study);
            let shares = allowances.iter().filter_map(|allowance| share(allowance.left, allowance.budget));
            shares.min().map(|least| (study.digest(), least))
        };
        Ok(studies.iter().filter_map(least).collect())
    }
}
