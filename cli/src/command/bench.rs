//! `sumac bench`: how fast this machine would be as a clinic's node, on courses that nobody had.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use measure::{Measured, Way};

use crate::failure::Failure;
use crate::show;

mod measure;

/// What to measure, where, and how often.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// How many courses the columns hold. Ten million take about a minute to fill and 1 GB of disk.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    courses: u32,
    /// How often each way of answering is timed; the median counts.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// What the courses grow from.
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// A folder on the disk to measure; the system's folder for temporary files may be no disk.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The figures as one line of JSON.
    #[arg(long)]
    json: bool,
}

impl BenchArgs {
    /// Measures, and shows what came of it.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let parent = self.dir.unwrap_or_else(std::env::temp_dir);
        let scratch = tempfile::Builder::new().prefix("sumac-bench-").tempdir_in(&parent);
        let scratch = scratch.map_err(|why| Failure::file(&parent, &why))?;
        if cfg!(debug_assertions) {
            show::talk("This program was built for debugging: the figures say nothing about a release.");
        }
        let measured = measure::all(scratch.path(), self.courses, self.rounds, self.seed, &show::talk)?;
        scratch.close().map_err(|why| Failure::file(&parent, &why))?;
        if self.json {
            show::json(&measured)?;
        } else {
            report(&measured);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The figures for people.
fn report(measured: &Measured) {
    let Measured { question, columns, ways, import, opened, .. } = measured;
    show::line(&format!(
        "{} courses in sealed columns of {} KiB, filled in {}.",
        grouped(columns.courses),
        grouped(columns.bytes >> 10),
        seconds(columns.filled)
    ));
    show::prose(question, "  ");
    let row = |Way { answered_from, median, fastest, slowest, .. }: &Way| {
        [(*answered_from).to_owned(), seconds(*median), seconds(*fastest), seconds(*slowest)]
    };
    show::figures(["answered from", "median", "fastest", "slowest"], ways.iter().map(row));
    show::prose(
        &format!(
            "Records were read for {} of the courses, with the same answer as the columns; their time is stretched to \
             all of them.",
            grouped(measured.by_record)
        ),
        "  ",
    );
    show::prose(
        &format!(
            "Imported {} courses from {} rows of CSV, sealed and flushed, in {}: {} assessments and {} rows a second.",
            grouped(import.courses),
            grouped(import.rows),
            seconds(import.took),
            grouped(import.assessments_per_second),
            grouped(import.rows_per_second)
        ),
        "  ",
    );
    show::line(&format!("Their store opened in {}.", seconds(*opened)));
}

/// A time in the unit that suits it.
fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1_000.0) } else { format!("{seconds:.1} s") }
}

/// A whole number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().abs_diff(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{grouped, seconds};

    #[test]
    fn numbers_and_times_are_written_for_reading() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
        for (micros, text) in [(40, "0.0 ms"), (8_140, "8.1 ms"), (999_900, "999.9 ms"), (5_340_000, "5.3 s")] {
            assert_eq!(seconds(Duration::from_micros(micros)), text);
        }
    }
}
