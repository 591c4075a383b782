//! `sumac consent witness`: what a patient said on paper.
//!
//! Who filled in the form is for the witness to know; the statement names the form by its reference, so that it can be
//! found in the files of the clinic.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use sumac_protocol::document::consent::{Action, Revoke};

use super::paper::Staff;
use crate::asking;
use crate::command::patient::Wishes;
use crate::failure::Failure;

/// Sign what a patient said on paper, with a staff key that the charter names.
///
/// A patient without a key gets one that nobody holds. Paper may end anything; it allows more than before only where no
/// key of the patient ever signed. What a yes does not say is as `sumac patient grant` has it.
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
    #[command(flatten)]
    wishes: Wishes,
    /// The patient withdraws everything.
    #[arg(long, conflicts_with_all = ["disease", "category", "who", "study", "noise", "days", "rho_year", "language"])]
    revoke: bool,
    /// Sign without asking.
    #[arg(long)]
    yes: bool,
}

impl WitnessArgs {
    /// Drafts, says the words, asks, signs and hands in.
    pub(super) fn run(self) -> Result<(), Failure> {
        let staff = Staff::at(&self.dir, &self.key)?;
        let action = if self.revoke {
            Action::Revoke(Revoke { purposes: None })
        } else {
            Action::Grant(self.wishes.granted(asking::now())?)
        };
        staff.witness(&self.pseudonym, &self.form, action, self.yes)
    }
}
