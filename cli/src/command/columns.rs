//! `sumac columns`: what a question can be about, and how it is written.
//!
//! What `sumac dictionary show` tells of codes, licences and sources is left out here: this is the page that a researcher
//! has open while writing a question. Nothing of any record is read.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use serde::Serialize;
use sumac_node::home::Home;
use sumac_protocol::dictionary::{
    ConsentCategory, DAYS_MAX, Dictionary, EventRules, Field, FieldKind, Instrument, SessionRules, Vocabulary,
    decimal_text,
};

use crate::command::ask::Format;
use crate::command::node;
use crate::failure::Failure;
use crate::{files, show};

/// Whose dictionary.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").args(["charter", "dir"]).required(true)))]
pub(crate) struct ColumnsArgs {
    /// The charter file.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// A node's folder, for the charter that it lives under.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Only what this study may read.
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Everything that can be asked, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Columns {
    /// The version of this form: 1.
    sumac_columns: u32,
    /// The dictionary's name.
    pub(crate) dictionary: String,
    /// Its version.
    pub(crate) version: u32,
    /// Days after the first dose go up to this one.
    pub(crate) days_max: i32,
    /// One by one, in the dictionary's order.
    pub(crate) columns: Vec<Column>,
}

/// One thing that can be asked about.
#[derive(Debug, Serialize)]
pub(crate) struct Column {
    /// As the dictionary writes it. In a question capitals and underscores do not matter, and hyphens are left out.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// What a patient must have consented to for it to be read.
    pub(crate) category: ConsentCategory,
    /// Its values, where they are a closed list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    /// Lowest and highest number, as decimals, where it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<[String; 2]>,
    /// The unit of its numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// Whole questions about it: they can be asked as they stand, at a price.
    pub(crate) ask: Vec<String>,
}

/// What can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// An instrument's total, at baseline and on days.
    Score,
    /// An instrument's total that is about one session.
    SessionScore,
    /// A field with a closed list of values.
    Category,
    /// A field that is yes or no.
    Flag,
    /// A field that is a number.
    Number,
    /// Sessions of one kind, by their number.
    Sessions,
    /// Doses that were given in sessions.
    Doses,
    /// A kind of adverse event.
    Event,
    /// Something that was waited for.
    WaitedFor,
}

