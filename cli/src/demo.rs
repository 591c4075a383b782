//! `sumac demo`: a federation of five clinics, built from a real trial, answering one question.

mod books;
mod deal;
mod federation;
mod people;
mod processes;
mod synthetic;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::explain::explain;
use sumac_protocol::moment::Millis;
use sumac_protocol::plan::Mode;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::progress::{Progress, Step};

use crate::asking::{self, Asking};
use crate::command::ask::{Format, Watch};
use crate::failure::{Exit, Failure};
use crate::price::Price;
use crate::{files, show};
use federation::Federation;
use processes::{Interrupt, Nodes};

/// Builds a federation of five clinics on this machine from a published antidepressant trial (172
/// courses at 17 sites), and asks it one question: the mean change of HAM-D17 from baseline to week
/// 6, and the response rate, by arm.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Keep the federation in this folder and running until Ctrl-C; print what to try next.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Also write release.json and charter.json into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Ask in an exact study (no noise) and check the answer against the pooled records.
    #[arg(long)]
    exact: bool,
    /// Largest ε of the question, at δ 1e-6.
    #[arg(long, value_name = "EPSILON", default_value_t = 8.0, conflicts_with = "exact")]
    epsilon: f64,
    /// Longest random delay of each clinic's upload, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=4_000))]
    jitter: u64,
    /// Percent of the patients who do not consent: half never did, half withdrew.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    refusing: u8,
    /// Which patients those are; nothing else depends on it.
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Instead of the trial, so many synthetic courses of ketamine treatment at each clinic, everybody consenting. Asks
    /// twice: the first question of a node also reads its consents and lays out its columns.
    #[arg(long, value_name = "COURSES", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    synthetic: Option<u32>,
    /// Build the federation and ask nothing. Only useful with --keep.
    #[arg(long, requires = "keep")]
    no_ask: bool,
    /// For auditors: every node writes its outgoing frames, before encryption, to frames.log.
    #[arg(long)]
    frame_logs: bool,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// The demo's one question.
pub(crate) const QUESTION: &str = "SELECT count(*) AS courses, \
mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change, \
rate(response(hamd17, day => 42, from => 32, to => 72)) AS response \
FROM courses GROUP BY arm";

impl DemoArgs {
    /// The question that is asked.
    const fn question(&self) -> &'static str {
        if self.synthetic.is_some() { synthetic::QUESTION } else { QUESTION }
    }
}

/// Builds the federation, asks, shows and checks the answer, and takes everything down again
/// unless it is to be kept.
pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode, Failure> {
    check(args)?;
    let began = Instant::now();
    let scratch;
    let dir = match &args.keep {
        Some(dir) => {
            if dir.join("charter.json").exists() {
                return Err(Failure::usage(
                    format!("{} already holds a federation", dir.display()),
                    "choose a new folder, or remove that one",
                ));
            }
            dir.clone()
        }
        None => {
            scratch = Scratch::new()?;
            scratch.0.clone()
        }
    };
    let step = |text: &str| show::talk(&format!("{:>5.1} s  {text}", began.elapsed().as_secs_f64()));
    let federation = Federation::build(&dir, args, &step)?;
    if let Some(courses) = args.synthetic {
        synthetic::fill(&federation, courses, args.seed, &step)?;
    }
    let mut nodes = Nodes::start(&federation, &step)?;
    if args.synthetic.is_none() {
        people::bring_in(&federation, args, &step)?;
    } else {
        people::wait_until_read(&federation, &step)?;
        if !args.no_ask {
            // What a first question finds in no cache is not what the second one is to be measured by.
            ask(args, &federation, &step)?;
        }
    }
    let asked = if args.no_ask { None } else { Some(ask(args, &federation, &step)?) };
    let code = match &asked {
        Some(release) => finish(args, &federation, release, &step)?,
        None => ExitCode::SUCCESS,
    };
    if args.keep.is_some() {
        let interrupt = Interrupt::listen()?;
        federation.print_what_next(args.question());
        interrupt.wait();
    }
    nodes.stop();
    Ok(code)
}

