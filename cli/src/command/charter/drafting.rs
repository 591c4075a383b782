//! `sumac charter add-member`, `remove-member`, `set-policy`: the next charter, drafted from the one in force.

use std::path::PathBuf;

use clap::Args;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::next_charter::{Listed, NextCharter};

use crate::failure::Failure;
use crate::{files, join_text, show};

/// Where a draft begins and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Onto {
    /// The charter file, with all its epochs.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// Change this draft further, in place of beginning with the charter in force. Its signatures do not count for what
    /// is written.
    #[arg(long, value_name = "FILE")]
    on: Option<PathBuf>,
    /// Where the draft goes, to be signed by the stewards.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// List the nodes that ask for it in a draft of the next charter.
///
/// A node that is listed already is listed as it asks now; its staff keys stay. Compare each key with the clinic over
/// another channel before you sign: a request says who holds the key, not who that is.
#[derive(Debug, Args)]
#[command(override_usage = "sumac charter add-member [OPTIONS] <JOIN>...\n           --charter <FILE> --out <FILE>")]
pub(crate) struct AddMemberArgs {
    #[command(flatten)]
    onto: Onto,
    /// The requests: join.json of each node, or a file with the line that it printed.
    #[arg(value_name = "JOIN", required = true)]
    requests: Vec<PathBuf>,
}

impl AddMemberArgs {
    /// Lists all of them or none.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (_, mut next) = self.onto.begin()?;
        for path in &self.requests {
            let request = join_text::read(path)?;
            let listed = next.admit(&request).map_err(|why| files::named(path, why.into()))?;
            if listed == Listed::Again {
                show::talk(&format!("{} is listed already, and is to be listed as it asks now", request.name));
            }
        }
        write_draft(&next, &self.onto)
    }
}

/// Take a member off the list in a draft of the next charter.
#[derive(Debug, Args)]
#[command(override_usage = "sumac charter remove-member [OPTIONS] <MEMBER>\n           --charter <FILE> --out <FILE>")]
pub(crate) struct RemoveMemberArgs {
    #[command(flatten)]
    onto: Onto,
    /// Its name or its key.
    #[arg(value_name = "MEMBER")]
    member: String,
    /// Who takes its seats on committees: an aggregator of another organisation.
    #[arg(long, value_name = "MEMBER")]
    in_its_place: Option<String>,
}

impl RemoveMemberArgs {
    /// Takes it off.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (_, mut next) = self.onto.begin()?;
        next.dismiss(&self.member, self.in_its_place.as_deref())?;
        write_draft(&next, &self.onto)
    }
}

/// Change the policy in a draft of the next charter.
#[derive(Debug, Args)]
#[command(
    override_usage = "sumac charter set-policy [OPTIONS] <FIELD=VALUE>...\n           --charter <FILE> --out <FILE>"
)]
pub(crate) struct SetPolicyArgs {
    #[command(flatten)]
    onto: Onto,
    /// Which fields get which values, as cohort_min=20. ρ is in millionths.
    #[arg(value_name = "FIELD=VALUE", required = true)]
    fields: Vec<String>,
}

impl SetPolicyArgs {
    /// Sets all of them or none.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (_, mut next) = self.onto.begin()?;
        for text in &self.fields {
            let (field, value) = text.split_once('=').ok_or_else(|| {
                Failure::usage(format!("`{text}` names no value"), "write it as FIELD=VALUE, as cohort_min=20")
            })?;
            next.set_policy(field.trim(), value.trim())?;
        }
        write_draft(&next, &self.onto)
    }
}

impl Onto {
    /// The chain alone.
    pub(crate) fn chain(&self) -> Result<CharterChain, Failure> {
        files::chain(&self.charter)
    }

    /// The chain, and the draft to go on with.
    pub(crate) fn begin(&self) -> Result<(CharterChain, NextCharter), Failure> {
        let chain = files::chain(&self.charter)?;
        let next = match &self.on {
            Some(draft) => {
                let taken = NextCharter::of_draft(&files::envelope(draft)?, &chain);
                taken.map_err(|why| files::named(draft, why.into()))?
            }
            None => NextCharter::after(&chain),
        };
        Ok((chain, next))
    }
}

/// Writes a draft and says what it changes. One that changes nothing is not written.
pub(crate) fn write_draft(next: &NextCharter, onto: &Onto) -> Result<(), Failure> {
    let changes = next.changes();
    if changes.list().is_empty() {
        return Err(Failure::refused(
            "draft-changes-nothing",
            &"the next charter would say what the one in force says",
            "say what is to change".into(),
        ));
    }
    files::write(&onto.out, &next.draft()?.to_json())?;
    let (charter, out, chain) = (next.drafted(), onto.out.display(), onto.charter.display());
    show::talk(&format!(
        "{out}: epoch {} of {}, to be signed by {} of {} stewards, changes",
        charter.epoch,
        charter.name,
        charter.threshold,
        charter.stewards.len()
    ));
    show::changes(&changes, show::lines);
    show::talk(&format!("  next: `sumac charter sign {out} --charter {chain} --key STEWARD.key`"));
    Ok(())
}
