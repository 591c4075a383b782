//! An answer as one plain table for programs: a row for each group, estimate and number.
//!
//! Shares are from 0 to 1 and every number reads back as what stands in the JSON. Comparisons are not in it: they follow
//! from it, and stand in the JSON.

use sumac_protocol::answer::Answer;

use super::about::{About, Asked};
use super::spot::{At, Spot, spots};
use crate::failure::Failure;

mod csv;
mod parquet;

/// Columns of the groups, then those of every answer, and what stands in them.
#[derive(Debug)]
pub(super) struct Tidy {
    /// Names and cells; all of them equally long.
    columns: Vec<(String, Cells)>,
}

/// The cells of a column; none where a row has nothing to say.
#[derive(Debug)]
enum Cells {
    Text(Vec<Option<String>>),
    Whole(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    Truth(Vec<bool>),
}

/// A row before it is cut into columns.
struct Row<'a> {
    /// Its place among the groups of the answer.
    group: usize,
    /// Whether its group is held back; then it has no figures.
    suppressed: bool,
    /// Which estimate it is of.
    asked: &'a Asked,
    /// What was found; none where nothing could be.
    spot: Option<Spot>,
}

impl Tidy {
    /// The rows of an answer, in its order. A group that is held back has one row for each estimate, without a value.
    pub(super) fn of(answer: &Answer, about: &About) -> Self {
        let mut rows = Vec::new();
        for (group, found) in answer.groups.iter().enumerate() {
            for (at, asked) in about.asked.iter().enumerate() {
                let suppressed = found.shown(at).is_none();
                let numbers = found.shown(at).map(spots).unwrap_or_default();
                if numbers.is_empty() {
                    rows.push(Row { group, suppressed, asked, spot: None });
                }
                rows.extend(numbers.into_iter().map(|spot| Row { group, suppressed, asked, spot: Some(spot) }));
            }
        }
        let keys = answer.groups.first().map_or(&[][..], |group| group.key.0.as_slice());
        let value_of = |row: &Row<'_>, at: usize| {
            answer.groups.get(row.group).and_then(|group| group.key.0.get(at)).map(|(_, value)| value.clone())
        };
        let of_group = keys.iter().enumerate().map(|(at, (field, _))| {
            let taken = COLUMNS.contains(&field.as_str());
            let name = if taken { format!("group_{field}") } else { field.clone() };
            (name, Cells::Text(rows.iter().map(|row| value_of(row, at)).collect()))
        });
        let columns = of_group.chain(fixed(&rows)).collect();
        Self { columns }
    }

    /// As text with commas, one row a line.
    pub(super) fn csv(&self) -> Result<String, Failure> {
        csv::write(self)
    }

    /// As a Parquet file.
    pub(super) fn parquet(&self) -> Result<Vec<u8>, Failure> {
        parquet::write(self)
    }

    /// How many rows it has.
    fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| match cells {
            Cells::Text(cells) => cells.len(),
            Cells::Whole(cells) => cells.len(),
            Cells::Number(cells) => cells.len(),
            Cells::Truth(cells) => cells.len(),
        })
    }
}

/// The columns that every answer has, in their order. New ones are added at the end.
const COLUMNS: [&str; 19] = [
    "name",
    "of",
    "point",
    "day",
    "bin_from",
    "bin_to",
    "column",
    "value",
    "unit",
    "n",
    "events",
    "sessions",
    "censored",
    "low",
    "high",
    "se_sampling",
    "sd_noise",
    "p",
    "suppressed",
];

/// The columns that every table has, whatever the question: the same names in the same order.
fn fixed(rows: &[Row<'_>]) -> impl Iterator<Item = (String, Cells)> {
    let text = |of: &dyn Fn(&Row<'_>) -> Option<String>| Cells::Text(rows.iter().map(of).collect());
    let number = |of: &dyn Fn(&Spot) -> Option<f64>| {
        Cells::Number(rows.iter().map(|row| row.spot.as_ref().and_then(of).filter(|x| x.is_finite())).collect())
    };
    let whole = |of: &dyn Fn(&Spot) -> Option<i64>| {
        Cells::Whole(rows.iter().map(|row| row.spot.as_ref().and_then(of)).collect())
    };
    let count = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok());
    let bin = |spot: &Spot| if let At::Bin(from, to) = &spot.at { Some((*from, *to)) } else { None };
    let cells = [
        text(&|row| Some(row.asked.name.clone())),
        text(&|row| Some(row.asked.tag.to_owned())),
        text(&|row| row.spot.as_ref().and_then(|spot| kind_of(&spot.at)).map(str::to_owned)),
        whole(&|spot| if let At::Day(day) = &spot.at { Some(i64::from(*day)) } else { None }),
        number(&|spot| bin(spot).map(|(from, _)| from)),
        number(&|spot| bin(spot).map(|(_, to)| to)),
        text(&|row| {
            row.spot.as_ref().and_then(|s| if let At::Column(name) = &s.at { Some(name.clone()) } else { None })
        }),
        number(&|spot| spot.value),
        text(&|row| Some(unit(row)).filter(|unit| !unit.is_empty())),
        whole(&|spot| count(spot.n)),
        whole(&|spot| count(spot.events)),
        whole(&|spot| count(spot.against)),
        whole(&|spot| count(spot.censored)),
        number(&|spot| spot.low),
        number(&|spot| spot.high),
        number(&|spot| spot.se_sampling),
        number(&|spot| spot.sd_noise),
        number(&|spot| spot.p),
        Cells::Truth(rows.iter().map(|row| row.suppressed).collect()),
    ];
    COLUMNS.iter().map(|name| (*name).to_owned()).zip(cells)
}

/// Which kind of number it is, where an estimate has several.
const fn kind_of(at: &At) -> Option<&'static str> {
    match at {
        At::Whole => None,
        At::Day(_) => Some("day"),
        At::Bin(..) => Some("bin"),
        At::Column(_) => Some("column"),
        At::Median => Some("median"),
    }
}

/// The unit of a row's value: shares are not in percent here.
fn unit(row: &Row<'_>) -> String {
    match row.spot.as_ref().map(|spot| &spot.at) {
        Some(At::Median) => "days".to_owned(),
        Some(At::Bin(..)) => "courses".to_owned(),
        _ if row.asked.is_share() => "share".to_owned(),
        _ => row.asked.unit.clone(),
    }
}
