//! Conditions on a batch of rows, in three-valued logic.

use super::numbers::Vectors;
use super::reader::Reader;
use crate::columns::error::ColumnsError;
use crate::columns::program::{MISSING, Test, Truth};

/// How a condition stands for each of these rows.
pub(super) fn hold(
    test: &Test,
    rows: &[u16],
    reader: &mut Reader<'_>,
    vectors: &mut Vectors,
) -> Result<Vec<Truth>, ColumnsError> {
    match test {
        Test::Always(truth) => Ok(vec![*truth; rows.len()]),
        Test::Byte { byte, truth } => {
            let bytes = reader.bytes(*byte)?;
            let pattern = |row: &u16| bytes.and_then(|bytes| bytes.get(usize::from(*row)).copied()).unwrap_or(0);
            let truths = rows.iter().map(|row| truth.get(usize::from(pattern(row))).copied());
            Ok(truths.map(|truth| truth.unwrap_or(Truth::Open)).collect())
        }
        Test::Compare { number, relation, value } => {
            let numbers = vectors.numbers(number, rows, reader)?;
            let truth = |number: &i32| match *number {
                MISSING => Truth::Open,
                number => Truth::from(relation.holds(i64::from(number), *value)),
            };
            let truths = numbers.iter().map(truth).collect();
            vectors.give_back(numbers);
            Ok(truths)
        }
        Test::All(parts) => joined(parts, Truth::Yes, Truth::and, rows, reader, vectors),
        Test::Any(parts) => joined(parts, Truth::No, Truth::or, rows, reader, vectors),
        Test::Not(part) => {
            let mut truths = hold(part, rows, reader, vectors)?;
            truths.iter_mut().for_each(|truth| *truth = truth.not());
            Ok(truths)
        }
    }
}

fn joined(
    parts: &[Test],
    nothing: Truth,
    join: fn(Truth, Truth) -> Truth,
    rows: &[u16],
    reader: &mut Reader<'_>,
    vectors: &mut Vectors,
) -> Result<Vec<Truth>, ColumnsError> {
    let mut sum = vec![nothing; rows.len()];
    for part in parts {
        let truths = hold(part, rows, reader, vectors)?;
        sum.iter_mut().zip(truths).for_each(|(sum, truth)| *sum = join(*sum, truth));
    }
    Ok(sum)
}
