//! `sumac consent ledger`: the head of the clinic's consent ledger, signed by its node.

use std::path::PathBuf;

use clap::Args;
use sumac_node::control::{self, LedgerRequest, LedgerResponse, Request, Response};
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Growth, admit_head};

use super::another;
use super::verify::receipt_in;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::{files, show};

/// Show how long the clinic's consent ledger is, and the root of its tree. Every statement that was ever taken is in it,
/// those of erased patients too.
///
/// Whoever keeps a signed head can have the clinic prove later that nothing was dropped or rewritten since.
///
/// Example: sumac consent ledger --dir ~/harbour --out head.json, and in a year
/// sumac consent ledger --dir ~/harbour --since head.json
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// The node's folder. The node must be running.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Write the signed head to a new file; with --since, with the proof that the ledger only grew.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// An older head of this clinic, or a patient's receipt: prove that today's ledger begins with it.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

impl LedgerArgs {
    /// Refused if today's ledger does not begin with the older one.
    pub(super) fn run(self) -> Result<(), Failure> {
        self.out.as_deref().map_or(Ok(()), files::vacant)?;
        let socket = socket(&self.dir)?;
        let Response::Status(status) = control::ask(&socket, &Request::Status)? else { return Err(another()) };
        let ask = |request| {
            let answer = control::ask(&socket, &Request::Ledger(request))?;
            let Response::Ledger(told) = answer else { return Err(another()) };
            Ok::<LedgerResponse, Failure>(*told)
        };
        let (head, text) = match &self.since {
            None => {
                let LedgerResponse::Head(head) = ask(LedgerRequest::Head)? else { return Err(another()) };
                (admit_head(&head, &status.key)?, head.to_json())
            }
            Some(file) => {
                let since = since(file)?;
                let old = admit_head(&since, &status.key).map_err(|why| files::named(file, why.into()))?;
                let LedgerResponse::Growth(growth) = ask(LedgerRequest::Growth { since })? else {
                    return Err(another());
                };
                let head = growth.check(&status.key, &old)?;
                show_growth(&old, &head);
                (head, text_of(&growth)?)
            }
        };
        show_head(&head);
        if let Some(file) = &self.out {
            files::write_new(file, &format!("{text}\n"))?;
            show::talk(&format!("written to {}", file.display()));
        }
        Ok(())
    }
}

/// The head in a file: alone, or that of a receipt.
fn since(file: &std::path::Path) -> Result<Envelope, Failure> {
    receipt_in(file).map_or_else(|_| files::envelope(file), |(receipt, _)| Ok(receipt.head))
}

/// The facts of a head.
pub(super) fn show_head(head: &TreeHead) {
    show::line(&format!("statements {}", head.size));
    show::line(&format!("root       {}", head.root.hex()));
    show::line(&format!("signed     {}", head.made_at));
}

/// That a longer ledger begins with the shorter one, whose proof was checked.
fn show_growth(old: &Verified<TreeHead>, new: &Verified<TreeHead>) {
    let more = show::counted(new.size.saturating_sub(old.size), "statement");
    show::line(&format!("the ledger of {} only grew since {}, by {more}", old.size, old.made_at));
}

/// A signed head, or one with a proof, as it stands in a file.
pub(super) enum HeadFile {
    Head(Envelope),
    Growth(Growth),
}

impl HeadFile {
    /// Reads either.
    pub(super) fn read(file: &std::path::Path) -> Result<Self, Failure> {
        match serde_json::from_str(&files::read(file)?) {
            Ok(growth) => Ok(Self::Growth(growth)),
            Err(_) => files::envelope(file).map(Self::Head),
        }
    }
}

/// A growth as it stands in a file that others check.
fn text_of(growth: &Growth) -> Result<String, Failure> {
    serde_json::to_string(growth).map_err(|why| Failure::bug(why.to_string()))
}
