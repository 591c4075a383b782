//! `sumac consent list`: who is in, who is out, and why.
//!
//! It says where patients stand and nothing of what is held about them; no record is opened for it.

use std::path::Path;

use sumac_node::clinic::StandingLine;
use sumac_node::control::{self, Request, Response};

use super::another;
use super::paper::limits;
use crate::command::ask::Format;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::show;

/// Asks the node and prints; of all, or of those whose grant ends within so many days, rounded down.
///
/// The words for where a patient stands never change, so that scripts may compare them.
pub(super) fn run(dir: &Path, expiring: Option<u64>, format: Format) -> Result<(), Failure> {
    let Response::Standings(mut lines) = control::ask(&socket(dir)?, &Request::Standings)? else {
        return Err(another());
    };
    if let Some(days) = expiring {
        lines.retain(|line| line.days_left.is_some_and(|left| left <= days));
    }
    match format {
        Format::Table if lines.is_empty() && expiring.is_some() => {
            show::talk("no grant ends that soon");
        }
        Format::Table => table(&lines),
        Format::Json => show::json(&lines)?,
    }
    Ok(())
}

/// A row for each patient, and below the table how many of them are in.
fn table(lines: &[StandingLine]) {
    let rows = lines.iter().map(|line| {
        let days = line.days_left.map_or_else(String::new, |days| days.to_string());
        let paper = if line.on_paper { "paper" } else { "" };
        let standing = line.standing.replace('_', " ");
        let said = line.grant.as_ref().map_or_else(|| line.purposes.join(" "), |grant| limits(grant, &line.purposes));
        [line.pseudonym.clone(), standing, days, said, paper.to_owned(), line.why.clone()]
    });
    show::texts(["pseudonym", "consent", "days left", "for", "by", "why"], rows);
    let granted = lines.iter().filter(|line| line.standing == "granted").count();
    show::talk(&format!("{granted} of {} in", lines.len()));
    if lines.iter().any(|line| line.on_paper) {
        show::talk("by paper: staff witnessed the last word of these; all others signed it with a key of their own");
    }
}
