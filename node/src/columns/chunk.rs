//! One chunk of one column: at most 65,536 values as one sealed message.
//!
//! On disk: nonce ‖ ciphertext ‖ tag. The seal binds which generation, column and chunk it is, how many rows
//! it has and how wide they are, so no message passes for another. Opening reads it into a buffer that is
//! used again for the next, and decrypts it where it lies.

use zeroize::Zeroizing;

use super::column::{ColumnId, Width};
use super::error::ColumnsError;
use crate::store::StoreError;
use crate::store::disk::DiskFile;
use crate::store::seal::{self, Label, NONCE_BYTES, SealKey, TAG_BYTES};

/// Rows of a whole chunk: a row's place in it is a `u16`.
pub(crate) const CHUNK_ROWS: usize = 1 << 16;

/// Which message, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) generation: u32,
    pub(crate) column: ColumnId,
    pub(crate) chunk: u32,
    /// At most [`CHUNK_ROWS`].
    pub(crate) rows: u32,
    pub(crate) width: Width,
}

impl Which {
    /// Bytes of its values.
    fn plain_bytes(&self) -> Option<usize> {
        usize::try_from(self.rows).ok()?.checked_mul(self.width.bytes())
    }

    fn bound(&self) -> Vec<u8> {
        let width = u32::try_from(self.width.bytes()).unwrap_or_default();
        let parts = [self.generation, self.column.number_on_disk(), self.chunk, self.rows, width];
        let parts = parts.map(u32::to_le_bytes);
        seal::bound(Label::ColumnChunk, &parts.each_ref().map(<[u8; 4]>::as_slice))
    }

    fn damaged(&self, why: &'static str) -> ColumnsError {
        ColumnsError::Damaged { generation: self.generation, chunk: Some(self.chunk), why }
    }
}

/// Seals the values of a chunk where they lie and adds the message to `out`.
pub(crate) fn seal(key: &SealKey, which: &Which, values: &mut [u8], out: &mut Vec<u8>) -> Result<(), StoreError> {
    let nonce = seal::fresh_nonce()?;
    let tag = key.seal_in_place(&nonce, &which.bound(), values)?;
    out.extend_from_slice(&nonce);
    out.extend_from_slice(values);
    out.extend_from_slice(&tag);
    Ok(())
}

/// A buffer for one opened chunk after the other. Wiped when dropped.
#[derive(Default)]
pub(crate) struct Opened {
    /// Room for the longest message of its width; what lies behind the rows of a short chunk has no meaning.
    bytes: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// Opens the message that begins at `offset`, in place of what was here before.
    pub(crate) fn open(
        &mut self,
        key: &SealKey,
        which: &Which,
        file: &dyn DiskFile,
        offset: u64,
    ) -> Result<(), ColumnsError> {
        let plain = which.plain_bytes().filter(|plain| *plain <= CHUNK_ROWS * which.width.bytes());
        let plain = plain.ok_or_else(|| which.damaged("it has more rows than a chunk"))?;
        let whole = NONCE_BYTES + CHUNK_ROWS * which.width.bytes() + TAG_BYTES;
        if self.bytes.len() < whole {
            self.bytes = Zeroizing::new(vec![0; whole]);
        }
        let cut = || which.damaged("it is cut short");
        let message = self.bytes.get_mut(..NONCE_BYTES + plain + TAG_BYTES).ok_or_else(cut)?;
        file.fill_at(offset, message)?;
        let (nonce, rest) = message.split_first_chunk_mut::<NONCE_BYTES>().ok_or_else(cut)?;
        let (values, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or_else(cut)?;
        let opened = key.open_in_place(nonce, &which.bound(), values, tag);
        opened.map_err(|_| which.damaged("its seal does not open"))
    }

    /// The opened values, and room after them up to a whole chunk of `width`; empty if nothing was opened.
    pub(crate) fn values(&self) -> &[u8] {
        self.bytes.get(NONCE_BYTES..).unwrap_or_default()
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({} bytes)", self.bytes.len())
    }
}
