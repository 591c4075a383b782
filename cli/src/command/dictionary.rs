//! `sumac dictionary`: what can be recorded and asked.
//!
//! A dictionary is a text that stewards sign into their charter. Here it is read, checked and begun;
//! nothing here talks to a node, and nothing of a clinic's records gets into one unseen.

mod columns;
mod draft;
mod excerpt;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use sumac_protocol::dictionary::{Dictionary, DictionaryError, KETAMINE, Vocabulary, nearest};

pub(crate) use excerpt::Written;

use crate::failure::{Exit, Failure};
use crate::{files, show};

/// Dictionaries.
#[derive(Debug, Subcommand)]
pub(crate) enum DictionaryCommand {
    /// Print a dictionary, or one entry of it: an instrument, a field, `session`, `events`, a route, a
    /// kind of event…
    Show {
        /// The entry. Capitals, hyphens and underscores of instruments and fields do not matter.
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// A dictionary's file, or `ketamine` for the one that ships.
        #[arg(long, value_name = "FILE", default_value = SHIPPED)]
        dictionary: PathBuf,
        /// The dictionary of this charter file instead.
        #[arg(long, value_name = "FILE", conflicts_with = "dictionary")]
        charter: Option<PathBuf>,
        /// How it is printed. `toml` is the text itself, with its comments.
        #[arg(long, value_enum, default_value_t = DictionaryFormat::Table)]
        format: DictionaryFormat,
    },
    /// Check a dictionary's text. Every flaw is told with its line and what to do about it.
    Check {
        /// The text.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Begin a dictionary from a CSV file. What must be decided is left open as `"?"`, and `check`
    /// refuses the draft until it is: bounds that follow records would give them away.
    Draft {
        /// The CSV file, with a header. A long file has columns `instrument` and `value`.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// What the dictionary is to be called.
        #[arg(long, value_name = "NAME", default_value = "draft")]
        name: String,
        /// What stands between cells.
        #[arg(long, value_name = "CHAR", default_value_t = ',')]
        delimiter: char,
    },
}

/// How a dictionary is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DictionaryFormat {
    /// For people.
    Table,
    /// For programs, one line.
    Json,
    /// The text itself.
    Toml,
}

/// The name of the dictionary that ships.
pub(super) const SHIPPED: &str = "ketamine";

