//! `sumac node join`: a listed node takes its first charter into use.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_node::home::Home;
use sumac_node::running::waits;
use sumac_node::store::Store;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::join::admit_join;
use sumac_protocol::principal::{Principal, Signer};

use super::{keep, newer, stopped, unlock};
use crate::failure::Failure;
use crate::{confirm, files, show};

/// Take a charter that lists this node into use, and studies. The node must not be running.
///
/// The first charter decides whom the node trusts for ever: compare the digest of its genesis with what a steward tells
/// you over another channel.
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// The charter file, with all its epochs.
    #[arg(value_name = "CHARTER")]
    charter: PathBuf,
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// A signed study. May be given several times.
    #[arg(long, value_name = "FILE")]
    study: Vec<PathBuf>,
    /// Take it without asking.
    #[arg(long)]
    yes: bool,
}

impl JoinArgs {
    /// Checks that the charter lists this node, tells what it is, asks, and takes it in.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = stopped(&self.dir)?;
        let before = if home.charter_file().exists() { Some(home.charter()?) } else { None };
        let chain = newer(&home, &self.charter)?;
        let key = own_key(&home)?;
        let charter = chain.current();
        let Some(member) = charter.member(&key) else {
            let says =
                format!("{}: epoch {} of {} does not list {key}", self.charter.display(), charter.epoch, charter.name);
            let remedy = format!("hand {} to a steward: `sumac charter add-member`", home.join_file().display());
            return Err(Failure::refused("charter-without-us", &says, remedy));
        };
        show::talk(&format!("{}: epoch {}, lists this node as {}", charter.name, charter.epoch, member.name));
        told(before.as_ref(), &chain);
        confirm::yes("Take it into use?", self.yes)?;
        let done = keep(&home, &chain, &self.study)?;
        home.nothing_waits();
        show::talk(&format!("  next: `sumac node run --dir {}`", self.dir.display()));
        Ok(done)
    }
}

/// What a person should look at before a yes: the federation's name of names, or what protects patients less.
fn told(before: Option<&CharterChain>, chain: &CharterChain) {
    match before {
        None => {
            show::talk("its genesis; compare it with what a steward tells you:");
            show::talk(&format!("  {}", chain.genesis_digest().hex()));
        }
        Some(before) => waits(before, chain).iter().for_each(|why| show::lines(why, "  - ", "    ")),
    }
}

/// This node's key: from its own signed request, or where that is gone from its keyring.
fn own_key(home: &Home) -> Result<Principal, Failure> {
    let file = home.join_file();
    if file.exists() {
        let join = admit_join(&files::envelope(&file)?).map_err(|why| files::named(&file, why.into()))?;
        return Ok(join.key);
    }
    let (store, _) = Store::open(&home.store_paths(&home.settings()?), &unlock(home)?)?;
    let key = Signer::from_seed(&store.identity_seed()).principal();
    store.close()?;
    Ok(key)
}
