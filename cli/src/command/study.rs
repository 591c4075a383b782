//! `sumac study`: what may be asked, by whom, for how long.
//!
//! A study says who may ask, what for, in which categories of record, at what total price and until
//! when. It binds the federation's genesis and comes into force when a charter lists its digest.

mod begun;
mod force;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use sumac_protocol::analysis_plan::check_draft;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::study::{Study, drafted_study, named_federation};

use crate::command::ask::Format;
use crate::command::charter;
use crate::failure::Failure;
use crate::{confirm, files, keys, show};

/// Studies.
#[derive(Debug, Subcommand)]
pub(crate) enum StudyCommand {
    /// Turn the JSON text of a study into a draft to be signed. Refuses what breaks a rule.
    New(begun::NewArgs),
    /// Add a steward's signature to a draft. Refuses an exact study whose planned queries cannot be
    /// answered beside each other, because the difference of two answers would tell of a few people.
    Sign {
        /// The draft.
        #[arg(value_name = "FILE")]
        draft: PathBuf,
        /// The steward's key file.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The charter file, under whose dictionary the planned queries of an exact study are read. Other
        /// studies need none.
        #[arg(long, value_name = "FILE")]
        charter: Option<PathBuf>,
        /// Sign without asking.
        #[arg(long)]
        yes: bool,
    },
    Publish(force::PublishArgs),
    End(force::EndArgs),
    /// Print a study, if it is in force under a charter.
    Show {
        /// The study.
        #[arg(value_name = "FILE")]
        study: PathBuf,
        /// The charter file.
        #[arg(long, value_name = "FILE")]
        charter: PathBuf,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Print the digest by which a charter lists a study.
    Digest {
        /// The study, signed or not.
        #[arg(value_name = "FILE")]
        study: PathBuf,
    },
}

impl StudyCommand {
    /// Writes, signs, shows or names a study.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::New(args) => args.run()?,
            Self::Sign { draft, key, charter, yes } => sign(&draft, &key, charter.as_deref(), yes)?,
            Self::Publish(args) => args.run()?,
            Self::End(args) => args.run()?,
            Self::Show { study, charter, format } => {
                let admitted = files::study(&study, &files::chain(&charter)?)?;
                match format {
                    Format::Table => show::study(&admitted),
                    Format::Json => show::json::<Study>(&admitted)?,
                }
            }
            Self::Digest { study } => {
                let digest = files::envelope(&study)?.digest();
                show::line(
                    &serde_json::to_value(digest).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
                );
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Adds a steward's signature. With a charter it must be the study's own and the key one of its stewards', and what is still
/// missing is said.
fn sign(draft: &Path, key: &Path, charter: Option<&Path>, yes: bool) -> Result<(), Failure> {
    let chain = charter.map(files::chain).transpose()?;
    let current = chain.as_ref().map(CharterChain::current);
    if let Some(chain) = &chain {
        of_this_federation(draft, chain)?;
    }
    answerable(draft, current.map(|charter| &**charter))?;
    if let Some(charter) = current {
        let signer = keys::signer(key)?.principal();
        if !charter.steward_set().contains(&signer) {
            return Err(Failure::refused(
                "not-a-steward",
                &format!("{signer} is no steward of {}, so its signature would not count", charter.name),
                "sign with the key of one of the stewards: `sumac charter show` lists them".into(),
            ));
        }
    }
    show::study_to_sign(&drafted_study(&files::envelope(draft)?)?);
    confirm::yes("Sign this study?", yes)?;
    charter::sign(draft, key)?;
    if let Some(charter) = current {
        let (have, need) = (files::envelope(draft)?.signers(&charter.steward_set()).len(), charter.threshold);
        let missing = usize::try_from(need).unwrap_or(usize::MAX).saturating_sub(have);
        show::talk(&format!("{have} of {need} stewards signed"));
        show::talk(if missing == 0 {
            "  next: list the study in the next charter: `sumac study publish`"
        } else {
            "  next: hand the file to another steward, who signs it too"
        });
    }
    Ok(())
}

/// Whether a draft names the federation of this chain.
fn of_this_federation(draft: &Path, chain: &CharterChain) -> Result<(), Failure> {
    let (theirs, ours) = (named_federation(&files::envelope(draft)?.claim::<Study>()?), chain.genesis_digest());
    if theirs == ours {
        return Ok(());
    }
    let says = format!(
        "this is the charter of the federation `{}`, with genesis {ours}, and the study is of one with genesis {theirs}",
        chain.current().name
    );
    Err(Failure::refused("study-other-genesis", &says, "give the charter file of the study's own federation".into()))
}

/// Whether what an exact study plans are questions of the charter's dictionary, and can be answered beside each other:
/// told before a steward signs, because every node refuses such a study afterwards. A study with noise is not looked at.
///
/// Fails with the place in a query that is no question, with the two queries whose answers tell of few people when one is
/// taken from the other, or where no charter is named.
fn answerable(draft: &Path, charter: Option<&Charter>) -> Result<(), Failure> {
    let claimed = files::envelope(draft)?.claim::<Study>()?;
    let dictionary = charter.map(|charter| Dictionary::parse(&charter.dictionary)).transpose();
    let dictionary = dictionary.map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    let under = charter.zip(dictionary.as_ref());
    check_draft(&claimed, under).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))
}
