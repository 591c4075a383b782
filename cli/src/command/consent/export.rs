//! `sumac consent export`: a patient's consents for other systems.
//!
//! Both forms are readers' copies: what was signed travels beside them, or is named by its digest.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sumac_node::control::{self, Request, Response};
use sumac_node::export::{fhir, iso27560};
use sumac_node::home::Home;
use sumac_protocol::dictionary::Dictionary;

use super::another;
use crate::command::node;
use crate::failure::Failure;
use crate::{asking, show};

/// Write out a patient's consents: as FHIR R4, or as a record after ISO/IEC TS 27560.
#[derive(Debug, Args)]
pub(crate) struct ExportConsentArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The clinic's pseudonym of the patient.
    #[arg(long, value_name = "P")]
    pseudonym: String,
    /// How it is written.
    #[arg(long, value_enum)]
    format: ConsentFormat,
}

/// The form of an export of consents. What a form has no word for, it leaves out or turns into a no; it never says more
/// than the patient did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ConsentFormat {
    /// A Bundle of FHIR R4: the Patient and a Consent for each statement.
    Fhir,
    /// A consent record after ISO/IEC TS 27560:2023, as JSON.
    Iso27560,
}

impl ExportConsentArgs {
    /// Asks the running node for what the patient said, and prints it in one line of JSON.
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = Home::at(&self.dir);
        let chain = node::charter(&home)?;
        let request = Request::ExportPatient { pseudonym: self.pseudonym.clone() };
        let Response::Patient(held) = control::ask(&node::socket(&self.dir)?, &request)? else { return Err(another()) };
        let held = held.ok_or_else(|| {
            let says = format!("there is no patient `{}` here", self.pseudonym);
            Failure::refused("no-such-patient", &says, "`sumac consent list` shows the pseudonyms".into())
        })?;
        match self.format {
            ConsentFormat::Fhir => {
                let dictionary = Dictionary::parse(&chain.current().dictionary)
                    .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
                show::json(&fhir::consents(&held, &dictionary))
            }
            ConsentFormat::Iso27560 => {
                let name = chain.current().member(&held.clinic).map(|member| member.name.clone()).unwrap_or_default();
                show::json(&iso27560::record(&held, &name, asking::now()))
            }
        }
    }
}
