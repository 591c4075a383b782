//! One reading: the rows of a share of the patients, gathered and then read patient by patient.

use std::io::{Read, Seek};

use super::conveying::Outbox;
use crate::import::cell::Lens;
use crate::import::checking::{Bounds, open};
use crate::import::gathering::{Gathered, Gathering};
use crate::import::layout::Layout;
use crate::import::reading::{Reading, Whose};
use crate::import::reject::Rejects;
use crate::import::table::Row;
use crate::import::{ImportError, SourceFile, census};

/// Which rows are gathered in one reading.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) pass: u64,
    pub(super) passes: u64,
    pub(super) bounds: Bounds,
}

impl Share {
    /// Reads one file. Gives back how many rows it has.
    pub(super) fn gather<R: Read + Seek>(
        self,
        (file, source, layout): (SourceFile, &mut R, &Layout<'_>),
        lens: Lens<'_>,
        gathering: &mut Gathering,
        rejects: &mut Rejects,
        out: &mut Outbox,
    ) -> Result<u64, ImportError> {
        let mut table = open(self.bounds, lens, file, source)?;
        if *table.header() != layout.header {
            return Err(ImportError::Changed { file });
        }
        while let Some(line) = table.next_line()? {
            // A row of another shape is nobody's, and belongs to the first share.
            if let Err(why) = line.shape() {
                if self.pass == 0 {
                    rejects.leave_out_row(file, line.number, why);
                    out.hold(rejects);
                }
                continue;
            }
            let cell = line.cell(&layout.patient);
            if self.passes > 1 && census::number(cell.text) % self.passes != self.pass {
                continue;
            }
            let Some(pseudonym) = rejects.sift(cell, cell.pseudonym(lens.mapping)) else {
                out.hold(rejects);
                continue;
            };
            let cells = layout.kept.iter().map(|at| line.text(*at));
            if !gathering.keep(pseudonym, (file, line.number), cells) {
                return Err(ImportError::TooManyRows { file, rows_max: self.bounds.rows_max });
            }
        }
        Ok(table.rows())
    }
}

/// Reads what one row tells, by the layout of its file.
///
/// `cells` is room for the row's, kept from row to row.
pub(super) fn read_row<'g, 'l>(
    row: &Gathered<'g>,
    layouts: &'l [Layout<'_>],
    courses_known: bool,
    reading: &mut Reading<'l>,
    cells: &mut Vec<&'g str>,
) {
    let Some(layout) = layouts.iter().find(|layout| layout.header.file() == row.file) else { return };
    cells.clear();
    cells.resize(layout.header.columns(), "");
    for (at, text) in layout.kept.iter().zip(row.cells()) {
        if let Some(cell) = cells.get_mut(*at) {
            *cell = text;
        }
    }
    let row = Row { line: row.line, cells };
    let cell = row.cell(&layout.course);
    let Some(course) = reading.rejects.sift(cell, cell.course(reading.lens.mapping)) else { return };
    let whose = Whose { course, cell, begins: layout.opens || !courses_known };
    if layout.opens && reading.open(whose).is_none() {
        return;
    }
    for part in &layout.parts {
        part.read(&row, whose, reading);
    }
}
