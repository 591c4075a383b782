//! What people read of a study.

use sumac_protocol::document::study::{EXACT_IN_LAY_WORDS, Organisation, Study};
use sumac_protocol::plan::Mode;

use super::{COLUMNS, counted, line, lines, prose};

/// A study, one fact a line. The questions of an exact study stand as they are: they must be asked
/// letter for letter.
pub(crate) fn study(study: &Study) {
    for (name, fact) in facts(study).iter().filter(|(_, fact)| !fact.is_empty()) {
        prose(&format!("{name:<11} {fact}"), MARGIN);
    }
    for planned in &study.plans {
        line(&format!("may ask {}, letter for letter:", counted(u64::from(planned.times), "time")));
        as_typed(&planned.query).iter().for_each(|row| line(row));
    }
    if study.mode == Mode::Exact {
        line("its patients are told besides:");
        prose(&format!("  “{EXACT_IN_LAY_WORDS}”"), "  ");
    }
}

/// The same on standard error, for whoever is about to sign it.
pub(crate) fn study_to_sign(study: &Study) {
    for (name, fact) in facts(study).iter().filter(|(_, fact)| !fact.is_empty()) {
        lines(fact, &format!("{name:<11} "), MARGIN);
    }
    for planned in &study.plans {
        lines(&format!("may ask {}:", counted(u64::from(planned.times), "time")), "", "");
        lines(&planned.query, "  ", "    ");
    }
}

/// What a study says, by name.
fn facts(study: &Study) -> [(&'static str, String); 12] {
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
    [
        ("study", format!("{}: {}", study.id, study.title)),
        ("in words", study.lay_summary.clone()),
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
    ]
}

/// A question as it can be copied behind `sumac ask`: within quotes, and in rows that a shell joins to the very same
/// letters, for a backslash at the end of a row falls away with it. One that no quotes can hold stays on one line.
fn as_typed(query: &str) -> Vec<String> {
    if query.contains(['"', '$', '`', '\\', '!', '\n']) {
        return vec![format!("  {query}")];
    }
    let (mut rows, mut row) = (Vec::new(), "\"".to_owned());
    for word in query.split_inclusive(' ') {
        // A row begins with the space before its first word, so that no letter hides at its end.
        if row.chars().count() + word.trim_end().chars().count() >= COLUMNS - 1 && row.len() > 1 {
            let carried = row.len() - row.trim_end_matches(' ').len();
            row.truncate(row.len() - carried);
            rows.push(format!("{row}\\"));
            row = " ".repeat(carried);
        }
        row.push_str(word);
    }
    rows.push(format!("{row}\""));
    rows
}

/// Where facts begin.
const MARGIN: &str = "            ";

#[cfg(test)]
mod tests {
    use super::{COLUMNS, as_typed};

    #[test]
    fn a_planned_question_is_shown_in_rows_that_a_shell_joins_to_its_very_letters() {
        let long = format!("SELECT {} FROM  courses WHERE sex = 'F'", ["mean(baseline(phq9))"; 9].join(", "));
        for query in ["SELECT count(*) FROM courses", &long, "a  b "] {
            let rows = as_typed(query);
            assert!(rows.iter().all(|row| row.chars().count() <= COLUMNS), "{rows:#?}");
            assert_eq!(rows.join("\n").replace("\\\n", ""), format!("\"{query}\""));
        }
        assert_eq!(as_typed("it costs $1"), ["  it costs $1"], "a shell would change it");
    }
}