/// Refuses what would fail in the end, before anything is built.
fn check(args: &DemoArgs) -> Result<(), Failure> {
    if !args.exact {
        Price::epsilon(args.epsilon).typed(DELTA_PER_1E12)?;
    }
    if args.refusing == 100 && !args.no_ask {
        return Err(Failure::usage(
            "nobody would consent, so every group would be held back",
            "give --refusing 99 or less, or only build it with --no-ask --keep DIR",
        ));
    }
    let Some(folder) = &args.out else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|why| Failure::file(folder, &why))?;
    files::vacant(&folder.join(format!("release-{}.part", std::process::id())))
}

/// Asks the question and says how long it took, with everything that figure depends on.
fn ask(args: &DemoArgs, federation: &Federation, step: &dyn Fn(&str)) -> Result<ReleaseFile, Failure> {
    let charter: &Charter = federation.chain.current();
    let mode = if args.exact { Mode::Exact } else { Mode::Dp };
    let price = Price::epsilon(args.epsilon);
    let rho = price.cost(charter, mode)?;
    if let Some(why) = price.too_dear(charter, None, rho) {
        return Err(why);
    }
    let plan = asking::plan(args.question(), charter, mode, rho)?;
    step("the question:");
    for line in args
        .question()
        .replace(" FROM", "\nFROM")
        .replace(", mean(", ",\n  mean(")
        .replace(", stddev(", ",\n  stddev(")
        .replace(", -30", ",\n    -30")
        .replace(", rate", ",\n  rate")
        .lines()
    {
        show::talk(&format!("{MARGIN}  {line}"));
    }
    let price = if args.exact {
        "its price: none, the study is exact".to_owned()
    } else {
        format!("its price for every patient counted: {rho}, which is ε {} at δ 1e-6", args.epsilon)
    };
    step(&price);
    step(&format!("the error to expect with {} patients in the cohort:", federation.consenting()));
    let rows = explain(&plan, 3, 5, charter.policy.delta_per_1e12, &[federation.consenting()]).rows();
    // The differences between groups would say the same once more.
    for [name, _, per_group, width, noise] in rows.into_iter().filter(|[name, ..]| !name.contains(", ")) {
        show::talk(&format!("{MARGIN}  {name:<9} 95 % within ±{width:<6} ({per_group} a group; {noise} of it noise)"));
    }
    let seed = crate::keys::seed(&federation.researcher_key())?;
    let signer = sumac_protocol::principal::Signer::from_seed(&seed);
    let chain = federation.chain.clone();
    let lifetime = Millis::seconds(60).min(charter.policy.query_lifetime_max());
    let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
    let asking = Asking::new(chain, &federation.study, None, args.question(), rho, lifetime, &signer)?;
    let began = Instant::now();
    let watch = Watch::new(&asking);
    let steps = RefCell::new(Steps::from(began));
    let release = runtime.block_on(asking.run(&seed, |progress| {
        watch.see(progress);
        steps.borrow_mut().see(progress);
    }));
    watch.done();
    let text = serde_json::to_string_pretty(&release?).map_err(|why| Failure::bug(why.to_string()))?;
    let release = ReleaseFile::verify(&text, &federation.chain)?;
    let took = began.elapsed();
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    step(&format!("signed query to verified release: {} ms ({} courses,", took.as_millis(), federation.courses()));
    let (window, jitter) = (charter.policy.window(), charter.policy.upload_jitter_ms);
    show::talk(&format!("{MARGIN}  5 clinics, k 3, window {window}, jitter {jitter} ms, {build})"));
    for line in textwrap::wrap(&steps.into_inner().told(took), 69) {
        show::talk(&format!("{MARGIN}  {line}"));
    }
    Ok(release)
}