impl DictionaryCommand {
    /// Shows, checks or begins a dictionary.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Show { name, dictionary, charter, format } => {
                let text = match charter {
                    Some(path) => files::chain(&path)?.current().dictionary.clone(),
                    None if dictionary == Path::new(SHIPPED) => KETAMINE.to_owned(),
                    None => files::read(&dictionary)?,
                };
                let parsed = Dictionary::parse(&text).map_err(|why| refused(&dictionary, &why))?;
                match name {
                    None => whole(&parsed, &text, format)?,
                    Some(name) => entry(&parsed, &text, &name, format)?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Check { file } => check(&file),
            Self::Draft { from, name, delimiter } => {
                let seen = columns::survey(&from, between_cells(delimiter)?)?;
                draft::draft(&name, &from, &seen).lines().for_each(show::line);
                show::talk("fill in every \"?\", delete what was seen, then run `sumac dictionary check` on it");
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// A sign that no cell needs for itself.
fn between_cells(delimiter: char) -> Result<u8, Failure> {
    let fits = |byte: &u8| *byte == b'\t' || (byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'.' | b'-'));
    u8::try_from(delimiter).ok().filter(fits).ok_or_else(|| {
        Failure::usage(format!("{delimiter:?} cannot stand between cells"), "use `,`, `;`, `|` or a tab")
    })
}

/// Checks a dictionary that goes into a charter: one that cannot be read would stop every member.
pub(super) fn admissible(of: &Path, text: &str) -> Result<(), Failure> {
    Dictionary::parse(text).map(|_| ()).map_err(|why| refused(of, &why))
}

/// One flaw with the file it stands in, as every refusal of a file is told.
fn refused(file: &Path, why: &DictionaryError) -> Failure {
    files::named(file, Failure::refused(why.code(), why, why.remedy()))
}

/// Checks a text. Flaws go to standard error one by one, in the order of their lines, so that an
/// editor can jump to them; how many there are comes last.
fn check(file: &Path) -> Result<ExitCode, Failure> {
    let text = files::read(file)?;
    match Dictionary::parse_all(&text) {
        Ok(dictionary) => {
            show::line(&format!("{}: {}", file.display(), show::dictionary_size(&dictionary)));
            Ok(ExitCode::SUCCESS)
        }
        Err(flaws) => {
            for flaw in flaws.iter().take(FLAWS_TOLD) {
                // Each is reported as if it were the only one; the exit code is the same for all.
                let _: ExitCode = refused(file, flaw).report();
            }
            let untold = if flaws.len() > FLAWS_TOLD {
                format!(", of which the first {FLAWS_TOLD} are told")
            } else {
                String::new()
            };
            let flaws = show::counted(u64::try_from(flaws.len()).unwrap_or(u64::MAX), "flaw");
            show::talk(&format!("{}: {flaws}{untold}", file.display()));
            Ok(Exit::Refused.code())
        }
    }
}

/// Everything. `toml` prints the text itself: what is signed is what is shown.
fn whole(dictionary: &Dictionary, text: &str, format: DictionaryFormat) -> Result<(), Failure> {
    match format {
        DictionaryFormat::Table => show::dictionary(dictionary),
        DictionaryFormat::Json => show::json(dictionary)?,
        DictionaryFormat::Toml => text.lines().for_each(show::line),
    }
    Ok(())
}

/// One entry, by whatever it is.
fn entry(dictionary: &Dictionary, text: &str, name: &str, format: DictionaryFormat) -> Result<(), Failure> {
    let found = find(dictionary, name).ok_or_else(|| nothing(dictionary, name))?;
    match format {
        DictionaryFormat::Table => found.table(),
        DictionaryFormat::Json => found.json()?,
        DictionaryFormat::Toml => {
            let of = excerpt::excerpt(text, found.written());
            let of = of.ok_or_else(|| Failure::bug(format!("`{name}` was read, and is not in the text")))?;
            of.iter().for_each(|row| show::line(row));
        }
    }
    Ok(())
}

/// What has this name. Instruments and fields come first, because questions name them; a route or a
/// kind of event that shares a name with one is in `session` or `events`.
fn find<'a>(dictionary: &'a Dictionary, name: &str) -> Option<show::Entry<'a>> {
    if let Some(instrument) = dictionary.instrument(name) {
        return Some(show::Entry::Instrument(instrument));
    }
    if let Some(field) = dictionary.field(name) {
        return Some(show::Entry::Field(field));
    }
    match name {
        "session" => return dictionary.session().map(show::Entry::Session),
        "events" => return dictionary.events().map(show::Entry::Events),
        _ => {}
    }
    let route = dictionary.session().and_then(|session| session.route(name)).map(show::Entry::Route);
    let molecule = || dictionary.session()?.molecules.iter().find(|code| code.id == name).map(show::Entry::Code);
    let kind = || dictionary.events()?.kinds.iter().find(|kind| kind.code.id == name).map(show::Entry::EventKind);
    let codes = || dictionary.times_to_event().iter().chain(dictionary.comedications());
    let code = || codes().find(|code| code.id == name).map(show::Entry::Code);
    route.or_else(molecule).or_else(kind).or_else(code)
}

/// A refusal with the nearest of all names and codes.
fn nothing(dictionary: &Dictionary, name: &str) -> Failure {
    let named = dictionary.instruments().iter().map(|instrument| instrument.id.as_str());
    let named = named.chain(dictionary.fields().iter().map(|field| field.id.as_str())).chain(["session", "events"]);
    let coded = Vocabulary::ALL.into_iter().flat_map(|of| dictionary.codes(of));
    let remedy = nearest(name, named.chain(coded)).map_or_else(
        || "`sumac dictionary show` lists what there is".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let says = format!("`{name}` is nothing in the dictionary {}", dictionary.name());
    Failure::new(Exit::Refused, "no-such-entry", says, remedy)
}

/// Flaws that one check tells: nobody mends more in one go, and a file that is no dictionary has one on every line.
const FLAWS_TOLD: usize = 20;
