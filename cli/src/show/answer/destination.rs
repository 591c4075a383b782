//! Where an answer goes and in which form: what `--format`, `--answer` and `--plot` say.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sumac_protocol::answer::Answer;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::release_file::ReleaseFile;

use super::about::About;
use super::tidy::Tidy;
use super::{page, plot, table};
use crate::failure::Failure;
use crate::{files, show};

/// How an answer is shown, and where.
#[derive(Debug, Clone, Args)]
pub(crate) struct Destination {
    /// How the answer is shown. Default: what the name of `--answer` says, else a table.
    #[arg(long, value_enum)]
    format: Option<AnswerFormat>,
    /// Where the answer goes, instead of standard output: .txt, .json, .csv, .parquet or .html. Never
    /// overwrites.
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// Draws the answer as well: .svg or .png. Never overwrites.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnswerFormat {
    /// A table for people.
    Table,
    /// Stable JSON for programs: everything that the release says.
    Json,
    /// Rows of comma-separated values: one for each group, estimate and number.
    Csv,
    /// The same rows as a Parquet file; needs `--answer`.
    Parquet,
    /// A page with plots, method and price, whole in one file.
    Html,
}

impl AnswerFormat {
    /// How its files are called.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["txt"],
            Self::Json => &["json"],
            Self::Csv => &["csv"],
            Self::Parquet => &["parquet"],
            Self::Html => &["html", "htm"],
        }
    }

    /// What a file's name says.
    fn of(path: &Path) -> Option<Self> {
        let formats = [Self::Table, Self::Json, Self::Csv, Self::Parquet, Self::Html];
        formats.into_iter().find(|format| ends_in(path, format.endings()))
    }
}

impl Destination {
    /// Whether anything is said about how or where.
    pub(crate) const fn is_given(&self) -> bool {
        self.format.is_some() || self.answer.is_some() || self.plot.is_some()
    }

    /// The same for one of several answers: `answer.csv` becomes `answer-2.csv`.
    #[must_use]
    pub(crate) fn numbered(&self, number: usize) -> Self {
        let of = |path: &PathBuf| {
            let (stem, ending) = (path.file_stem().unwrap_or_default(), path.extension().unwrap_or_default());
            let (stem, ending) = (stem.to_string_lossy(), ending.to_string_lossy());
            path.with_file_name(format!("{stem}-{number}.{ending}"))
        };
        Self { format: self.format, answer: self.answer.as_ref().map(of), plot: self.plot.as_ref().map(of) }
    }

    /// Whether several answers may go to standard output one after the other, where no file is named.
    ///
    /// # Errors
    /// A form of which two in a row are none.
    pub(crate) fn check_several(&self) -> Result<(), Failure> {
        let format = self.format()?;
        if self.answer.is_some() || matches!(format, AnswerFormat::Table | AnswerFormat::Json) {
            return Ok(());
        }
        let says = "several answers in this form make no file that anything reads";
        let remedy = "give --answer, which writes a file for each: answer-1, answer-2 …";
        Err(Failure::refused("answer-needs-a-file", &says, remedy.into()))
    }

    /// Finds out now whether everything can be written later, and leaves nothing behind. `others` are written as well.
    ///
    /// # Errors
    /// A name that does not say its form, or another than `--format`; a file that is there or cannot be written.
    pub(crate) fn check(&self, others: &[&Path]) -> Result<(), Failure> {
        let format = self.format()?;
        if format == AnswerFormat::Parquet && self.answer.is_none() {
            let says = "a Parquet file is not for a terminal or a pipe: it is read from its end";
            return Err(Failure::refused("answer-needs-a-file", &says, "name one: --answer FILE.parquet".into()));
        }
        if let Some(path) = &self.plot
            && !ends_in(path, &plot::ENDINGS)
        {
            let says = format!("{}: a plot ends in .svg or .png", path.display());
            return Err(Failure::refused("answer-destination", &says, "name it so, as in --plot answer.svg".into()));
        }
        let ours: Vec<&Path> = [&self.answer, &self.plot].into_iter().flatten().map(PathBuf::as_path).collect();
        for (place, path) in ours.iter().enumerate() {
            if others.contains(path) || ours.iter().skip(place + 1).any(|other| other == path) {
                let says = format!("{}: two things would be written here", path.display());
                return Err(Failure::refused("answer-destination", &says, "give each a name of its own".into()));
            }
            files::vacant(path)?;
        }
        Ok(())
    }

    /// Which form it has.
    fn format(&self) -> Result<AnswerFormat, Failure> {
        let Some(path) = &self.answer else { return Ok(self.format.unwrap_or(AnswerFormat::Table)) };
        let remedy = || "name it .txt, .json, .csv, .parquet or .html".to_owned();
        let Some(named) = AnswerFormat::of(path) else {
            let says = format!("{}: the end of this name says no form that an answer has", path.display());
            return Err(Failure::refused("answer-destination", &says, remedy()));
        };
        match self.format {
            Some(format) if format != named => {
                let said = format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
                let says = format!("{}: this name says another form than --format {said}", path.display());
                Err(Failure::refused("answer-destination", &says, "leave --format out, or name the file so".into()))
            }
            _ => Ok(named),
        }
    }

    /// Shows the answer and writes what is to be written.
    pub(crate) fn deliver(&self, release: &ReleaseFile, chain: &CharterChain) -> Result<(), Failure> {
        let (answer, about) = (&release.answer, About::of(release, chain)?);
        let format = self.format()?;
        match &self.answer {
            None => match format {
                AnswerFormat::Table => table::lines(answer, &about).iter().for_each(|row| show::line(row)),
                AnswerFormat::Json => show::json(answer)?,
                AnswerFormat::Csv | AnswerFormat::Parquet | AnswerFormat::Html => {
                    let bytes = bytes(format, answer, &about)?;
                    String::from_utf8_lossy(&bytes).lines().for_each(show::line);
                }
            },
            Some(path) => self.write(path, &bytes(format, answer, &about)?)?,
        }
        let Some(path) = &self.plot else { return Ok(()) };
        let drawn =
            if ends_in(path, &["png"]) { plot::png(answer, &about)? } else { plot::svg(answer, &about).into_bytes() };
        self.write(path, &drawn)
    }

    /// Writes a new file; one that exists is left as it is and told.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        files::write_new_bytes(path, bytes)
            .map_err(|why| why.with_remedy("the answer is in the release: `sumac verify` writes it again"))?;
        show::talk(&format!("written: {}", path.display()));
        Ok(())
    }
}

/// An answer as a file.
fn bytes(format: AnswerFormat, answer: &Answer, about: &About) -> Result<Vec<u8>, Failure> {
    match format {
        AnswerFormat::Table => Ok((table::lines(answer, about).join("\n") + "\n").into_bytes()),
        AnswerFormat::Json => Ok((show::json_text(answer)? + "\n").into_bytes()),
        AnswerFormat::Csv => Tidy::of(answer, about).csv().map(String::into_bytes),
        AnswerFormat::Parquet => Tidy::of(answer, about).parquet(),
        AnswerFormat::Html => Ok(page::page(answer, about).into_bytes()),
    }
}

/// Whether a name ends in one of these, in capitals or not.
fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
