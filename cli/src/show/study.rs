//! What people read of a study.

use sumac_protocol::document::study::{Organisation, Study};
use sumac_protocol::plan::Mode;

use super::{counted, line, prose};

/// A study, one fact a line. The questions of an exact study stand as they are: they must be asked
/// letter for letter.
pub(crate) fn study(study: &Study) {
    let purpose = &study.purpose;
    let by = match purpose.organisation {
        Organisation::Academic => "a place of research and teaching",
        Organisation::Commercial => "a company",
        Organisation::Public => "a public body",
    };
    let use_of_it = if purpose.commercial { "for a commercial use" } else { "for no commercial use" };
    let codes = purpose.duo.iter().chain(&purpose.disease).cloned().collect::<Vec<_>>().join(", ");
    let categories = study.categories.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (answers, price) = match study.mode {
        Mode::Dp => (
            "with noise (differentially private)",
            format!("{} for each patient in all, {} a year", study.rho_total, study.rho_year),
        ),
        Mode::Exact => (
            "exact: no noise, no (ε, δ) of differential privacy; protects against an honest committee only",
            "none".to_owned(),
        ),
    };
    let researchers = study.researchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let facts = [
        ("study", format!("{}: {}", study.id, study.title)),
        ("in words", study.lay_words()),
        ("approved", format!("by {} as {}", study.approving_body, study.approval_reference)),
        ("purpose", format!("{codes}; run by {by}, {use_of_it}")),
        ("meets", purpose.modifiers_met.join(", ")),
        ("reads", categories),
        ("answers", answers.to_owned()),
        ("price", price),
        ("questions", format!("at most {}", study.queries_max)),
        ("in force", format!("from {} to {}", study.valid_from, study.valid_until)),
        ("asked by", researchers),
        ("genesis", study.genesis.hex()),
    ];
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        prose(&format!("{name:<11} {fact}"), MARGIN);
    }
    for planned in &study.plans {
        line(&format!("may ask {}, letter for letter:", counted(u64::from(planned.times), "time")));
        line(&format!("  {}", planned.query));
    }
}

/// Where facts begin.
const MARGIN: &str = "            ";
