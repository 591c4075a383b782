//! Making a generation from the one before and what has changed since; or, without one before, from every record.

use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use roaring::RoaringBitmap;
use sumac_protocol::record::Record;

use super::build::Builder;
use super::chunk::Opened;
use super::column::{ColumnId, Width};
use super::encode::Cells;
use super::error::ColumnsError;
use super::generation::Generation;
use super::layout::Layout;

/// Fills a builder: courses of patients who have not changed as they lie in the old generation, all others from
/// their records, in the order of the patients' rows.
pub(crate) struct Renewal<'a, F> {
    builder: &'a mut Builder,
    layout: Arc<Layout>,
    /// The newest record of a row, if there is one.
    record: F,
    cells: Cells,
    apart: RoaringBitmap,
}

impl<'a, F: FnMut(u32) -> Result<Option<Record>, ColumnsError>> Renewal<'a, F> {
    pub(crate) fn new(builder: &'a mut Builder, layout: Arc<Layout>, record: F) -> Self {
        Self { builder, layout, record, cells: Cells::default(), apart: RoaringBitmap::new() }
    }

    /// Takes over `old` but for the rows in `changed`, which are ascending, and answers whose records fit no column.
    pub(crate) fn run(mut self, old: Option<&Generation>, changed: &[u32]) -> Result<RoaringBitmap, ColumnsError> {
        let mut changed = changed.iter().copied().peekable();
        if let Some(old) = old {
            self.apart.clone_from(old.apart());
            let mut first = 0_usize;
            for (chunk, rows) in old.chunk_rows().enumerate() {
                self.chunk(old, &Columns::open(old, chunk, first, rows)?, &mut changed)?;
                first = first.saturating_add(rows);
            }
        }
        changed.try_for_each(|row| self.read(row))?;
        Ok(self.apart)
    }

    fn chunk(
        &mut self,
        old: &Generation,
        columns: &Columns,
        changed: &mut Peekable<impl Iterator<Item = u32>>,
    ) -> Result<(), ColumnsError> {
        let mut course = columns.courses.start;
        while let Some(owner) = old.owner(course).filter(|_| course < columns.courses.end) {
            while let Some(row) = changed.next_if(|row| *row < owner) {
                self.read(row)?;
            }
            let from = course;
            let next = changed.peek().copied();
            let same = |owner: u32| next.is_none_or(|next| owner < next);
            while course < columns.courses.end && old.owner(course).is_some_and(same) {
                course = course.saturating_add(1);
            }
            self.copy(old, columns, from..course)?;
            // Courses of a changed patient are left out; the record is read once they are passed.
            while course < columns.courses.end && next.is_some() && old.owner(course) == next {
                course = course.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Adds the courses of one patient from the record.
    fn read(&mut self, row: u32) -> Result<(), ColumnsError> {
        self.apart.remove(row);
        let Some(record) = (self.record)(row)? else { return Ok(()) };
        if !record.courses.iter().all(|course| self.cells.take(&self.layout, course)) {
            self.apart.insert(row);
            return Ok(());
        }
        for course in &record.courses {
            self.cells.take(&self.layout, course);
            self.builder.push(row, &self.cells)?;
        }
        Ok(())
    }

    /// Adds courses of a chunk as they lie there.
    fn copy(&mut self, old: &Generation, columns: &Columns, courses: Range<usize>) -> Result<(), ColumnsError> {
        let mut from = courses.start;
        while from < courses.end {
            let until = courses.end.min(from.saturating_add(self.builder.room()));
            for (column, width, opened) in &columns.opened {
                let at = |course: usize| course.saturating_sub(columns.courses.start).saturating_mul(width.bytes());
                let values = opened.values().get(at(from)..at(until)).unwrap_or_default();
                self.builder.extend(*column, values)?;
            }
            let owners: Vec<u32> = (from..until).filter_map(|course| old.owner(course)).collect();
            self.builder.ended_rows(&owners)?;
            from = until;
        }
        Ok(())
    }
}

/// Every column of one chunk, open. Wiped when dropped.
struct Columns {
    courses: Range<usize>,
    opened: Vec<(ColumnId, Width, Opened)>,
}

impl Columns {
    fn open(old: &Generation, chunk: usize, first: usize, rows: usize) -> Result<Self, ColumnsError> {
        let mut opened = Vec::new();
        for (column, width) in old.columns_of(chunk) {
            let file = old.file(column)?;
            let mut values = Opened::default();
            old.read(chunk, column, file.as_deref(), &mut values)?;
            opened.push((column, width, values));
        }
        Ok(Self { courses: first..first.saturating_add(rows), opened })
    }
}