impl ColumnsArgs {
    /// Prints what can be asked.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let chain = match (&self.charter, &self.dir) {
            (Some(file), _) => files::chain(file)?,
            (None, Some(dir)) => node::charter(&Home::at(dir))?,
            (None, None) => return Err(Failure::usage("a dictionary is missing", "give --charter or --dir")),
        };
        let study = self.study.as_deref().map(|file| files::study(file, &chain)).transpose()?;
        let dictionary = Dictionary::parse(&chain.current().dictionary)
            .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        let mut columns = Columns::of(&dictionary);
        if let Some(study) = &study {
            columns.columns.retain(|column| study.categories.contains(&column.category));
        }
        match self.format {
            Format::Json => show::json(&columns)?,
            Format::Table => show::columns(&columns),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Columns {
    /// Everything that questions under this dictionary can be about.
    pub(crate) fn of(dictionary: &Dictionary) -> Self {
        let columns = (dictionary.instruments().iter().map(instrument))
            .chain(dictionary.fields().iter().map(field))
            .chain(sessions(dictionary))
            .chain(events(dictionary))
            .collect();
        Self {
            sumac_columns: 1,
            dictionary: dictionary.name().to_owned(),
            version: dictionary.version(),
            days_max: DAYS_MAX,
            columns,
        }
    }
}

/// An instrument, with those functions that its rules allow.
fn instrument(known: &Instrument) -> Column {
    let name = typed(&known.id);
    let on = |function: &str| format!("{function}({name}, day => 28, from => 14, to => 31)");
    let mut ask = Vec::new();
    if known.per_session {
        ask.push(format!("mean(peak({name}))"));
    } else if known.ordinal {
        ask.push(format!("histogram({}, 1)", on("score")));
    } else if known.rates_change {
        ask.push(format!("mean({})", on("score")));
    } else {
        ask.push(format!("mean(baseline({name}))"));
        ask.push(format!("mean({})", on("score")));
        ask.push(format!("mean({})", on("change")));
        ask.extend(known.response.map(|_| format!("rate({})", on("response"))));
        ask.extend(known.remission.map(|_| format!("rate({})", on("remission"))));
    }
    let kind = if known.per_session { Kind::SessionScore } else { Kind::Score };
    let range = [known.min, known.max].map(|end| decimal_text(end, known.decimals));
    let column = Column::new(&known.id, kind, known.category, ask.iter().map(|asked| selected(asked)));
    Column { range: Some(range), ..column }
}

/// A field, and what questions do with one of its kind.
fn field(known: &Field) -> Column {
    let Field { id, category, kind, .. } = known;
    let name = typed(id);
    match kind {
        FieldKind::Category { values } => {
            let filtered = values.first().map(|value| format!("SELECT count(*) FROM courses WHERE {name} = '{value}'"));
            let grouped = format!("SELECT count(*) FROM courses GROUP BY {name}");
            let column = Column::new(id, Kind::Category, *category, std::iter::once(grouped).chain(filtered));
            Column { values: values.clone(), ..column }
        }
        FieldKind::Flag => {
            let asked = [selected(&format!("rate({name})")), format!("SELECT count(*) FROM courses WHERE NOT {name}")];
            Column::new(id, Kind::Flag, *category, asked)
        }
        FieldKind::Number { min, max, decimals, unit, .. } => {
            let middle = decimal_text(min.midpoint(*max), *decimals);
            let asked =
                [selected(&format!("mean({name})")), format!("SELECT count(*) FROM courses WHERE {name} >= {middle}")];
            let range = Some([*min, *max].map(|end| decimal_text(end, *decimals)));
            Column { range, unit: unit.clone(), ..Column::new(id, Kind::Number, *category, asked) }
        }
    }
}

/// Sessions by their kinds, and the doses given in them.
fn sessions(dictionary: &Dictionary) -> Vec<Column> {
    let Some(rules) = dictionary.session() else { return Vec::new() };
    let category = SessionRules::CATEGORY;
    let kind = |kind: &String| {
        Column::new(kind, Kind::Sessions, category, [selected(&format!("mean(sessions({}))", typed(kind)))])
    };
    let doses = [
        "mean(dose_mg_per_kg(first))",
        "mean(dose_mg_per_kg(mean))",
        "mean(dose_mg_per_kg(max))",
        "mean(clip(cumulative_dose_mg(), 0, 2000))",
    ];
    let doses = doses.map(selected);
    rules.kinds.iter().map(kind).chain([Column::new("dose", Kind::Doses, category, doses)]).collect()
}

/// Adverse events, and what was waited for.
fn events(dictionary: &Dictionary) -> Vec<Column> {
    let waited: Vec<&str> = dictionary.codes(Vocabulary::TimeToEvent);
    let adverse = dictionary.codes(Vocabulary::EventKind).into_iter().filter(|kind| !waited.contains(kind));
    let event = |kind: &str| selected(&format!("rate(event({}, by => 28))", typed(kind)));
    let adverse = adverse.map(|kind| Column::new(kind, Kind::Event, EventRules::CATEGORY, [event(kind)]));
    let waited_for = waited.iter().map(|kind| {
        let curve = selected(&format!("survival({}, bucket => 7, until => 364)", typed(kind)));
        Column::new(kind, Kind::WaitedFor, ConsentCategory::Outcomes, [event(kind), curve])
    });
    adverse.chain(waited_for).collect()
}

/// A name as a question writes it: with a hyphen it would be a difference.
fn typed(name: &str) -> String {
    name.replace('-', "")
}

/// The question about everybody that asks for this alone.
fn selected(estimate: &str) -> String {
    format!("SELECT {estimate} FROM courses")
}

impl Column {
    /// A column of which there are neither values nor numbers to tell.
    fn new(name: &str, kind: Kind, category: ConsentCategory, ask: impl IntoIterator<Item = String>) -> Self {
        let ask = ask.into_iter().collect();
        Self { name: name.to_owned(), kind, category, values: Vec::new(), range: None, unit: None, ask }
    }
}

#[cfg(test)]
mod tests {
    use sumac_protocol::dictionary::Dictionary;
    use sumac_protocol::plan::Mode;
    use sumac_protocol::question;

    use super::{Columns, Kind};

    const SHIPPED: [&str; 2] =
        [sumac_protocol::dictionary::KETAMINE, include_str!("../../../protocol/dictionaries/duloxetine.toml")];

    #[test]
    fn every_question_that_is_shown_for_a_column_can_be_asked() {
        for text in SHIPPED {
            let dictionary = Dictionary::parse(text).unwrap();
            for column in Columns::of(&dictionary).columns {
                assert!(!column.ask.is_empty(), "{}", column.name);
                for asked in &column.ask {
                    if let Err(why) = question::compile(asked, &dictionary, Mode::Dp) {
                        panic!("{}: {}", column.name, why.render(asked));
                    }
                }
            }
        }
    }

    #[test]
    fn what_a_column_is_said_to_need_consent_for_is_what_its_questions_read() {
        for text in SHIPPED {
            let dictionary = Dictionary::parse(text).unwrap();
            for column in Columns::of(&dictionary).columns {
                for asked in &column.ask {
                    let plan = question::compile(asked, &dictionary, Mode::Dp).unwrap();
                    let reads = plan.categories(&dictionary);
                    assert!(reads.contains(&column.category), "{asked} reads {reads:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_of_the_dictionary_is_left_out() {
        let dictionary = Dictionary::ketamine().unwrap();
        let columns = Columns::of(&dictionary).columns;
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let fields = dictionary.fields().iter().map(|field| field.id.as_str());
        for name in dictionary.instruments().iter().map(|known| known.id.as_str()).chain(fields) {
            assert!(names.contains(&name), "{name}");
        }
        for kind in [Kind::Sessions, Kind::Doses, Kind::Event, Kind::WaitedFor, Kind::SessionScore] {
            assert!(columns.iter().any(|column| column.kind == kind), "{kind:?}");
        }
    }
}
