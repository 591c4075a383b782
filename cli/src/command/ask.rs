//! `sumac ask`: ask a question of the federation.
//!
//! Life of a question here: the text is compiled and priced as every node will, signed, kept under
//! `$SUMAC_HOME/pending`, submitted to a hub, and followed by polling. The shares come back sealed to
//! a key made for this query; only their sum tells anything, and only here it is made.
//!
//! Standard output carries the answer, in the form that `--format` names, unless `--answer` names a file; everything else, the id of
//! the query included, goes to standard error.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::moment::Millis;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::progress::{Progress, Step};

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
    #[arg(value_name = "QUESTION", required_unless_present = "resume")]
    question: Option<String>,
    /// The charter file.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The signed study that the question is asked in.
    #[arg(long, value_name = "FILE", required_unless_present = "resume")]
    study: Option<PathBuf>,
    /// The researcher's key file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The hub that coordinates the query. Default: the first of the charter that can be reached.
    #[arg(long, value_name = "NAME")]
    hub: Option<String>,
    #[command(flatten)]
    price: Price,
    /// How long the query lives, in seconds. Default: 60, or the charter's maximum if that is less.
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u64>,
    /// Where the release goes. Never overwrites. Default: release-ID.json here.
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
    #[arg(long, value_name = "ID", conflicts_with_all = ["question", "rho", "epsilon"])]
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
    /// Signs and keeps the query, follows it to its end, and writes the release. Whatever happens on
    /// the way, `--resume` can take it up again.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        // Found out now, and not after the question was paid for.
        let probe = PathBuf::from(format!("release-{}.part", std::process::id()));
        let out = self.out.as_deref().unwrap_or(&probe);
        files::vacant(out)?;
        self.shown.check(&[out])?;
        let chain = files::chain(&self.charter)?;
        let seed = keys::seed(&self.key)?;
        let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
        let mut connected = None;
        let asking = match &self.resume {
            Some(id) => Asking::resume(id, chain, &seed)?,
            None => {
                // What can be refused without a hub is refused before one is dialed.
                let mut asking = self.new_query(chain, &seed, self.hub.as_deref())?;
                if self.hub.is_none()
                    && asking.chain.current().hubs().count() > 1
                    && let Some((hub, asker)) = runtime.block_on(Asking::reachable_hub(&asking.chain, &seed))
                {
                    if hub.key != asking.hub.key {
                        show::talk(&format!("{} cannot be reached; {} is asked", asking.hub.name, hub.name));
                        asking = self.new_query(asking.chain, &seed, Some(&hub.name))?;
                    }
                    connected = Some(asker);
                }
                let kept = asking.keep(&seed)?;
                if asking::is_homeless() {
                    show::talk(&format!("neither SUMAC_HOME nor HOME is set: the query is kept in {}", kept.display()));
                }
                asking
            }
        };
        show::talk(&format!("query {}", asking.id().hex()));
        let watch = Watch::new(&asking);
        let last = std::cell::RefCell::new(None);
        let release = runtime.block_on(asking.run(&seed, connected, |progress| {
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
            without_answer(&asking, why)
        })?;
        self.finish(&asking, &release)
    }

    /// A new query, at the price that was given, living no longer than the charter allows.
    fn new_query(
        &self,
        chain: CharterChain,
        seed: &zeroize::Zeroizing<[u8; 32]>,
        hub: Option<&str>,
    ) -> Result<Asking, Failure> {
        let (Some(text), Some(study)) = (&self.question, &self.study) else {
            return Err(Failure::usage("a question and its study are missing", "see `sumac ask --help`"));
        };
        let envelope = files::envelope(study)?;
        let study = files::study(study, &chain)?;
        let policy = &chain.current().policy;
        let most = policy.query_lifetime_max();
        let lifetime = self.lifetime.map_or(Millis::seconds(60).min(most), Millis::seconds);
        asking::compiled(text, chain.current(), study.mode)?;
        self.price.warn_if_ignored(study.mode);
        let rho = self.price.cost(chain.current(), study.mode)?;
        if let Some(why) = self.price.too_dear(chain.current(), Some(&study), rho) {
            return Err(why);
        }
        let signer = sumac_protocol::principal::Signer::from_seed(seed);
        Asking::new(chain, &envelope, hub, text, rho, lifetime, &signer)
    }

    /// Writes the release to a file and the answer to standard output. An answer whose every group is
    /// held back is no success: exit code 4.
    fn finish(&self, asking: &Asking, release: &ReleaseFile) -> Result<ExitCode, Failure> {
        let path =
            self.out.clone().unwrap_or_else(|| PathBuf::from(format!("release-{}.json", release.answer.release)));
        let text = serde_json::to_string_pretty(release).map_err(|why| Failure::bug(why.to_string()))?;
        // Fetched a second time, the same release may lie there already.
        let kept = match files::read(&path).is_ok_and(|there| there == text) {
            true => Ok(()),
            false => files::write_new(&path, &text).map_err(|why| why.with_remedy(&self.fetch_again(asking))),
        };
        // Shown also where the release could not be kept: it is paid for.
        let shown = self.shown.deliver(release, &asking.chain);
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
}

impl AskArgs {
    /// How to fetch the answer again, where its release could not be written: nobody pays twice.
    fn fetch_again(&self, asking: &Asking) -> String {
        let (id, charter, key) = (asking.id().hex(), self.charter.display(), self.key.display());
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

    /// Shows how far it is; the same step again is not said twice.
    pub(crate) fn see(&self, progress: &Progress) {
        let line = show::progress(progress, &self.names);
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
