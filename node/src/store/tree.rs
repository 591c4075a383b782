//! The consent ledger's Merkle tree in the index: the hashes of complete subtrees, in tiles.
//!
//! A tile of level 0 holds the hashes of 64 leaves that follow each other; a tile of level 6 the hashes over 64 full
//! tiles of level 0, and so on. The levels between are hashed again when they are asked for. So a leaf costs little
//! more than its own hash in room, and a proof four tiles in a ledger of a million.
//!
//! Leaves come from the journal and from nowhere else, so a tree that is made anew from it is the same.

use std::collections::BTreeMap;

use sumac_protocol::digest::Digest;
use sumac_protocol::ledger::tree::{self, Nodes};
use zeroize::Zeroizing;

use super::fault::StoreError;
use super::index::{Index, Name};

/// The hashes of a tile, of which the last one of each level may not be full yet.
pub(crate) type Tile = Vec<Digest>;

/// Where a tile lies: the level of the hashes in it, and its number among the tiles of that level.
pub(crate) type TilePlace = (u32, u64);

/// Levels of the tree that one tile stands for.
pub(crate) const TILE_LEVELS: u32 = 6;
/// Hashes of a full tile.
pub(crate) const TILE_HASHES: usize = 1 << TILE_LEVELS;
const _: () = assert!(TILE_HASHES * 32 + 64 < super::limits::INDEX_VALUE_BYTES_MAX);

/// The tree as it lies in tiles. Made for one root or proof: it keeps what it has read.
pub(crate) struct Tiles<F> {
    read: F,
    kept: BTreeMap<TilePlace, Tile>,
}

impl<F: Fn(TilePlace) -> Result<Tile, StoreError>> Tiles<F> {
    /// Tiles as `read` gives them.
    pub(crate) const fn read_by(read: F) -> Self {
        Self { read, kept: BTreeMap::new() }
    }
}

impl<F: Fn(TilePlace) -> Result<Tile, StoreError>> Nodes for Tiles<F> {
    type Error = StoreError;

    fn node(&mut self, level: u32, at: u64) -> Result<Digest, StoreError> {
        let within = level % TILE_LEVELS;
        let first = at << within;
        let place = (level.saturating_sub(within), first >> TILE_LEVELS);
        let tile = match self.kept.entry(place) {
            std::collections::btree_map::Entry::Occupied(kept) => kept.into_mut(),
            std::collections::btree_map::Entry::Vacant(none) => none.insert((self.read)(place)?),
        };
        let hashes = tile.get(in_tile(first)..).and_then(|rest| rest.get(..1 << within));
        Ok(top(hashes.unwrap_or_default()))
    }
}

/// A hash on its way into its tile: of a leaf, and then of each tile that it fills.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growing {
    level: u32,
    at: u64,
    hash: Digest,
}

impl Growing {
    /// A leaf behind `leaves` others.
    pub(crate) fn of(leaves: u64, leaf: &Digest) -> Self {
        Self { level: 0, at: leaves, hash: tree::leaf_hash(leaf) }
    }

    /// The tile that it goes into.
    pub(crate) const fn place(&self) -> TilePlace {
        (self.level, self.at >> TILE_LEVELS)
    }

    /// Whether it is the first in its tile.
    pub(crate) fn begins_a_tile(&self) -> bool {
        in_tile(self.at) == 0
    }

    /// Whether the tile ends where it goes.
    pub(crate) fn fits(&self, tile: &Tile) -> bool {
        tile.len() == in_tile(self.at)
    }

    /// Goes into its tile; the hash over the tile if that is full now.
    pub(crate) fn into_tile(self, tile: &mut Tile) -> Option<Self> {
        tile.push(self.hash);
        let (level, number) = self.place();
        let full = tile.len() == TILE_HASHES;
        full.then(|| Self { level: level.saturating_add(TILE_LEVELS), at: number, hash: top(tile) })
    }
}

/// The tile at a place in the index, if it is there and reads back.
pub(crate) fn tile(index: &Index, place: TilePlace) -> Result<Option<Tile>, StoreError> {
    let found = index.value(&tile_name(index, place))?;
    Ok(found.and_then(|value| decode(&value)))
}

/// The root over the first `size` leaves, as the index has them.
pub(crate) fn root(index: &Index, size: u64) -> Result<Digest, StoreError> {
    tree::root(&mut tiles(index), size)
}

/// The tree as the index has it.
pub(crate) fn tiles(index: &Index) -> Tiles<impl Fn(TilePlace) -> Result<Tile, StoreError>> {
    Tiles::read_by(move |place| {
        let missing = || index.failed("a tile of the ledger's tree is missing or does not read back".to_owned());
        Ok(tile(index, place)?.ok_or_else(missing)?)
    })
}

/// The name of a tile.
pub(crate) fn tile_name(index: &Index, (level, number): TilePlace) -> Name {
    index.name(&[b"tree", &level.to_le_bytes()], &number.to_le_bytes())
}

/// A tile as it lies in the index.
pub(crate) fn encode(tile: &Tile) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(tile.iter().flat_map(|hash| hash.0).collect())
}

fn decode(value: &[u8]) -> Option<Tile> {
    let (hashes, rest) = value.as_chunks::<32>();
    let sound = rest.is_empty() && (1..=TILE_HASHES).contains(&hashes.len());
    sound.then(|| hashes.iter().map(|hash| Digest(*hash)).collect())
}

/// The hash over some hashes side by side, whose number is a power of two.
fn top(hashes: &[Digest]) -> Digest {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| tree::parent_hash(left, right)).collect();
    }
    row.first().copied().unwrap_or_else(tree::empty_root)
}

/// The place of a hash in its tile.
fn in_tile(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX) % TILE_HASHES
}
