//! `sumac ask`: ask a question of the federation.
//!
//! Life of a question here: the text is compiled and priced as every node will, signed, kept under
//! `$SUMAC_HOME/pending`, submitted to a hub, and followed by polling. The shares come back sealed to
//! a key made for this query; only their sum tells anything, and only here it is made.
//!
//! Several questions of a file are compiled, priced together and checked before the first is sent; `--rehearse` sends
//! none of them.
//!
//! Standard output carries the answer, in the form that `--format` names, unless `--answer` names a file; everything else, the id of
//! the query included, goes to standard error.

mod questions;
mod rehearse;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::moment::Millis;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::progress::{Progress, Step};
use zeroize::Zeroizing;

use crate::asking::{self, Asking};
use crate::failure::{Exit, Failure};
use crate::price::Price;
use crate::show::Destination;
use crate::{files, keys, show};

/// Asks a question and waits for its answer. The answer goes to standard output; the release that
/// proves it to a file.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// The question, as `SELECT … FROM courses …`.
    #[arg(value_name = "QUESTION", required_unless_present_any = ["resume", "file"])]
    question: Option<String>,
    /// Ask the questions of this file, each ended by `;`, one after the other.
    ///
    /// All are checked before the first is sent. The price is that of all together: each costs its even part, and what
    /// is said of ε holds for all answers together. Where one is refused, those after it are not asked. `--answer` and
    /// `--plot` write a file for each: answer-1.csv, answer-2.csv …
    #[arg(long, value_name = "FILE", conflicts_with = "question")]
    file: Option<PathBuf>,
    /// Send nothing: answer from synthetic records of so many patients at each clinic, under the charter's own rules.
    ///
    /// A federation of nodes with fresh keys is made in a folder for temporary files: the same rules, rounds, noise and
    /// suppression, over records that nobody had. Nobody is charged. No key is needed.
    #[arg(
        long,
        value_name = "PATIENTS",
        num_args = 0..=1,
        default_missing_value = "60",
        value_parser = clap::value_parser!(u32).range(1..=10_000),
        conflicts_with_all = ["resume", "out", "hub", "lifetime"]
    )]
    rehearse: Option<u32>,
    /// The charter file.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The signed study that the question is asked in.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["resume", "rehearse"])]
    study: Option<PathBuf>,
    /// The researcher's key file.
    #[arg(long, value_name = "FILE", required_unless_present = "rehearse")]
    key: Option<PathBuf>,
    /// The hub that coordinates the query. Default: the first of the charter.
    #[arg(long, value_name = "NAME")]
    hub: Option<String>,
    #[command(flatten)]
    price: Price,
    /// How long the query lives, in seconds. Default: 60, or the charter's maximum if that is less.
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u64>,
    /// Where the release goes. Never overwrites. Default: release-ID.json here. With --file a folder, in which each
    /// question's is release-ID.json.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: Destination,
    /// Take up a query that was asked before, by its id or the beginning of it.
    ///
    /// Every query is kept from before it is sent, in $SUMAC_HOME/pending or ~/.sumac/pending, with
    /// the key that opens its answer, sealed to the researcher's own. Whatever stops this program,
    /// that file fetches the answer as long as the hub has it, and nobody is charged twice. Once the
    /// answer is there, the file can be deleted; where none can come any more, it is.
    #[arg(long, value_name = "ID", conflicts_with_all = ["question", "file", "rho", "epsilon"])]
    resume: Option<String>,
}

/// How other commands print what they found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people.
    Table,
    /// Stable JSON for programs.
    Json,
}

