//! `sumac charter`: who belongs.
//!
//! A charter begins as JSON text that people write and discuss. `new` turns it into a draft, `sign`
//! collects the stewards' signatures one after the other, on whatever machine they keep their keys,
//! and `add` puts it at the end of the chain that everybody holds. A later charter is drafted from the one in force by
//! what it is to change, and told in words before anybody signs.
//!
//! `publish` hands a signed charter to running nodes; all else talks to nobody.

mod drafting;
mod publishing;
mod signing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::dictionary::KETAMINE;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::strict_json;

use crate::command::dictionary::{SHIPPED, admissible};
use crate::failure::Failure;
use crate::{files, keys, show};

pub(crate) use drafting::{Onto, write_draft};
pub(crate) use publishing::{hand_to, offer};

/// Charters.
#[derive(Debug, Subcommand)]
pub(crate) enum CharterCommand {
    /// Turn the JSON text of a charter into a draft to be signed. Refuses what breaks a rule.
    #[command(override_usage = USAGE, after_long_help = FIELDS)]
    New {
        /// The charter's JSON. `dictionary` may be given as {"file": "path.toml"}, or as
        /// {"shipped": "ketamine"}.
        #[arg(long, value_name = "FILE", required_unless_present = "example")]
        from: Option<PathBuf>,
        /// Where the draft goes.
        #[arg(long, value_name = "FILE", required_unless_present = "example")]
        out: Option<PathBuf>,
        /// Print a charter to start from, with what each field means, and do nothing else.
        #[arg(long, exclusive = true)]
        example: bool,
    },
    AddMember(drafting::AddMemberArgs),
    RemoveMember(drafting::RemoveMemberArgs),
    SetPolicy(drafting::SetPolicyArgs),
    Diff(signing::DiffArgs),
    Sign(signing::SignArgs),
    /// Put a signed charter at the end of a chain, or begin one.
    Add {
        /// The signed charter.
        #[arg(value_name = "FILE")]
        charter: PathBuf,
        /// The chain's file; made if it is not there.
        #[arg(long, value_name = "FILE")]
        chain: PathBuf,
    },
    Publish(publishing::PublishArgs),
    /// Print the charter in force.
    Show {
        /// The chain's file.
        #[arg(value_name = "FILE")]
        chain: PathBuf,
    },
}

