//! The projection's half of `tests/bench/duckdb.py`, which starts this and says what to measure next.
//!
//! `beside_duckdb ROWS SEED FOLDER` fills a sealed projection with synthetic courses, writes the same rows for
//! DuckDB, says `ready`, and then answers each line it is sent, a way and the number of a window, with one
//! line. Ways: `sealed` (all opened anew), `cold` (the files opened anew, too), `opened` (nothing is sealed any
//! more).
#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use sumac_node::columns::{OpenedColumns, RowBits, Sample};
use sumac_node::synthetic::Generator;
use sumac_protocol::dictionary::{Dictionary, FieldKind};
use sumac_protocol::plan::{Measure, Mode, Plan};
use sumac_protocol::question::compile;
use sumac_protocol::record::{Course, FieldValue};

/// One indication, by route and paradigm, with a narrow and a wide window about day 28.
const WINDOWS: [(i32, i32); 2] = [(25, 31), (14, 31)];

/// The categories that the question reads, as the columns of DuckDB's table are called.
const CATEGORIES: [&str; 3] = ["indication", "route", "paradigm"];

fn question((from, to): (i32, i32)) -> String {
    format!(
        "SELECT count(*), mean(change(phq9, day => 28, from => {from}, to => {to})) AS change \
         FROM courses WHERE indication = 'mdd' GROUP BY route, paradigm"
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [rows, seed, folder] = arguments.as_slice() else {
        // `cargo bench` runs every bench; this one waits for its partner.
        println!("beside_duckdb: run tests/bench/duckdb.py");
        return Ok(());
    };
    let (rows, seed, folder): (u32, u64, &Path) = (rows.parse()?, seed.parse()?, Path::new(folder));
    let dictionary = Dictionary::ketamine()?;
    let plans = WINDOWS.map(|window| compile(&question(window), &dictionary, Mode::Exact));
    let plans = plans.into_iter().collect::<Result<Vec<Plan>, _>>()?;
    let (sample, consenting) = fill(rows, seed, folder, &dictionary, &plans)?;
    println!("ready {}", sample.bytes()?);
    for field in CATEGORIES {
        println!("{}", values(&dictionary, field).join(" "));
    }
    let mut opened = [OpenedColumns::default(), OpenedColumns::default()];
    for line in io::stdin().lock().lines() {
        let line = line?;
        let Some((way, window)) = line.split_once(' ') else { return Ok(()) };
        let window: usize = window.parse()?;
        let (Some(plan), Some(opened)) = (plans.get(window), opened.get_mut(window)) else { return Ok(()) };
        let begun = Instant::now();
        let answer = match way {
            "sealed" => sample.answer(plan, &dictionary, &consenting)?,
            "cold" => sample.reopen()?.answer(plan, &dictionary, &consenting)?,
            "opened" => sample.answer_opened(plan, &dictionary, &consenting, opened)?,
            _ => return Ok(()),
        };
        let took = begun.elapsed().as_secs_f64();
        let answer = answer.ok_or("the projection cannot serve the question")?;
        let cells: Vec<String> = answer.cells.expose().iter().map(u64::to_string).collect();
        println!("{took} {} {}", plan.blocks.len(), cells.join(" "));
    }
    Ok(())
}

/// Fills the projection, and one file for each column of DuckDB's table: what it would have to work out from
/// assessments (the baseline, the total at day 28) stands there ready made.
fn fill(
    rows: u32,
    seed: u64,
    folder: &Path,
    dictionary: &Dictionary,
    plans: &[Plan],
) -> Result<(Sample, RowBits), Box<dyn Error>> {
    let mut changes = Vec::new();
    for plan in plans {
        match plan.quantities.first().map(|quantity| &quantity.measure) {
            Some(Measure::Change { instrument, at }) => changes.push((instrument, at)),
            _ => return Err("the question asks for a change".into()),
        }
    }
    let mut files = Vec::new();
    for name in CATEGORIES.into_iter().chain(["consent", "baseline", "endpoint0", "endpoint1"]) {
        files.push(BufWriter::new(File::create(folder.join(name))?));
    }
    let total = |value: Option<i64>| value.and_then(|value| u8::try_from(value).ok()).unwrap_or(u8::MAX);
    let filled = Sample::drawn(&folder.join("projection"), &Generator::new("ketamine", seed)?, dictionary, rows, {
        |course, consents| {
            let codes = CATEGORIES.iter().map(|field| code(dictionary, course, field));
            let baseline = total(dictionary.baseline().pick("PHQ-9", &course.assessments));
            let endpoints = changes.iter().map(|(instrument, at)| total(at.pick(instrument, &course.assessments)));
            let bytes = codes.chain([u8::from(consents), baseline]).chain(endpoints);
            files.iter_mut().zip(bytes).try_for_each(|(file, byte)| file.write_all(&[byte]))
        }
    })?;
    files.iter_mut().try_for_each(Write::flush)?;
    Ok(filled)
}

/// The values of a category, in the dictionary's order.
fn values<'d>(dictionary: &'d Dictionary, field: &str) -> &'d [String] {
    match dictionary.field(field).map(|field| &field.kind) {
        Some(FieldKind::Category { values }) => values,
        _ => &[],
    }
}

/// A category's place among its values; 255 where it is missing.
fn code(dictionary: &Dictionary, course: &Course, field: &str) -> u8 {
    let Some(FieldValue::Category(code)) = course.fields.get(field) else { return u8::MAX };
    let place = values(dictionary, field).iter().position(|value| value == code);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
}
