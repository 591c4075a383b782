//! What people see of the queries that are kept.

use sumac_protocol::cost::RhoMicro;

use super::{line, prose};
use crate::command::answers::AnswerLine;

/// What was asked, the oldest first: a line of facts, and the question below it.
pub(crate) fn kept(lines: &[AnswerLine]) {
    if lines.is_empty() {
        line("nothing was asked from this account");
    }
    for AnswerLine { id, submitted, study, rho, answered, question, .. } in lines {
        let price = if *rho == RhoMicro(0) { "exact".to_owned() } else { rho.to_string() };
        let state = if *answered { "answered" } else { "not fetched" };
        let short: String = id.chars().take(SHORT).collect();
        prose(&format!("{short}  {submitted}  {state}  {price}  {study}"), "  ");
        prose(&format!("  {question}"), "    ");
    }
}

/// Hex digits that tell the queries of one person apart, as elsewhere.
const SHORT: usize = 16;
