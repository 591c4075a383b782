//! `sumac study new`: from a text that people write to a draft that stewards sign.
//!
//! A study is JSON, which has no comments: `--example` prints one on standard output and what each field means on standard
//! error, and leaves open, as `"?…"`, what nobody can know for its author. An exact study's questions can be written in a
//! file of their own, where an editor knows them for SQL.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::study::Study;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;
use sumac_protocol::plan::Mode;
use sumac_protocol::strict_json;

use crate::command::charter::filled_in;
use crate::failure::Failure;
use crate::{asking, files, questions, show};

/// Where the study comes from and where it goes.
#[derive(Debug, Args)]
#[command(override_usage = USAGE, after_long_help = FIELDS)]
pub(crate) struct NewArgs {
    /// The study's JSON.
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    from: Option<PathBuf>,
    /// Where the draft goes.
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    out: Option<PathBuf>,
    /// Take the analysis plan of an exact study from this file: questions, each ended by `;`. They take the place of
    /// `plans`; each is checked under the charter's dictionary.
    #[arg(long, value_name = "FILE", requires = "charter", conflicts_with = "example")]
    plan: Option<PathBuf>,
    /// How often each question of --plan may be asked.
    #[arg(long, value_name = "N", requires = "plan", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// The charter file: its dictionary for --plan, its genesis for --example.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// Print a study to start from, with what each field means, and do nothing else.
    #[arg(long, value_name = "MODE", conflicts_with_all = ["from", "out"])]
    example: Option<Example>,
}

/// Written out, because clap's own is one line that is too wide.
const USAGE: &str = "sumac study new --from <FILE> --out <FILE>
       sumac study new --from <FILE> --out <FILE> --plan <FILE> --charter <FILE>
       sumac study new --example <MODE> [--charter <FILE>]";

/// What each field means, in rows that fit a terminal.
const FIELDS: &str = include_str!("../../../templates/study-fields.txt");

/// Studies to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Example {
    /// Answers with noise, within a budget.
    Dp,
    /// Planned questions, answered without noise.
    Exact,
}

impl NewArgs {
    /// Prints an example, or checks a study's text and writes it as a draft that stewards can sign.
    pub(super) fn run(self) -> Result<(), Failure> {
        let chain = self.charter.as_deref().map(files::chain).transpose()?;
        if let Some(example) = self.example {
            let genesis = chain.map(|chain| serde_json::to_value(chain.genesis_digest())).transpose();
            let genesis = genesis.map_err(|why| Failure::bug(why.to_string()))?;
            example.text(genesis.as_ref().and_then(Value::as_str)).lines().for_each(show::line);
            FIELDS.lines().for_each(|row| show::lines(row, "", ""));
            return Ok(());
        }
        let (Some(from), Some(out)) = (&self.from, &self.out) else {
            return Err(Failure::usage(
                "a study and a place for its draft are missing",
                "see `sumac study new --help`",
            ));
        };
        let charter = chain.as_ref().map(|chain| &**chain.current());
        let text = files::read(from)?;
        filled_in(from, &text)?;
        let study: Study = match (&self.plan, charter) {
            (Some(plan), Some(charter)) => {
                let mut written = strict_json::from_slice(text.as_bytes()).map_err(|why| malformed(from, &why))?;
                put_plan(&mut written, plan, charter, self.times)?;
                serde_json::from_value(written).map_err(|why| malformed(from, &why))?
            }
            (None, _) | (_, None) => strict_json::from_slice(text.as_bytes()).map_err(|why| malformed(from, &why))?,
        };
        study.check()?;
        files::write(out, &Envelope::draft(&study)?.to_json())?;
        show::talk(&format!("{}: the study {}, to be signed by the stewards", out.display(), study.id));
        Ok(())
    }
}

/// Puts the questions of a file in the place of `plans`.
fn put_plan(written: &mut Value, plan: &Path, charter: &Charter, times: u32) -> Result<(), Failure> {
    let questions = questions::read(plan, charter, Mode::Exact)?;
    let planned = questions.iter().map(|query| json!({ "query": query, "times": times })).collect();
    if let Some(study) = written.as_object_mut() {
        study.insert("plans".to_owned(), Value::Array(planned));
    }
    let planned = u64::try_from(questions.len()).unwrap_or(u64::MAX);
    show::talk(&format!("{}: {}, each checked", plan.display(), show::counted(planned, "question")));
    Ok(())
}

/// What is wrong with a study's text.
fn malformed(from: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::refused(
        "malformed",
        &format!("{}: {why}", from.display()),
        "correct the file; `sumac study new --example dp` prints one, and what each field means".into(),
    )
}

impl Example {
    /// The study: open from today on for a year.
    fn text(self, genesis: Option<&str>) -> String {
        let text = match self {
            Self::Dp => include_str!("../../../templates/study-dp.json"),
            Self::Exact => include_str!("../../../templates/study-exact.json"),
        };
        let today = asking::now().0 / Millis::DAY.0 * Millis::DAY.0;
        let year = today.saturating_add(Millis::BUDGET_YEAR.0);
        text.trim_end()
            .replace("\"valid_from\": 1", &format!("\"valid_from\": {today}"))
            .replace("\"valid_until\": 2", &format!("\"valid_until\": {year}"))
            .replace("?genesis", genesis.unwrap_or("?genesis"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sumac_protocol::digest::Digest;
    use sumac_protocol::document::study::Study;
    use sumac_protocol::principal::Signer;

    use super::{Example, FIELDS};

    fn names(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, inner)| {
                found.push(name.clone());
                names(inner, found);
            }),
            Value::Array(list) => list.iter().for_each(|inner| names(inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn an_example_is_a_sound_study_once_what_is_left_open_is_filled_in() {
        let genesis = serde_json::to_value(Digest([7; 32])).unwrap();
        let key = Signer::from_seed(&zeroize::Zeroizing::new([7; 32])).principal().to_string();
        for example in [Example::Dp, Example::Exact] {
            let open = example.text(None);
            assert_eq!(open.matches("\"?").count(), 2, "researcher and genesis: {open}");
            let text = example.text(genesis.as_str()).replace("?researcher", &key);
            let study: Study = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
            assert_eq!(study.check(), Ok(()));
            assert!(study.open_at(crate::asking::now()), "open from today on");
        }
    }

    #[test]
    fn every_field_of_a_study_is_explained() {
        let mut found = Vec::new();
        names(&serde_json::from_str(&Example::Exact.text(None)).unwrap(), &mut found);
        for name in found {
            assert!(FIELDS.lines().any(|row| row.trim_start().starts_with(&format!("{name} "))), "{name}");
        }
        assert!(FIELDS.lines().all(|row| row.chars().count() <= 80));
    }
}
