//! `sumac node accept`: a person's yes to a charter that protects patients less.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_node::control::{self, CharterRequest, CharterResponse, Request, Response};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::charter_changes::CharterChanges;

use super::socket;
use crate::command::charter::{hand_to, offer};
use crate::failure::Failure;
use crate::{confirm, show};

/// Look at the charter that waits at a running node for a person, and say yes to it.
///
/// A charter waits where it protects patients less, replaces most stewards, or lets further members add shares up. Until
/// somebody says yes the node goes on under the one before.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Say yes without being asked.
    #[arg(long)]
    yes: bool,
}

impl AcceptArgs {
    /// Tells what waits, asks, and takes it into use.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let CharterResponse::Waiting(waiting) = offer(&self.dir, CharterRequest::Waiting)? else {
            return Err(Failure::bug("another answer than was asked for"));
        };
        let Some(text) = waiting else {
            show::talk("no charter waits here");
            return Ok(ExitCode::SUCCESS);
        };
        let chain = CharterChain::from_json(&text)?;
        let Response::Status(status) = control::ask(&socket(&self.dir)?, &Request::Status)? else {
            return Err(Failure::bug("another answer than was asked for"));
        };
        let steps = chain.epochs().zip(chain.epochs().skip(1)).filter(|(before, _)| before.epoch >= status.epoch);
        for (before, after) in steps {
            show::talk(&format!("from epoch {} to epoch {} of {}:", before.epoch, after.epoch, after.name));
            show::changes(&CharterChanges::between(before, after), show::lines);
        }
        confirm::yes("Take it into use?", self.yes)?;
        let charter = chain.current().digest();
        let _in_force = offer(&self.dir, CharterRequest::Accept { charter })?;
        hand_to(&self.dir, &chain)?;
        Ok(ExitCode::SUCCESS)
    }
}
