//! `sumac charter`: who belongs.
//!
//! A charter begins as JSON text that people write and discuss. `new` turns it into a draft, `sign`
//! collects the stewards' signatures one after the other, on whatever machine they keep their keys,
//! and `add` puts it at the end of the chain that everybody holds.
//!
//! Nothing here talks to a node: what is in force at a clinic changes with `sumac node adopt`.

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

/// Charters.
#[derive(Debug, Subcommand)]
pub(crate) enum CharterCommand {
    /// Turn the JSON text of a charter into a draft to be signed. Refuses what breaks a rule.
    New {
        /// The charter's JSON. `dictionary` may be given as {"file": "path.toml"}, or as
        /// {"shipped": "ketamine"}.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Where the draft goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add a steward's signature to a draft.
    Sign {
        /// The draft.
        #[arg(value_name = "FILE")]
        draft: PathBuf,
        /// The steward's key file.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Put a signed charter at the end of a chain, or begin one.
    Add {
        /// The signed charter.
        #[arg(value_name = "FILE")]
        charter: PathBuf,
        /// The chain's file; made if it is not there.
        #[arg(long, value_name = "FILE")]
        chain: PathBuf,
    },
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
            Self::New { from, out } => new(&from, &out)?,
            Self::Sign { draft, key } => sign(&draft, &key)?,
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

/// Checks a charter's text and writes it as a draft that stewards can sign.
fn new(from: &Path, out: &Path) -> Result<(), Failure> {
    let text = files::read(from)?;
    let malformed = |why: String| {
        Failure::refused(
            "malformed",
            &format!("{}: {why}", from.display()),
            "correct the file; `sumac charter show` prints one that holds".into(),
        )
    };
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
