//! `sumac consent replace-key`: two members of staff put another key in the place of a lost one.
//!
//! The draft travels from one to the other as a charter does. Each sees, before signing, whose key comes in whose place;
//! the node alone decides whether two of them suffice.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use sumac_node::control::{self, Request, Response};
use sumac_protocol::document::enrolment::{Drafted, Enrolment};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Principal;

use super::another;
use crate::command::charter;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::{asking, files, show};

/// Put another key in the place of one that was lost.
///
/// Two members of staff sign. What was withdrawn stays withdrawn, and nothing counts as granted for 14 days, so that a
/// patient who was not asked can object with the old key.
#[derive(Debug, Subcommand)]
pub(crate) enum ReplaceKeyCommand {
    /// Draft the replacement, to be signed by two members of staff.
    #[command(override_usage = "\
sumac consent replace-key new --dir <DIR>
           --pseudonym <P> --key <DID:KEY> --out <FILE>")]
    New {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The clinic's pseudonym of the patient.
        #[arg(long, value_name = "P")]
        pseudonym: String,
        /// The patient's new public key for this clinic.
        #[arg(long, value_name = "DID:KEY")]
        key: Principal,
        /// Where the draft goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add the signature of a member of staff.
    Sign {
        /// The draft.
        #[arg(value_name = "FILE")]
        draft: PathBuf,
        /// The key file of the member of staff.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Hand the signed replacement in.
    Submit {
        /// The signed draft.
        #[arg(value_name = "FILE")]
        draft: PathBuf,
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

impl ReplaceKeyCommand {
    /// Drafts, signs or hands in.
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::New { dir, pseudonym, key, out } => new(&dir, &pseudonym, key, &out),
            Self::Sign { draft, key } => {
                say(&draft)?;
                charter::sign(&draft, &key)
            }
            Self::Submit { draft, dir } => {
                say(&draft)?;
                control::ask(&socket(&dir)?, &Request::ReplaceKey(files::envelope(&draft)?))?;
                show::line("replaced");
                Ok(())
            }
        }
    }
}

/// Asks the node which key is lost, and writes the draft. Never overwrites.
fn new(dir: &Path, pseudonym: &str, key: Principal, out: &Path) -> Result<(), Failure> {
    let socket = socket(dir)?;
    let Response::Status(status) = control::ask(&socket, &Request::Status)? else { return Err(another()) };
    let Response::Standings(lines) = control::ask(&socket, &Request::Standings)? else { return Err(another()) };
    let lost = lines.into_iter().find(|line| line.pseudonym == pseudonym).and_then(|line| line.key);
    let lost = lost.ok_or_else(|| {
        let says = format!("no key is enrolled for `{pseudonym}` here");
        Failure::refused("no-such-patient", &says, "`sumac consent list` shows who is known".into())
    })?;
    let pseudonym = pseudonym.to_owned();
    let enrolment =
        Enrolment { clinic: status.key, pseudonym, patient: key, made_at: asking::now(), replaces: Some(lost) };
    enrolment.check().map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    files::write_new(out, &Envelope::draft(&enrolment)?.to_json())?;
    show::talk(&format!("{}: to be signed by two members of staff", out.display()));
    Ok(())
}

/// Says what is signed, before it is: whose key comes in whose place, in full, so that it can be compared with what the
/// patient read out.
fn say(draft: &Path) -> Result<(), Failure> {
    let envelope = files::envelope(draft)?;
    let Drafted { pseudonym, patient, replaces } = Drafted::of(&envelope)?;
    let lost = replaces.map_or_else(|| "no key at all".to_owned(), |lost| lost.to_string());
    show::paragraph(&format!(
        "For {pseudonym}, the key\n  {patient}\ncomes in the place of\n  {lost}\nNothing counts as granted for 14 days, and what was withdrawn stays so."
    ));
    Ok(())
}
