//! `sumac consent witness`: what a patient said on paper.
//!
//! Who filled in the form is for the witness to know; the statement names the form by its reference, so that it can be
//! found in the files of the clinic.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{Action, Revoke};

use super::paper::Staff;
use crate::asking;
use crate::command::patient;
use crate::failure::Failure;

/// Sign what a patient said on paper, with a staff key that the charter names.
///
/// A patient without a key gets one that nobody holds. Paper may end anything; it allows more than before only where no
/// key of the patient ever signed.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["purpose", "revoke"]).required(true)))]
#[command(override_usage = "\
sumac consent witness [OPTIONS] --dir <DIR> --key <FILE>
           --pseudonym <P> --form <TEXT> <--purpose <CODE,…>|--revoke>")]
pub(crate) struct WitnessArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The key file of the member of staff who witnesses.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The clinic's pseudonym of the patient.
    #[arg(long, value_name = "P")]
    pseudonym: String,
    /// The reference of the paper form.
    #[arg(long, value_name = "TEXT")]
    form: String,
    /// The patient allows this: purposes as GA4GH DUO codes, as GRU, HMB or DS.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    purpose: Vec<String>,
    /// A disease that DS is about, as its code in the Mondo ontology. May be given several times.
    #[arg(long, value_name = "MONDO:NUMBER", requires = "purpose")]
    disease: Vec<String>,
    /// For how many days the grant holds, at most 3,650.
    #[arg(long, value_name = "DAYS", default_value_t = 730, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: u64,
    /// Largest privacy cost in any 365 days, in millionths of ρ.
    #[arg(long, value_name = "RHO_MICRO", default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rho_year: u64,
    /// The patient withdraws everything.
    #[arg(long)]
    revoke: bool,
}

impl WitnessArgs {
    /// Drafts, says the words, signs and hands in. A grant on paper is always under noise: who wants to be in exact
    /// studies signs that with a key.
    pub(super) fn run(self) -> Result<(), Failure> {
        let staff = Staff::at(&self.dir, &self.key)?;
        let action = if self.revoke {
            Action::Revoke(Revoke { purposes: None })
        } else {
            let cap = RhoMicro(self.rho_year);
            Action::Grant(patient::grant(self.purpose, self.disease, false, asking::now(), self.days, cap))
        };
        staff.witness(&self.pseudonym, &self.form, action)
    }
}
