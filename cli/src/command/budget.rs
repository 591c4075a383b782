//! `sumac budget`: what a study has left, and what it has cost.
//!
//! A researcher asks a hub; a clinic reads its own books. Both are counted by the code that refuses queries, and follow
//! from the queries alone: how many patients were selected, left out or capped is never shown.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use serde::Serialize;
use sumac_node::asker::{AskError, Asker, principal_of};
use sumac_node::clinic::{Books, StudyBook};
use sumac_node::home::Home;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::study::Study;
use sumac_protocol::envelope::Verified;
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::budget::{Allowance, Budget};
use sumac_protocol::round::quota::Quota;

use crate::command::ask::Format;
use crate::command::export::holder::Holder;
use crate::command::node;
use crate::failure::Failure;
use crate::{asking, files, keys, show};

/// Whose books are read, and how they are printed. What the command does stands at its name.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").args(["study", "dir"]).required(true)))]
pub(crate) struct BudgetArgs {
    /// The signed study.
    #[arg(long, value_name = "FILE", requires_all = ["charter", "key"])]
    study: Option<PathBuf>,
    /// The charter file.
    #[arg(long, value_name = "FILE", requires = "study")]
    charter: Option<PathBuf>,
    /// The researcher's key file: only the study's researchers are told.
    #[arg(long, value_name = "FILE", requires = "study")]
    key: Option<PathBuf>,
    /// The hub that is asked. Default: the first of the charter.
    #[arg(long, value_name = "NAME", requires = "study")]
    hub: Option<String>,
    /// A node's folder: what its books say. Works with the node running or stopped.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl BudgetArgs {
    /// Asks a hub, or reads a clinic's books.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match (&self.study, &self.charter, &self.key, &self.dir) {
            (Some(study), Some(charter), Some(key), None) => self.of_hub([study, charter, key]),
            (None, _, _, Some(dir)) => self.of_clinic(dir),
            (Some(_) | None, ..) => Err(Failure::usage("a study or a folder is missing", "see `sumac budget --help`")),
        }?;
        Ok(ExitCode::SUCCESS)
    }

    /// What a hub counts. It tells nobody but the researchers of the study.
    fn of_hub(&self, [study, charter, key]: [&Path; 3]) -> Result<(), Failure> {
        let chain = files::chain(charter)?;
        let envelope = files::envelope(study)?;
        let study = files::study(study, &chain)?;
        let (seed, charter) = (keys::seed(key)?, chain.current());
        may_be_told(key, &principal_of(&seed), &study)?;
        let hub = asking::choose_hub(charter, self.hub.as_deref())?;
        let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
        let budget = runtime
            .block_on(async {
                let mut asker = Asker::connect(seed, hub, charter.digest(), asking::PATIENCE).await?;
                let budget = asker.budget(&envelope).await;
                asker.goodbye().await;
                budget
            })
            .map_err(|why: AskError| unanswered(why, charter, &hub.name))?;
        match self.format {
            Format::Json => show::json(&HubBudget { study_hex: budget.study.hex(), budget }),
            Format::Table => {
                show::study_budget((&study, &hub.name), &budget, charter.policy.delta_per_1e12);
                Ok(())
            }
        }
    }

    /// What the clinic's own books say, with what the studies that are in force here allow.
    fn of_clinic(&self, dir: &Path) -> Result<(), Failure> {
        let home = Home::at(dir);
        let chain = node::charter(&home)?;
        let studies = home.studies(&chain)?;
        let (policy, holder) = (&chain.current().policy, Holder::open(&home, chain.clone())?);
        let books = holder.books();
        holder.close()?;
        let Books { at, patient_year, studies: books } = books?;
        let line = |book: StudyBook| {
            let study = studies.iter().find(|study| study.digest() == book.study);
            StudyLine::of(book, study, policy.queries_per_study_day)
        };
        let books = ClinicBudget { at, patient_year, studies: books.into_iter().map(line).collect() };
        match self.format {
            Format::Json => show::json(&books),
            Format::Table => {
                show::clinic_budget(&books, policy.delta_per_1e12);
                Ok(())
            }
        }
    }
}

