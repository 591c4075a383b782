//! A generation's manifest: what it was made from, and where each message lies. Sealed like the messages.

use std::path::{Path, PathBuf};

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::octets::Octets;
use sumac_protocol::round::message::{decode_stored, encode};

use super::error::ColumnsError;
use crate::store::disk::{self, Disk};
use crate::store::seal::{self, Label, SealKey};

/// Counted up whenever columns are cut, numbered or filled differently: an older generation is made again.
pub(crate) const FORMAT: u32 = 1;

/// What the columns of one generation say, and from when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    /// The dictionary under which they were cut.
    pub(crate) dictionary: Digest,
    /// The last frame of the journal that they know.
    pub(crate) sequence: u64,
    /// Patients whose records fit no column, as a roaring bitmap of their rows.
    apart: Octets,
    pub(crate) chunks: Vec<ChunkEntry>,
}

/// Where the messages of one chunk begin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChunkEntry {
    pub(crate) rows: u32,
    /// Column number and offset. A column that is not named says nothing of any row.
    pub(crate) columns: Vec<(u32, u64)>,
}

impl Manifest {
    pub(crate) fn new(dictionary: Digest, sequence: u64, apart: &RoaringBitmap, chunks: Vec<ChunkEntry>) -> Self {
        let mut bytes = Vec::with_capacity(apart.serialized_size());
        // Writing into memory does not fail; if it did, the manifest would not read back and be made again.
        let _written = apart.serialize_into(&mut bytes).is_ok();
        Self { format: FORMAT, dictionary, sequence, apart: Octets(bytes), chunks }
    }

    pub(crate) fn apart(&self) -> Option<RoaringBitmap> {
        RoaringBitmap::deserialize_from(self.apart.0.as_slice()).ok()
    }

    /// Seals and writes it, durably: from then on the generation is whole.
    pub(crate) fn write(
        &self,
        disk: &dyn Disk,
        folder: &Path,
        generation: u32,
        key: &SealKey,
    ) -> Result<(), ColumnsError> {
        let sealed = key.seal(&bound(generation), &encode(self))?;
        Ok(disk::replace(disk, &path(folder), &sealed)?)
    }

    /// Reads it back; anything but what was written is damage.
    pub(crate) fn read(disk: &dyn Disk, folder: &Path, generation: u32, key: &SealKey) -> Result<Self, ColumnsError> {
        let damaged = |why| ColumnsError::Damaged { generation, chunk: None, why };
        if !disk.exists(&path(folder))? {
            return Err(damaged("its manifest is missing"));
        }
        let plain = key.unseal(&bound(generation), &disk.read(&path(folder))?);
        let plain = plain.map_err(|_| damaged("the seal of its manifest does not open"))?;
        let manifest: Self = decode_stored(&plain).map_err(|_| damaged("its manifest makes no sense"))?;
        if manifest.format == FORMAT { Ok(manifest) } else { Err(damaged("it is of another format")) }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("manifest")
}

fn bound(generation: u32) -> Vec<u8> {
    seal::bound(Label::ColumnManifest, &[&generation.to_le_bytes()])
}
