//! `sumac node confirm`: after a recovery, a patient's consent counts again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::control::{self, Request, Response};
use sumac_protocol::ledger::Receipt;

use crate::command::node::socket;
use crate::failure::Failure;
use crate::{files, show};

/// Confirm, after a recovery, that what the running node has of a patient's consent is the newest that the patient said.
///
/// What was signed with the patient's own key takes the patient's receipt of it; what is on paper, a look at the newest
/// form. Whoever confirms without looking may bring back a consent that was withdrawn.
///
/// Patients' programs keep receipts beside the key file KEY, in the folder KEY.receipts, as
/// receipt-POSITION-STATEMENT.json: the newest has the highest position. A patient who has none signs anew, which needs no
/// confirmation.
#[derive(Debug, Args)]
pub(crate) struct ConfirmArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The clinic's pseudonym of the patient.
    #[arg(long, value_name = "P")]
    patient: String,
    /// The patient's newest receipt, KEY.receipts/receipt-….json. Not needed where the newest statement is on paper.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

impl ConfirmArgs {
    /// Shows the receipt to the running node.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let receipt: Option<Receipt> = self.receipt.as_deref().map(read).transpose()?;
        let request = Request::Confirm { pseudonym: self.patient, receipt: receipt.map(Box::new) };
        let Response::Confirmed = control::ask(&socket(&self.dir)?, &request)? else {
            return Err(Failure::bug("another answer than was asked for"));
        };
        show::line("confirmed");
        Ok(ExitCode::SUCCESS)
    }
}

/// A receipt, as the node gave it or as the patient's program kept it.
fn read(path: &Path) -> Result<Receipt, Failure> {
    let read = |text: &str| -> Result<Receipt, serde_json::Error> {
        let mut file: serde_json::Value = serde_json::from_str(text)?;
        let kept = file.get_mut("receipt").map(serde_json::Value::take);
        serde_json::from_value(kept.unwrap_or(file))
    };
    read(&files::read(path)?).map_err(|why| {
        let says = format!("{}: not a receipt: {why}", path.display());
        let remedy = "give the newest receipt that the patient's program kept, KEY.receipts/receipt-….json beside the key \
                      file KEY; or let the patient sign anew";
        Failure::refused("receipt", &says, remedy.into())
    })
}