/// Refuses a key that no hub would tell anything: the study itself names its researchers, so nobody has to be asked.
fn may_be_told(file: &Path, key: &Principal, study: &Study) -> Result<(), Failure> {
    if study.researchers.contains(key) {
        return Ok(());
    }
    let says = format!("{}: this key is no researcher of the study {}", file.display(), study.id);
    let remedy = "give the key file of one of its researchers: `sumac study show` names them, and `sumac key show` a file's \
                  own; a clinic reads its books with --dir";
    Err(Failure::refused("not-a-researcher", &says, remedy.into()))
}

/// Why a hub did not say. Nothing was asked that could be taken up again; another hub may be asked.
fn unanswered(why: AskError, charter: &Charter, asked: &str) -> Failure {
    let others: Vec<String> =
        charter.hubs().filter(|hub| hub.name != asked).map(|hub| format!("`--hub {}`", hub.name)).collect();
    let other = if others.is_empty() { String::new() } else { format!(", or ask another: {}", others.join(" or ")) };
    let remedy = format!("check that it is running, and its address in the charter{other}");
    Failure::from(why).with_remedy_for("hub-unreachable", &remedy)
}

/// What a hub says, with the study's digest as tables and file names show it.
#[derive(Debug, Serialize)]
struct HubBudget {
    /// The study's digest in hex; `study` is the same in base64url.
    study_hex: String,
    /// What the hub says.
    #[serde(flatten)]
    budget: Budget,
}

/// What a clinic's books say of all studies.
#[derive(Debug, Serialize)]
pub(crate) struct ClinicBudget {
    /// When they were read.
    pub(crate) at: sumac_protocol::moment::Moment,
    /// What the charter's yearly cap leaves a patient who was selected for every query.
    pub(crate) patient_year: Allowance,
    /// Study by study.
    pub(crate) studies: Vec<StudyLine>,
}

/// One study in a clinic's books.
#[derive(Debug, Serialize)]
pub(crate) struct StudyLine {
    /// The study's digest in hex, as tables begin it; `study` is the same in base64url.
    pub(crate) study_hex: String,
    /// The digests of `queries` in hex, in their order.
    pub(crate) queries_hex: Vec<String>,
    /// What the books say.
    #[serde(flatten)]
    pub(crate) book: StudyBook,
    /// What is left; none for a study that is not in force here any more.
    pub(crate) left: Option<StudyLeft>,
}

/// What a study that is in force has left, as a clinic counts.
#[derive(Debug, Serialize)]
pub(crate) struct StudyLeft {
    /// The study's short name.
    pub(crate) id: String,
    /// Over the study's life.
    pub(crate) in_all: Allowance,
    /// In any 365 days.
    pub(crate) year: Allowance,
    /// Queries over the study's life.
    pub(crate) queries: Quota,
    /// Queries in the last 24 hours.
    pub(crate) today: Quota,
    /// Whether patients are charged at all.
    pub(crate) exact: bool,
}

impl StudyLine {
    /// A study's book, with what is left where the study itself is at hand.
    fn of(book: StudyBook, study: Option<&Verified<Study>>, a_day: u32) -> Self {
        let left = study.map(|study| {
            let [in_all, year] = book.spending.allowances(study);
            let (queries, today) = (Quota::of(study.queries_max, book.in_all), Quota::of(a_day, book.today));
            StudyLeft { id: study.id.clone(), in_all, year, queries, today, exact: study.mode == Mode::Exact }
        });
        let queries_hex = book.queries.iter().map(|query| query.query.hex()).collect();
        Self { study_hex: book.study.hex(), queries_hex, book, left }
    }
}
