//! Running a program over a generation: one pass, chunk by chunk, into one tally.
//!
//! For each chunk: which rows may take part; which of those the gates let in, 64 rows a word; and for the
//! rows that are left, 4,096 rows at a time, the numbers, column by column. A column of a chunk is opened when
//! the first row needs it, so what nobody asks about stays sealed. Every buffer is wiped when the pass ends.

use std::collections::BTreeMap;

use sumac_protocol::plan::{Plan, RawCells};
use zeroize::Zeroizing;

use super::chunk::CHUNK_ROWS;
use super::error::ColumnsError;
use super::generation::Generation;
use super::program::{Banded, Program, Truth};
use super::rows::{RowBits, WORD_ROWS};
use super::tally::Tally;
use limit::Limit;
use numbers::Vectors;
use reader::Reader;

pub(crate) use numbers::Vector;
pub(crate) use reader::Kept;

mod conditions;
mod gates;
mod limit;
mod numbers;
mod reader;

/// What a pass found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The contribution of the patients in the columns.
    pub(crate) cells: RawCells,
    /// The courses that the question asks about, also those beyond what one patient may contribute.
    pub(crate) courses: RowBits,
}

/// Runs `program` for the courses in `eligible`. What is opened is wiped at the end, unless it goes into `kept`.
pub(crate) fn run(
    generation: &Generation,
    program: &Program,
    plan: &Plan,
    eligible: &RowBits,
    kept: Option<&mut Kept>,
) -> Result<Found, ColumnsError> {
    let mut pass = Pass {
        generation,
        program,
        reader: Reader::new(generation, program, kept)?,
        vectors: Vectors::default(),
        limit: Limit::new(plan.courses_per_patient, generation),
        tally: Tally::new(plan, program),
        rows: Vec::new(),
        groups: Zeroizing::new(Vec::new()),
    };
    let mut courses = RowBits::default();
    for (chunk, rows) in generation.chunk_rows().enumerate() {
        let from = chunk.saturating_mul(CHUNK_ROWS / WORD_ROWS);
        let mut words: Vec<u64> = eligible.words().iter().skip(from).take(rows.div_ceil(WORD_ROWS)).copied().collect();
        words.resize(rows.div_ceil(WORD_ROWS), 0);
        if let (Some(last), false) = (words.last_mut(), rows.is_multiple_of(WORD_ROWS)) {
            *last &= (1 << (rows % WORD_ROWS)) - 1;
        }
        pass.chunk(chunk, &mut words)?;
        courses.words_mut().extend(words);
    }
    pass.reader.turn_away();
    Ok(Found { cells: pass.tally.into_cells(pass.limit.idle), courses })
}

struct Pass<'a> {
    generation: &'a Generation,
    program: &'a Program,
    reader: Reader<'a>,
    vectors: Vectors,
    limit: Limit,
    tally: Tally<'a>,
    rows: Vec<u16>,
    groups: Zeroizing<Vec<u32>>,
}

impl Pass<'_> {
    /// One chunk; `words` comes with the rows that may take part and goes with those that match.
    fn chunk(&mut self, chunk: usize, words: &mut [u64]) -> Result<(), ColumnsError> {
        self.reader.turn_to(chunk);
        for gate in &self.program.gates {
            if words.iter().all(|word| *word == 0) {
                return Ok(());
            }
            match self.reader.bytes(gate.byte)? {
                Some(bytes) => gates::narrow(words, bytes, gate),
                None if gate.pass.first() == Some(&1) => {}
                None => words.fill(0),
            }
        }
        for (batch, words) in words.chunks_mut(BATCH_WORDS).enumerate() {
            self.batch(chunk, batch.saturating_mul(BATCH_WORDS * WORD_ROWS), words)?;
        }
        Ok(())
    }

    fn batch(&mut self, chunk: usize, first: usize, words: &mut [u64]) -> Result<(), ColumnsError> {
        self.rows.clear();
        let first = u16::try_from(first).unwrap_or_default();
        words.iter().zip((first..).step_by(WORD_ROWS)).for_each(|(word, first)| list(*word, first, &mut self.rows));
        if self.rows.is_empty() {
            return Ok(());
        }
        if let Some(rest) = &self.program.rest {
            let truth = conditions::hold(rest, &self.rows, &mut self.reader, &mut self.vectors)?;
            let mut truths = truth.iter();
            self.rows.retain(|_| truths.next() == Some(&Truth::Yes));
            words.fill(0);
            for row in self.rows.iter().filter_map(|row| row.checked_sub(first)) {
                if let Some(word) = words.get_mut(usize::from(row >> 6)) {
                    *word |= 1 << (row & 63);
                }
            }
        }
        self.limit.keep_first(chunk, self.generation.owners(), &mut self.rows);
        self.number_groups()?;
        self.limit.count_patients(chunk, self.generation.owners(), &self.rows, &self.groups, &mut self.tally);
        self.tally.add_matches(&self.groups);
        let mut sets: BTreeMap<u32, Vec<(usize, Vector)>> = BTreeMap::new();
        for (place, measured) in self.program.quantities.iter().enumerate() {
            let numbers = self.vectors.numbers(&measured.number, &self.rows, &mut self.reader)?;
            if let Some(set) = measured.joint {
                sets.entry(set).or_default().push((place, numbers));
            } else {
                self.tally.add_numbers(place, &self.groups, &numbers);
                self.vectors.give_back(numbers);
            }
        }
        for set in sets.into_values() {
            self.tally.add_together(&self.groups, &set);
            set.into_iter().for_each(|(_, numbers)| self.vectors.give_back(numbers));
        }
        Ok(())
    }

    /// The group of each row.
    fn number_groups(&mut self) -> Result<(), ColumnsError> {
        self.groups.clear();
        for (place, part) in self.program.groups.iter().enumerate() {
            let bytes = self.reader.bytes(part.byte)?.unwrap_or_default();
            let share = |row: &u16| {
                let pattern = bytes.get(usize::from(*row)).copied().unwrap_or(0);
                part.part.get(usize::from(pattern)).copied().unwrap_or(0)
            };
            if place == 0 {
                self.groups.extend(self.rows.iter().map(share));
            } else {
                self.groups.iter_mut().zip(&self.rows).for_each(|(group, row)| *group = group.wrapping_add(share(row)));
            }
        }
        self.groups.resize(self.rows.len(), 0);
        for Banded { number, bounds, each } in &self.program.bands {
            let numbers = self.vectors.numbers(number, &self.rows, &mut self.reader)?;
            for (group, number) in self.groups.iter_mut().zip(numbers.iter()) {
                let reached = bounds.iter().filter(|bound| **bound <= i64::from(*number)).count();
                *group = group.wrapping_add(u32::try_from(reached).unwrap_or(0).wrapping_mul(*each));
            }
            self.vectors.give_back(numbers);
        }
        Ok(())
    }
}

/// Adds the rows that are set in a word whose first row is `first`. Their number is known beforehand, so none of
/// them asks whether there is room.
fn list(word: u64, first: u16, rows: &mut Vec<u16>) {
    let mut rest = word;
    rows.extend((0..word.count_ones()).map(|_| {
        let [bit, ..] = rest.trailing_zeros().to_le_bytes();
        rest &= rest.wrapping_sub(1);
        first | u16::from(bit)
    }));
}

/// Words of rows that are worked on together: 4,096 rows, whose numbers stay in the nearest cache.
const BATCH_WORDS: usize = 64;
