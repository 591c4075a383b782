//! `sumac charter publish`: from enough signatures to being in force.

use std::path::{Path, PathBuf};

use clap::Args;
use sumac_node::control::{self, CharterRequest, CharterResponse, Request, Response};
use sumac_protocol::charter_chain::CharterChain;

use crate::command::node;
use crate::failure::Failure;
use crate::{files, show};

/// Put a signed charter at the end of the chain, and hand the chain to running nodes.
///
/// A node takes it into use at once, where it protects patients no less; else it keeps it until a person there says
/// `sumac node accept`. Nodes that are not named here take the chain's file with `sumac node join` or `adopt`.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The charter, signed by enough stewards of this epoch and the one before.
    #[arg(value_name = "FILE")]
    signed: PathBuf,
    /// The charter file that it goes on from.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The folder of a running node to hand it to. May be given several times.
    #[arg(long, value_name = "DIR")]
    dir: Vec<PathBuf>,
}

impl PublishArgs {
    /// Extends the chain's file first: a node that refuses leaves it right.
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut chain = files::chain(&self.charter)?;
        chain.extend(&files::envelope(&self.signed)?).map_err(|why| files::named(&self.signed, why.into()))?;
        files::write(&self.charter, &chain.to_json())?;
        show::talk(&format!("{}: epoch {} is the newest,", self.charter.display(), chain.current().epoch));
        show::talk(&format!("  {}", chain.current().digest().hex()));
        self.dir.iter().try_for_each(|dir| hand_to(dir, &chain))
    }
}

/// Hands a chain to the running node of a folder, and says what became of it.
pub(crate) fn hand_to(dir: &Path, chain: &CharterChain) -> Result<(), Failure> {
    let at = dir.display();
    match offer(dir, CharterRequest::Offer { chain: chain.to_json() })? {
        CharterResponse::InForce { epoch, fresh: true, .. } => show::talk(&format!("{at}: epoch {epoch} is in force")),
        CharterResponse::InForce { epoch, fresh: false, .. } => {
            show::talk(&format!("{at}: epoch {epoch} was in force already"));
        }
        CharterResponse::Waits { epoch, why, .. } => {
            show::talk(&format!("{at}: epoch {epoch} waits for a person of the clinic, because"));
            why.iter().for_each(|why| show::lines(why, "  - ", "    "));
            show::talk(&format!("  to do: `sumac node accept --dir {at}`"));
        }
        CharterResponse::Waiting(_) | CharterResponse::StudyKept(_) => {
            return Err(Failure::bug("another answer than was asked for"));
        }
    }
    Ok(())
}

/// Asks the running node of a folder something about charters.
pub(crate) fn offer(dir: &Path, request: CharterRequest) -> Result<CharterResponse, Failure> {
    let Response::Charters(answer) = control::ask(&node::socket(dir)?, &Request::Charters(request))? else {
        return Err(Failure::bug("another answer than was asked for"));
    };
    Ok(*answer)
}
