//! `sumac watch`: how far is a query that was asked from here?

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::moment::Moment;
use sumac_protocol::round::progress::{Progress, Step};

use crate::asking::Asking;
use crate::command::ask::{Format, Watch};
use crate::failure::Failure;
use crate::{files, keys, show};

/// Follows a query that was asked from here, until it is answered or over.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The query's id, or the beginning of it, as `sumac ask` printed it and `sumac answers list` lists it.
    #[arg(value_name = "ID")]
    id: String,
    /// The charter file.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The researcher's key file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Say how far it is now, and do not wait.
    #[arg(long)]
    once: bool,
    /// How it is printed. As JSON a line for each change.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How far a query is, for programs.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Seen {
    /// The query's id in hex.
    query: String,
    /// The attempt, from 1.
    attempt: u8,
    /// `committing`, `collecting`, `freezing`, `verifying`, `opening`, `voiding`, `answered` or `over`.
    step: &'static str,
    /// Clinics that contributed so far, while they are collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    contributed: Option<u32>,
    /// Clinics that were asked.
    asked: u32,
    /// The names of whom this step waits for.
    awaited: Vec<String>,
    /// Until when this step is waited for, in milliseconds since 1970.
    until: Moment,
    /// When the query expires, in milliseconds since 1970.
    expires: Moment,
}

impl Seen {
    fn of(progress: &Progress, charter: &Charter) -> Self {
        let name = |key| charter.member(key).map_or_else(|| key.short(), |member| member.name.clone());
        Self {
            query: progress.query.hex(),
            attempt: progress.attempt,
            step: match progress.step {
                Step::Committing => "committing",
                Step::Collecting => "collecting",
                Step::Freezing => "freezing",
                Step::Verifying => "verifying",
                Step::Opening => "opening",
                Step::Voiding => "voiding",
                Step::Answered { .. } => "answered",
                Step::Over { .. } => "over",
            },
            contributed: (progress.step == Step::Collecting).then_some(progress.uploads),
            asked: progress.asked,
            awaited: progress.awaited.iter().map(name).collect(),
            until: progress.until,
            expires: progress.expires,
        }
    }
}

impl WatchArgs {
    /// Says how far it is, once or until its end. The answer is kept, and shown by `sumac answers`.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let seed = keys::seed(&self.key)?;
        let asking = Asking::resume(&self.id, files::chain(&self.charter)?, &seed)?;
        let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
        let charter = asking.chain.current().clone();
        if self.once {
            let progress = runtime.block_on(asking.look(&seed))?;
            match self.format {
                Format::Json => show::json(&Seen::of(&progress, &charter))?,
                Format::Table => show::line(&Watch::new(&asking).says(&progress)),
            }
            return Ok(ExitCode::SUCCESS);
        }
        let (watch, last) = (Watch::new(&asking), RefCell::new(None));
        let ended = runtime.block_on(asking.run(&seed, |progress| match self.format {
            Format::Table => watch.see(progress),
            Format::Json => {
                let seen = Seen::of(progress, &charter);
                if last.borrow().as_ref() != Some(&seen) {
                    show::json(&seen).unwrap_or_else(|why| why.warn());
                    last.replace(Some(seen));
                }
            }
        }));
        watch.done();
        ended?;
        let id = asking.id().hex();
        show::talk("answered; see it with:");
        show::talk(&format!("  sumac answers show {id} --charter {}", self.charter.display()));
        Ok(ExitCode::SUCCESS)
    }
}
