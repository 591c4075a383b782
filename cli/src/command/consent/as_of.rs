//! `sumac consent as-of`: a past question explained again, with the consents that it saw.

use std::path::PathBuf;

use clap::Args;
use sumac_node::clinic::{AsOf, CohortLine};
use sumac_node::control::{self, Request, Response};
use sumac_protocol::digest::Digest;

use super::another;
use crate::command::ask::Format;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::show;

/// Explain a past question again: who was counted, and where everybody stood then and stands now.
#[derive(Debug, Args)]
pub(crate) struct AsOfArgs {
    /// The query, as `sumac patient cohorts` lists it; its first digits are enough.
    #[arg(value_name = "QUERY")]
    query: String,
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl AsOfArgs {
    /// Finds the query in the clinic's books and has the node explain it.
    pub(super) fn run(self) -> Result<(), Failure> {
        let socket = socket(&self.dir)?;
        let Response::Cohorts(cohorts) = control::ask(&socket, &Request::Cohorts)? else { return Err(another()) };
        let query = named(&self.query, &cohorts)?;
        let Response::AsOf(Some(told)) = control::ask(&socket, &Request::AsOf { query })? else {
            return Err(another());
        };
        match self.format {
            Format::Table => table(&told),
            Format::Json => show::json(&*told)?,
        }
        Ok(())
    }
}

/// The one query that begins with these digits.
fn named(digits: &str, cohorts: &[CohortLine]) -> Result<Digest, Failure> {
    let digits = digits.to_lowercase();
    let mut fit = cohorts.iter().map(|line| line.query).filter(|query| query.hex().starts_with(&digits));
    let list = || "`sumac patient cohorts` lists the queries that this clinic selected for".to_owned();
    match (fit.next(), fit.next()) {
        (Some(query), None) => Ok(query),
        (None, _) => Err(Failure::refused("no-such-query", &format!("no query begins with {digits:?}"), list())),
        (Some(_), Some(_)) => {
            Err(Failure::refused("no-such-query", &format!("several queries begin with {digits:?}"), list()))
        }
    }
}

/// One query as people read it: when its cohort was selected, under which ledger, and each patient with the reason.
fn table(told: &AsOf) {
    let statements = |number: u64| show::counted(number, "statement");
    show::line(&format!("query {}, study {}", told.query, told.study));
    show::line(&format!("  selected on {}", told.selected_at));
    show::line(&format!(
        "  the ledger held {} then, and holds {} now",
        statements(told.ledger_position),
        statements(told.ledger_now)
    ));
    let rows = told.patients.iter().map(|line| {
        let counted = if line.counted { "yes" } else { "no" };
        let words = |standing: &str| standing.replace('_', " ");
        [line.pseudonym.clone(), counted.to_owned(), words(&line.standing_then), words(&line.standing_now)]
    });
    show::texts(["pseudonym", "counted", "consent then", "consent now"], rows);
    let counted = told.patients.iter().filter(|line| line.counted).count();
    show::talk(&format!("{counted} of {} counted; who was erased since is not listed", told.patients.len()));
}