impl AskArgs {
    /// Signs and keeps each query, follows it to its end, and writes the release. Whatever happens on the way, `--resume`
    /// can take it up again.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let chain = files::chain(&self.charter)?;
        if let Some(patients) = self.rehearse {
            return self.rehearsed(&chain, patients);
        }
        let seed = keys::seed(self.key_file()?)?;
        if self.file.is_some() {
            return self.run_file(&chain, &seed);
        }
        // Found out now, and not after the question was paid for.
        self.check_destinations(&self.shown)?;
        let asking = match (&self.resume, &self.question) {
            (Some(id), _) => Asking::resume(id, chain, &seed)?,
            (None, Some(text)) => {
                let study = files::study(self.study_file()?, &chain)?;
                asking::compiled(text, chain.current(), study.mode)?;
                self.price.warn_if_ignored(study.mode);
                let rho = self.price.cost(chain.current(), study.mode)?;
                if let Some(why) = self.price.too_dear(chain.current(), Some(&study), rho) {
                    return Err(why);
                }
                self.new_query(&chain, text, rho, &seed)?
            }
            (None, None) => return Err(Failure::usage("a question is missing", "see `sumac ask --help`")),
        };
        self.follow(&asking, &self.shown, &seed)
    }

    fn key_file(&self) -> Result<&Path, Failure> {
        self.key.as_deref().ok_or_else(|| Failure::usage("the researcher's key is missing", "give --key FILE"))
    }

    fn study_file(&self) -> Result<&Path, Failure> {
        self.study.as_deref().ok_or_else(|| Failure::usage("the study is missing", "give --study FILE"))
    }

    /// Whether everything can be written where it is to go.
    fn check_destinations(&self, shown: &Destination) -> Result<(), Failure> {
        let probe = PathBuf::from(format!("release-{}.part", std::process::id()));
        let folder = self.out.as_deref().filter(|_| self.file.is_some());
        let out = match (folder, self.out.as_deref()) {
            (Some(folder), _) => &folder.join(&probe),
            (None, Some(out)) => out,
            (None, None) => &probe,
        };
        files::vacant(out)?;
        shown.check(&[out])
    }

    /// Follows a query to its end, and shows and keeps what came of it.
    fn follow(&self, asking: &Asking, shown: &Destination, seed: &Zeroizing<[u8; 32]>) -> Result<ExitCode, Failure> {
        show::talk(&format!("query {}", asking.id().hex()));
        let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
        let watch = Watch::new(asking);
        let last = std::cell::RefCell::new(None);
        let release = runtime.block_on(asking.run(seed, |progress| {
            watch.see(progress);
            last.replace(Some(progress.step.clone()));
        }));
        watch.done();
        let last = last.into_inner();
        let release = release.map_err(|why| {
            // Told at least twice: whoever lost the first word can still ask for it.
            if self.resume.is_some() && is_over(last.as_ref(), &why) {
                asking.forget();
            }
            without_answer(asking, why)
        })?;
        self.finish(asking, shown, &release)
    }

    /// A new query at a price, living no longer than the charter allows, kept before it is sent.
    fn new_query(
        &self,
        chain: &CharterChain,
        text: &str,
        rho: RhoMicro,
        seed: &Zeroizing<[u8; 32]>,
    ) -> Result<Asking, Failure> {
        let envelope = files::envelope(self.study_file()?)?;
        let most = chain.current().policy.query_lifetime_max();
        let lifetime = self.lifetime.map_or(Millis::seconds(60).min(most), Millis::seconds);
        let signer = sumac_protocol::principal::Signer::from_seed(seed);
        let asking = Asking::new(chain.clone(), &envelope, self.hub.as_deref(), text, rho, lifetime, &signer)?;
        let kept = asking.keep(seed)?;
        if asking::is_homeless() {
            show::talk(&format!("neither SUMAC_HOME nor HOME is set: the query is kept in {}", kept.display()));
        }
        Ok(asking)
    }

    /// Writes the release to a file and the answer to standard output. An answer whose every group is
    /// held back is no success: exit code 4.
    fn finish(&self, asking: &Asking, shown: &Destination, release: &ReleaseFile) -> Result<ExitCode, Failure> {
        let name = PathBuf::from(format!("release-{}.json", release.answer.release));
        let path = match &self.out {
            Some(folder) if self.file.is_some() => folder.join(name),
            Some(out) => out.clone(),
            None => name,
        };
        let text = serde_json::to_string_pretty(release).map_err(|why| Failure::bug(why.to_string()))?;
        // Fetched a second time, the same release may lie there already.
        let kept = match files::read(&path).is_ok_and(|there| there == text) {
            true => Ok(()),
            false => files::write_new(&path, &text).map_err(|why| why.with_remedy(&self.fetch_again(asking))),
        };
        // Shown also where the release could not be kept: it is paid for.
        let shown = shown.deliver(release, &asking.chain);
        kept?;
        show::talk(&format!("the release is in {}; check it with:", path.display()));
        show::talk(&format!("  sumac verify {} --charter {}", path.display(), self.charter.display()));
        shown?;
        let took = asking::now().since(asking.submitted);
        tracing::debug!(%took, "answered");
        if release.answer.groups.iter().any(|group| !group.suppressed) {
            return Ok(ExitCode::SUCCESS);
        }
        show::held_back(&release.answer);
        Ok(Exit::TooFew.code())
    }

    /// How to fetch the answer again, where its release could not be written: nobody pays twice.
    fn fetch_again(&self, asking: &Asking) -> String {
        let (id, charter) = (asking.id().hex(), self.charter.display());
        let key = self.key.as_deref().unwrap_or(Path::new("KEY")).display();
        format!("fetch it again: `sumac ask --resume {id} --charter {charter} --key {key} --out OTHER`")
    }
}

/// Whether nothing can come of a query any more.
fn is_over(last: Option<&Step>, why: &Failure) -> bool {
    last.is_none() && why.code() == "query-expired" || matches!(last, Some(Step::Over { .. }))
}

/// What to know where no answer came.
fn without_answer(asking: &Asking, why: Failure) -> Failure {
    if why.code() != "hub-unreachable" {
        return why;
    }
    let hubs = asking.chain.current().hubs().filter(|hub| hub.key != asking.hub.key);
    let others: Vec<String> = hubs.map(|hub| format!("`--hub {}`", hub.name)).collect();
    if others.is_empty() {
        why
    } else {
        why.with_remedy(&format!("or ask anew at another hub: {}", others.join(" or ")))
    }
}

/// Shows how far a query is: one moving line on a terminal, a line a step elsewhere.
pub(crate) struct Watch {
    bar: Option<ProgressBar>,
    last: std::cell::RefCell<String>,
    names: Vec<(sumac_protocol::principal::Principal, String)>,
}

impl Watch {
    /// A watch over one query. On a terminal it turns; elsewhere it says each step once.
    pub(crate) fn new(asking: &Asking) -> Self {
        let members = &asking.chain.current().members;
        let names = members.iter().map(|m| (m.key, m.name.clone())).collect();
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, last: std::cell::RefCell::new(String::new()), names }
    }

    /// How far it is, in a line.
    pub(crate) fn says(&self, progress: &Progress) -> String {
        show::progress(progress, &self.names)
    }

    /// Shows how far it is; the same step again is not said twice.
    pub(crate) fn see(&self, progress: &Progress) {
        let line = self.says(progress);
        match &self.bar {
            Some(bar) => bar.set_message(line),
            None if *self.last.borrow() != line => {
                show::talk(&line);
                self.last.replace(line);
            }
            None => {}
        }
    }

    /// Clears the moving line, so that the answer stands alone.
    pub(crate) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
