//! `sumac queries`: a clinic's lead says yes or no before the clinic contributes.
//!
//! Whoever decides is shown the question, its study and what an answer would reveal, and no figure of the clinic's own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use sumac_node::approval::ApprovalPolicy;
use sumac_node::control::{self, PendingQuery, QueriesRequest, QueriesResponse, Request, Response};
use sumac_protocol::digest::Digest;

use crate::command::ask::Format;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::show;

/// Queries that wait for a person of the clinic.
#[derive(Debug, Subcommand)]
pub(crate) enum QueriesCommand {
    /// Which queries wait for a yes or no, and until when?
    ///
    /// Where `approval` in node.toml is "by_hand" each query waits, and where it is "by_study" each study that nobody has
    /// decided of. What nobody decides of lapses when its window closes: the clinic is then as if it had not been there.
    Pending(PendingArgs),
    /// What would a query reveal? Its question, its study, its price: never a figure of this clinic.
    Show(NamedArgs),
    /// Contribute to a query; where studies are decided, to all queries of its study.
    Approve(NamedArgs),
    /// Do not contribute. Nothing is sent: nobody learns whether the clinic said no or was not there.
    Refuse(RefuseArgs),
}

/// Which node.
#[derive(Debug, Args)]
pub(crate) struct PendingArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// How they are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Which query.
#[derive(Debug, Args)]
pub(crate) struct NamedArgs {
    /// The query, as `sumac queries pending` lists it; its first digits are enough.
    #[arg(value_name = "QUERY")]
    query: String,
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

/// Which query, and why not.
#[derive(Debug, Args)]
pub(crate) struct RefuseArgs {
    #[command(flatten)]
    named: NamedArgs,
    /// Why, for the clinic's own records.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

impl QueriesCommand {
    /// Lists, shows or decides.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Pending(PendingArgs { dir, format }) => {
                let (policy, queries) = pending(&dir)?;
                match format {
                    Format::Json => show::json(&queries)?,
                    Format::Table => table(policy, &queries),
                }
            }
            Self::Show(NamedArgs { query, dir }) => {
                let query = named(&query, &dir)?;
                shown(&asked(&dir, QueriesRequest::Show(query))?)?;
            }
            Self::Approve(NamedArgs { query, dir }) => {
                let query = named(&query, &dir)?;
                decided(&asked(&dir, QueriesRequest::Approve(query))?, "this clinic contributes to")?;
            }
            Self::Refuse(RefuseArgs { named: NamedArgs { query, dir }, why }) => {
                let query = named(&query, &dir)?;
                let answer = asked(&dir, QueriesRequest::Refuse { query, why })?;
                decided(&answer, "this clinic gives nothing to, and says nothing about,")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn asked(dir: &Path, request: QueriesRequest) -> Result<QueriesResponse, Failure> {
    let Response::Queries(answer) = control::ask(&socket(dir)?, &Request::Queries(request))? else {
        return Err(another());
    };
    Ok(*answer)
}

fn another() -> Failure {
    Failure::bug("another answer than was asked for")
}

fn pending(dir: &Path) -> Result<(ApprovalPolicy, Vec<PendingQuery>), Failure> {
    let QueriesResponse::Pending { policy, queries } = asked(dir, QueriesRequest::Pending)? else {
        return Err(another());
    };
    Ok((policy, queries))
}

/// The one waiting query that begins with these digits.
fn named(digits: &str, dir: &Path) -> Result<Digest, Failure> {
    let (digits, (_, queries)) = (digits.to_lowercase(), pending(dir)?);
    let mut fit = queries.iter().map(|line| line.query).filter(|query| query.hex().starts_with(&digits));
    let refused = |says: String| {
        let remedy =
            "`sumac queries pending` lists the queries that wait; others were decided, or their windows closed";
        Failure::refused("query-not-waiting", &says, remedy.into())
    };
    match (fit.next(), fit.next()) {
        (Some(query), None) => Ok(query),
        (None, _) => Err(refused(format!("no waiting query begins with {digits:?}"))),
        (Some(_), Some(_)) => Err(refused(format!("several waiting queries begin with {digits:?}"))),
    }
}

fn table(policy: ApprovalPolicy, queries: &[PendingQuery]) {
    if queries.is_empty() {
        let waits = match policy {
            ApprovalPolicy::Auto => "no query ever waits here: `approval` in node.toml is \"auto\"",
            ApprovalPolicy::ByStudy => "no query waits; each study is decided once",
            ApprovalPolicy::ByHand => "no query waits",
        };
        return show::talk(waits);
    }
    let row = |query: &PendingQuery| {
        let digits = query.query.hex().chars().take(SHORT).collect();
        [digits, query.study_id.clone(), query.rho.to_string(), query.closes.to_string()]
    };
    show::texts(["query", "study", "price", "lapses"], queries.iter().map(row));
}

fn shown(answer: &QueriesResponse) -> Result<(), Failure> {
    let QueriesResponse::Shown { query, text, lay_words, approved, reveals } = answer else { return Err(another()) };
    let facts = [
        ("query", query.query.hex()),
        ("asks", text.clone()),
        ("study", format!("{}: {}", query.study_id, query.title)),
        ("in words", lay_words.clone()),
        ("approved by", approved.clone()),
        ("lapses", query.closes.to_string()),
    ];
    for (name, fact) in &facts {
        show::prose(&format!("{name:<12}{fact}"), "            ");
    }
    show::line("the answer would tell:");
    reveals.iter().for_each(|line| show::prose(&format!("  {line}"), "    "));
    show::prose("it is made of all clinics' figures together; this clinic's own are shown to nobody, here neither", "");
    Ok(())
}

fn decided(answer: &QueriesResponse, what: &str) -> Result<(), Failure> {
    let QueriesResponse::Decided { about, of_study } = answer else { return Err(another()) };
    let which = if *of_study { "every query of the study" } else { "the query" };
    show::talk(&format!("{what} {which}"));
    show::talk(&format!("  {}", about.hex()));
    Ok(())
}

/// Digits of a query's id that tables show.
const SHORT: usize = 12;
