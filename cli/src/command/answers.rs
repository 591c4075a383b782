//! `sumac answers`: what was asked from this account, and what came of it.
//!
//! Read from what `sumac ask` keeps. Nobody is asked and nothing is charged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::query::Query;
use sumac_protocol::document::study::Study;
use sumac_protocol::moment::Moment;
use sumac_protocol::release_file::ReleaseFile;

use crate::asking::{KeptQuery, home_folder, reread};
use crate::command::ask::Format;
use crate::failure::Failure;
use crate::{files, show};

/// What was asked.
#[derive(Debug, Subcommand)]
pub(crate) enum AnswersCommand {
    /// List what was asked: when, in which study, at what price, and whether the answer was fetched.
    List {
        /// Only what was asked in the study of this short name.
        #[arg(long, value_name = "ID")]
        study: Option<String>,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Show an answer again. With a charter it is checked first, as `sumac verify` does; a table needs one.
    Show {
        /// The query's id, or the beginning of it.
        #[arg(value_name = "ID")]
        id: String,
        /// The charter file of the federation that answered.
        #[arg(long, value_name = "FILE")]
        charter: Option<PathBuf>,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Write an answer's release to a file again, for others to check.
    Export {
        /// The query's id, or the beginning of it.
        #[arg(value_name = "ID")]
        id: String,
        /// Where the release goes. Never overwrites.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// One line of the list.
#[derive(Debug, Serialize)]
pub(crate) struct AnswerLine {
    /// The query's id in hex.
    pub(crate) id: String,
    /// When it was submitted, in milliseconds since 1970.
    pub(crate) submitted: Moment,
    /// The study's short name.
    pub(crate) study: String,
    /// What every patient counted was charged, in millionths of ρ; 0 in an exact study.
    pub(crate) rho: RhoMicro,
    /// Whether the answer was fetched.
    pub(crate) answered: bool,
    /// The release, in hex, by which the answer is known elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<String>,
    /// The question.
    pub(crate) question: String,
}

impl AnswersCommand {
    /// Lists, shows or writes out.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::List { study, format } => {
                let mut lines = KeptQuery::all().iter().map(line).collect::<Result<Vec<_>, _>>()?;
                lines.retain(|line| study.as_ref().is_none_or(|study| *study == line.study));
                match format {
                    Format::Json => show::json(&lines)?,
                    Format::Table => show::kept(&lines),
                }
            }
            Self::Show { id, charter, format } => shown(&id, charter.as_deref(), format)?,
            Self::Export { id, out } => {
                files::vacant(&out)?;
                files::write_new(&out, &text(&release(&id)?)?)?;
                show::talk(&format!("the release is in {}; anybody with the charter can check it:", out.display()));
                show::talk(&format!("  sumac verify {} --charter CHARTER", out.display()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints an answer, checked where there is a charter to check it by.
fn shown(id: &str, charter: Option<&Path>, format: Format) -> Result<(), Failure> {
    let release = release(id)?;
    let Some(charter) = charter else {
        if format == Format::Json {
            return show::json(&release.answer);
        }
        let says = "a table names units, which are in the charter's dictionary";
        return Err(Failure::usage(says, "name the charter file with --charter FILE, or give --format json"));
    };
    let chain = files::chain(charter)?;
    let release = ReleaseFile::verify(&text(&release)?, &chain)?;
    if format == Format::Json {
        return show::json(&release.answer);
    }
    let query = reread::<Query>(&release.proof.query)?;
    show::prose(&query.text, "  ");
    show::answer(&release, &chain)?;
    show::talk("checked: every signature holds, and every figure was recomputed");
    Ok(())
}

/// The release of the one kept query whose id begins so.
fn release(id: &str) -> Result<ReleaseFile, Failure> {
    let found: Vec<KeptQuery> =
        KeptQuery::all().into_iter().filter(|kept| !id.is_empty() && kept.id.starts_with(id)).collect();
    let ids: BTreeSet<&str> = found.iter().map(|kept| kept.id.as_str()).collect();
    if ids.len() > 1 {
        return Err(Failure::usage(format!("several kept queries begin with {id}"), "give more of the id"));
    }
    let home = home_folder();
    let unknown = || {
        let says = format!("no query {id} is kept in {}", home.display());
        Failure::refused("no-answer", &says, "`sumac answers list` shows what is".into())
    };
    let kept = found.into_iter().next().ok_or_else(unknown)?;
    kept.release.ok_or_else(|| {
        let says = format!("the answer to {} was not fetched yet", kept.id);
        let remedy = format!("fetch it: `sumac ask --resume {} --charter FILE --key FILE`", kept.id);
        Failure::refused("answer-not-fetched", &says, remedy)
    })
}

/// A release as `sumac ask` writes it.
fn text(release: &ReleaseFile) -> Result<String, Failure> {
    serde_json::to_string_pretty(release).map_err(|why| Failure::bug(why.to_string()))
}

/// What the list says of a kept query.
fn line(kept: &KeptQuery) -> Result<AnswerLine, Failure> {
    let (query, study) = (reread::<Query>(&kept.query)?, reread::<Study>(&kept.study)?);
    Ok(AnswerLine {
        id: kept.id.clone(),
        submitted: kept.submitted,
        study: study.id.clone(),
        rho: query.rho,
        answered: kept.release.is_some(),
        release: kept.release.as_ref().map(|release| release.answer.release.hex()),
        question: query.text.clone(),
    })
}
