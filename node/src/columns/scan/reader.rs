//! The columns of the chunk at hand, opened when they are first asked for.

use crate::columns::chunk::Opened;
use crate::columns::error::ColumnsError;
use crate::columns::generation::Generation;
use crate::columns::program::{Program, Use};

/// One buffer for each column that a program may open, used again for every chunk.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    generation: &'a Generation,
    program: &'a Program,
    chunk: usize,
    buffers: Vec<(State, Opened)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Sealed,
    Open,
    /// The chunk says nothing in this column.
    Absent,
}

impl<'a> Reader<'a> {
    pub(super) fn new(generation: &'a Generation, program: &'a Program) -> Self {
        let buffers = program.uses.iter().map(|_| (State::Sealed, Opened::default())).collect();
        Self { generation, program, chunk: 0, buffers }
    }

    /// Turns to another chunk; nothing of it is open.
    pub(super) fn turn_to(&mut self, chunk: usize) {
        self.chunk = chunk;
        self.buffers.iter_mut().for_each(|(state, _)| *state = State::Sealed);
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
            let there = self.generation.read(self.chunk, *id, buffer)?;
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