impl CharterCommand {
    /// Writes, signs, chains or shows a charter.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::New { from: Some(from), out: Some(out), .. } => new(&from, &out)?,
            Self::New { .. } => {
                EXAMPLE.lines().for_each(show::line);
                FIELDS.lines().for_each(|row| show::lines(row, "", ""));
            }
            Self::AddMember(args) => args.run()?,
            Self::RemoveMember(args) => args.run()?,
            Self::SetPolicy(args) => args.run()?,
            Self::Diff(args) => args.run()?,
            Self::Sign(args) => args.run()?,
            Self::Publish(args) => args.run()?,
            Self::Add { charter, chain } => add(&charter, &chain)?,
            Self::Show { chain } => {
                let chain = files::chain(&chain)?;
                show::talk(&format!("genesis {}, in force:", chain.genesis_digest()));
                show::talk(&format!("  {}", chain.current().digest().hex()));
                show::json::<Charter>(chain.current())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Refuses a text in which something is left open, as examples leave it: `"?…"`.
pub(super) fn filled_in(path: &Path, text: &str) -> Result<(), Failure> {
    let open = (1_u32..).zip(text.lines()).find_map(|(number, row)| {
        // Behind a backslash the quote is a letter of a text.
        let begins = |(at, _): &(usize, &str)| !row.get(..*at).is_some_and(|before| before.ends_with('\\'));
        let (at, mark) = row.match_indices("\"?").find(begins)?;
        let behind = row.get(at.saturating_add(mark.len())..).unwrap_or_default();
        Some((number, behind.split('"').next().unwrap_or_default().to_owned()))
    });
    let Some((number, name)) = open else { return Ok(()) };
    let says = format!("{}: line {number}: `?{name}` is left open", path.display());
    Err(Failure::refused(
        "left-open",
        &says,
        "put what is meant in the place of every value that begins with `?`".into(),
    ))
}

/// A charter to start from.
const EXAMPLE: &str = include_str!("../../templates/charter.json");
/// What each of its fields means, in rows that fit a terminal.
const FIELDS: &str = include_str!("../../templates/charter-fields.txt");
/// Written out, so that the example stands beside the other way.
const USAGE: &str = "sumac charter new --from <FILE> --out <FILE>
       sumac charter new --example";

/// Checks a charter's text and writes it as a draft that stewards can sign.
fn new(from: &Path, out: &Path) -> Result<(), Failure> {
    let text = files::read(from)?;
    let malformed = |why: String| {
        Failure::refused(
            "malformed",
            &format!("{}: {why}", from.display()),
            "correct the file; `sumac charter new --example` prints one, and what each field means".into(),
        )
    };
    filled_in(from, &text)?;
    let mut written: serde_json::Value = strict_json::from_slice(text.as_bytes()).map_err(malformed)?;
    let mut dictionary_of = from.to_path_buf();
    if written.pointer("/dictionary/shipped").and_then(|name| name.as_str()) == Some(SHIPPED)
        && let Some(dictionary) = written.get_mut("dictionary")
    {
        *dictionary = KETAMINE.into();
    }
    if let Some(file) = written.pointer("/dictionary/file").and_then(|f| f.as_str().map(PathBuf::from)) {
        let beside = from.parent().unwrap_or(Path::new(".")).join(file);
        let text = files::read(&beside)?;
        if let Some(dictionary) = written.get_mut("dictionary") {
            *dictionary = text.into();
        }
        dictionary_of = beside;
    }
    let charter: Charter = serde_json::from_value(written).map_err(|why| malformed(why.to_string()))?;
    charter.check()?;
    admissible(&dictionary_of, &charter.dictionary)?;
    files::write(out, &Envelope::draft(&charter)?.to_json())?;
    show::talk(&format!(
        "{}: epoch {} of {}, to be signed by {} of {} stewards",
        out.display(),
        charter.epoch,
        charter.name,
        charter.threshold,
        charter.stewards.len()
    ));
    Ok(())
}

/// Adds one signature to a draft of any kind. A second by the same key replaces the first.
pub(super) fn sign(draft: &Path, key: &Path) -> Result<(), Failure> {
    let (mut envelope, signer) = (files::envelope(draft)?, keys::signer(key)?);
    envelope.cosign(&signer);
    files::write(draft, &envelope.to_json())?;
    let signatures = u64::try_from(envelope.signature_count()).unwrap_or(u64::MAX);
    show::talk(&format!("{}: {} now, the last by", draft.display(), show::counted(signatures, "signature")));
    show::talk(&format!("  {}", signer.principal()));
    Ok(())
}

/// Puts a charter at the end of its chain, if enough stewards of this epoch and the one before signed.
fn add(charter: &Path, path: &Path) -> Result<(), Failure> {
    let envelope = files::envelope(charter)?;
    let chain = if path.exists() {
        let mut chain = files::chain(path)?;
        chain.extend(&envelope)?;
        chain
    } else {
        CharterChain::genesis(&envelope)?
    };
    files::write(path, &chain.to_json())?;
    show::talk(&format!("{}: epoch {} is in force, genesis", path.display(), chain.current().epoch));
    show::talk(&format!("  {}", chain.genesis_digest().hex()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sumac_protocol::document::charter::Charter;
    use sumac_protocol::principal::Signer;
    use zeroize::Zeroizing;

    use super::{EXAMPLE, FIELDS, filled_in};

    /// The example with a key for each name that is left open, and no dictionary.
    fn filled() -> String {
        let names = ["steward-1", "steward-2", "steward-3", "node-a", "node-b", "node-c"];
        let key = |seed: u8| Signer::from_seed(&Zeroizing::new([seed; 32])).principal().to_string();
        (1..).zip(names).fold(EXAMPLE.to_owned(), |text, (seed, name)| {
            text.replace(&format!("\"?{name}\""), &format!("\"{}\"", key(seed)))
        })
    }

    #[test]
    fn the_example_is_a_sound_charter_once_what_is_left_open_is_filled_in() {
        let path = Path::new("text.json");
        assert_eq!(filled_in(path, EXAMPLE).map_err(|why| why.code().to_owned()), Err("left-open".to_owned()));
        let text = filled();
        assert!(filled_in(path, &text).is_ok(), "{text}");
        assert!(filled_in(path, r#"{ "title": "What is \"rest\"?" }"#).is_ok(), "a question mark of a text");
        let mut charter: serde_json::Value = serde_json::from_str(&text).unwrap();
        charter["dictionary"] = "a text".into();
        let charter: Charter = serde_json::from_value(charter).unwrap();
        assert_eq!(charter.check(), Ok(()));
    }

    #[test]
    fn every_field_of_a_charter_is_explained() {
        let fields = EXAMPLE.lines().filter_map(|row| row.trim_start().strip_prefix('"')?.split_once("\":"));
        for (name, _) in fields {
            assert!(FIELDS.lines().any(|row| row.trim_start().starts_with(&format!("{name} "))), "{name}");
        }
        assert!(FIELDS.lines().all(|row| row.chars().count() <= 80));
    }
}
