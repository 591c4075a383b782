//! The columns of the chunk at hand, opened when they are first asked for.

use std::sync::Arc;

use crate::columns::chunk::Opened;
use crate::columns::error::ColumnsError;
use crate::columns::generation::Generation;
use crate::columns::program::{Program, Use};
use crate::store::disk::DiskFile;

/// One buffer for each column that a program may open, used again for every chunk; or, where opened columns
/// are kept, one for each column of each chunk.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    generation: &'a Generation,
    program: &'a Program,
    /// The files of the columns that a program may open.
    files: Vec<Option<Arc<dyn DiskFile>>>,
    chunk: usize,
    buffers: Buffers,
    kept: Option<&'a mut Kept>,
}

type Buffers = Vec<(State, Opened)>;

/// Opened columns that outlive a pass: patients' values in the clear, for as long as this lives. Only
/// measuring keeps any.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    chunks: Vec<Buffers>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Sealed,
    Open,
    /// The chunk says nothing in this column.
    Absent,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        generation: &'a Generation,
        program: &'a Program,
        kept: Option<&'a mut Kept>,
    ) -> Result<Self, ColumnsError> {
        let files = program.uses.iter().map(|(column, _)| generation.file(*column)).collect::<Result<_, _>>()?;
        Ok(Self { generation, program, files, chunk: usize::MAX, buffers: fresh(program), kept })
    }

    /// Turns to another chunk; nothing of it is open, unless it was kept.
    pub(super) fn turn_to(&mut self, chunk: usize) {
        self.turn_away();
        self.chunk = chunk;
        match &mut self.kept {
            None => self.buffers.iter_mut().for_each(|(state, _)| *state = State::Sealed),
            Some(kept) => {
                if kept.chunks.len() <= chunk {
                    kept.chunks.resize_with(chunk.saturating_add(1), || fresh(self.program));
                }
                self.buffers = kept.chunks.get_mut(chunk).map(std::mem::take).unwrap_or_default();
            }
        }
    }

    /// Puts back what is to be kept of the chunk at hand.
    pub(super) fn turn_away(&mut self) {
        if let Some(there) = self.kept.as_mut().and_then(|kept| kept.chunks.get_mut(self.chunk)) {
            *there = std::mem::take(&mut self.buffers);
        }
    }

    /// The bytes of a column in the chunk at hand, or `None` if it says nothing there.
    pub(super) fn bytes(&mut self, column: Use) -> Result<Option<&[u8]>, ColumnsError> {
        self.open(column)?;
        Ok(self.opened(column))
    }

    /// Opens a column of the chunk at hand, if that was not done yet.
    pub(super) fn open(&mut self, column: Use) -> Result<(), ColumnsError> {
        let Some((id, _)) = self.program.uses.get(column.0) else { return Ok(()) };
        let Some((state, buffer)) = self.buffers.get_mut(column.0) else { return Ok(()) };
        if *state == State::Sealed {
            let file = self.files.get(column.0).and_then(Option::as_deref);
            let there = self.generation.read(self.chunk, *id, file, buffer)?;
            *state = if there { State::Open } else { State::Absent };
        }
        Ok(())
    }

    /// The bytes of a column that was opened; `None` if it says nothing here.
    pub(super) fn opened(&self, column: Use) -> Option<&[u8]> {
        let (state, buffer) = self.buffers.get(column.0)?;
        (*state == State::Open).then(|| buffer.values())
    }
}

fn fresh(program: &Program) -> Buffers {
    program.uses.iter().map(|_| (State::Sealed, Opened::default())).collect()
}