/// How long each step of a round took, as its asker sees it: to the 30 ms between two looks.
struct Steps {
    began: Instant,
    /// What each step is for, and when it was first seen.
    seen: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Nothing seen yet; times count from when the question was signed.
    const fn from(began: Instant) -> Self {
        Self { began, seen: Vec::new() }
    }

    /// Notes the step that a hub tells of, if it is another than before.
    fn see(&mut self, progress: &Progress) {
        let step = match progress.step {
            Step::Committing => "commitments",
            Step::Collecting => "scans, debits and shares",
            Step::Freezing => "batch fixed",
            Step::Verifying => "proofs checked",
            Step::Opening => "noise and sums",
            Step::Voiding => "voided",
            Step::Answered { .. } | Step::Over { .. } => return,
        };
        if self.seen.last().is_none_or(|(last, _)| *last != step) {
            self.seen.push((step, self.began.elapsed()));
        }
    }

    /// One line; the last step ends when the release was checked.
    fn told(&self, took: Duration) -> String {
        let ends = self.seen.iter().skip(1).map(|(_, from)| *from).chain([took]);
        let first = self.seen.first().map(|(_, from)| format!("sent {} ms", from.as_millis()));
        let steps = self.seen.iter().zip(ends);
        let steps = steps.map(|((step, from), to)| format!("{step} {} ms", to.saturating_sub(*from).as_millis()));
        first.into_iter().chain(steps).collect::<Vec<_>>().join(", ")
    }
}

/// Prints the answer, writes the files, and checks the answer as only this demo can: it alone has
/// everybody's records.
fn finish(
    args: &DemoArgs,
    federation: &Federation,
    release: &ReleaseFile,
    step: &dyn Fn(&str),
) -> Result<ExitCode, Failure> {
    match args.format {
        Format::Table => show::answer(release, &federation.chain)?,
        Format::Json => show::json(&release.answer)?,
    }
    for folder in [Some(federation.dir.as_path()), args.out.as_deref()].into_iter().flatten() {
        write_release(folder, federation, release)?;
    }
    if args.synthetic.is_none() {
        step(&federation.compare(release)?);
    }
    if args.keep.is_some() || args.out.is_some() {
        let folder = args.out.as_ref().unwrap_or(&federation.dir);
        let (release, charter) = (folder.join("release.json"), folder.join("charter.json"));
        step("the file that proves it:");
        show::talk(&format!("{MARGIN}  sumac verify {} \\", release.display()));
        show::talk(&format!("{MARGIN}    --charter {}", charter.display()));
    }
    Ok(if release.answer.groups.iter().all(|g| g.suppressed) { Exit::TooFew.code() } else { ExitCode::SUCCESS })
}

/// Writes the release and the charter that it is verified with.
fn write_release(folder: &Path, federation: &Federation, release: &ReleaseFile) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|why| Failure::file(folder, &why))?;
    let text = serde_json::to_string_pretty(release).map_err(|why| Failure::bug(why.to_string()))?;
    files::write(&folder.join("release.json"), &text)?;
    files::write(&folder.join("charter.json"), &federation.chain.to_json())
}

/// The δ of the demo's charter, in units of 10^-12.
const DELTA_PER_1E12: u64 = 1_000_000;
/// What continues a step stands under its text.
const MARGIN: &str = "         ";

/// A folder that is gone when the demo ends.
struct Scratch(PathBuf);

impl Scratch {
    /// A folder of this process alone, under the system's folder for such things.
    fn new() -> Result<Self, Failure> {
        // A short path: a control socket's has at most 107 bytes.
        let dir = std::env::temp_dir().join(format!("sumac-demo-{}", std::process::id()));
        std::fs::create_dir_all(&dir).map_err(|why| Failure::file(&dir, &why))?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    /// Removes the folder with all keys in it: the demo leaves nothing behind.
    fn drop(&mut self) {
        if let Err(why) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%why, "the demo's folder stays");
        }
    }
}
