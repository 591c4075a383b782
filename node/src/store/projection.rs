//! What the index holds, and how a frame of the journal changes it: used alike for new batches and for rebuilding.

use std::collections::BTreeMap;
use std::sync::Arc;

use sumac_protocol::digest::Digest;
use sumac_protocol::ledger;
use zeroize::Zeroizing;

use super::bytes::Reader;
use super::content::Kind;
use super::fault::StoreError;
use super::index::{Changes, Index, Name};
use super::journal::Location;
use super::keyring::{KeyId, Mark};
use super::pointers::{Head, Listed, PAGE_ENTRIES, RowEntry, RowPage};
use super::tree::{Growing, Tile, TilePlace, Tiles, encode, tile, tile_name};

/// Changes to the index that are not made yet, over what it holds.
#[derive(Debug)]
pub(crate) struct Draft {
    /// What is already applied; values in `changes` go before it.
    index: Arc<Index>,
    /// By name, the last change wins; `None` takes a name out.
    changes: Changes,
    /// Pages of rows that have changed, by number: they go before what the index holds too.
    pages: BTreeMap<u32, RowPage>,
    /// Tiles of the ledger's tree that have changed: they go before what the index holds too.
    tiles: BTreeMap<TilePlace, Tile>,
    pub(crate) head: Head,
    /// The frames that were taken up, for whoever keeps a projection of its own.
    pub(crate) taken_up: Vec<(KeyId, Kind, u64)>,
}

impl Draft {
    pub(crate) fn new(index: Arc<Index>, head: Head) -> Self {
        Self {
            index,
            changes: Changes::new(),
            pages: BTreeMap::new(),
            tiles: BTreeMap::new(),
            head,
            taken_up: Vec::new(),
        }
    }

    /// The patient's row, if the pseudonym is known.
    pub(crate) fn row(&self, pseudonym: &str) -> Result<Option<u32>, StoreError> {
        let found = self.value(&pseudonym_name(&self.index, pseudonym))?;
        found.map(|value| readable(&self.index, Reader::new(&value).u32())).transpose()
    }

    /// Where the row's newest frames lie.
    pub(crate) fn row_entry(&self, row: u32) -> Result<Option<RowEntry>, StoreError> {
        let (number, at) = RowPage::place(row);
        match self.pages.get(&number) {
            Some(page) => Ok(page.entry(at)),
            None => self::row_entry(&self.index, row),
        }
    }

    /// The sequence number of a query's first entry, if there is one.
    pub(crate) fn first_of_query(&self, id: &[u8; 32]) -> Result<Option<u64>, StoreError> {
        Ok(self.listed(&query_name(&self.index, id))?.map(|listed| listed.order))
    }

    /// Takes up one frame, in the journal's order.
    pub(crate) fn take_up(
        &mut self,
        key: KeyId,
        kind: Kind,
        body: &[u8],
        at: Location,
        hash: [u8; 32],
    ) -> Result<(), StoreError> {
        let row = key.number;
        self.taken_up.push((key, kind, at.sequence));
        match kind {
            Kind::Patient => self.add_patient(row, body, at)?,
            Kind::Record => self.change_row(row, at, |entry| entry.record.replace(at))?,
            Kind::Enrolment => self.change_row(row, at, |entry| entry.enrolment.replace(at))?,
            Kind::Statement { position } => self.add_statement(row, position, at)?,
            Kind::Leaves { first } => self.add_leaves(first, body, at)?,
            Kind::Query { id, first } => self.list(query_name(&self.index, &id), Listed { order: first, id, at })?,
            Kind::Role { role, id } => {
                self.list(role_name(&self.index, role, &id), Listed { order: at.sequence, id, at })?;
            }
            Kind::Forgotten { role, id } => self.unlist(role_name(&self.index, role, &id))?,
            Kind::Audit => self.weigh(Some(at), None),
            Kind::Erased { row, rows, statements, .. } => self.erase(row, rows, statements, at)?,
            Kind::Compacted => {}
        }
        self.head.mark = Mark { sequence: at.sequence, hash };
        Ok(())
    }

    /// Makes the changes, together with how far they come.
    pub(crate) fn commit(mut self) -> Result<Head, StoreError> {
        if !self.tiles.is_empty() {
            self.head.root = ledger::tree::root(&mut Tiles::read_by(|place| self.tile(place)), self.head.statements)?;
        }
        let head = self.head;
        for (place, tile) in std::mem::take(&mut self.tiles) {
            self.put(tile_name(&self.index, place), encode(&tile));
        }
        for (number, page) in std::mem::take(&mut self.pages) {
            self.put(page_name(&self.index, number), page.encode());
        }
        self.put(head_name(&self.index), head.encode());
        self.index.apply(&self.changes)?;
        Ok(head)
    }

    /// Fails if the pseudonym is no UTF-8. The count of rows never shrinks, so no row is given twice.
    /// With the last row taken it answers [`StoreError::Full`].
    fn add_patient(&mut self, row: u32, pseudonym: &[u8], at: Location) -> Result<(), StoreError> {
        let pseudonym = readable(&self.index, str::from_utf8(pseudonym).ok())?;
        let name = pseudonym_name(&self.index, pseudonym);
        self.put(name, Zeroizing::new(row.to_le_bytes().to_vec()));
        let entry = RowEntry { pseudonym: name, patient: at, record: None, enrolment: None, statements: 0 };
        self.set_row(row, Some(entry))?;
        self.weigh(Some(at), None);
        let next = row.checked_add(1).ok_or(StoreError::Full { what: "patients" })?;
        self.head.rows = self.head.rows.max(next);
        Ok(())
    }

    /// The row and the leaf must be there. A statement replaces nothing: it stays live until the row is erased.
    fn add_statement(&mut self, row: u32, position: u64, at: Location) -> Result<(), StoreError> {
        readable(&self.index, (position < self.head.statements).then_some(()))?;
        self.change_row(row, at, |entry| {
            entry.statements = entry.statements.saturating_add(1);
            None
        })?;
        let name = statement_name(&self.index, row, position);
        self.put(name, Listed { order: position, id: [0; 32], at }.encode());
        Ok(())
    }

    /// Leaves follow each other without a gap. They stay live for good.
    fn add_leaves(&mut self, first: u64, body: &[u8], at: Location) -> Result<(), StoreError> {
        let (leaves, rest) = body.as_chunks::<32>();
        let sound = first == self.head.statements && rest.is_empty();
        readable(&self.index, sound.then_some(()))?;
        for leaf in leaves {
            self.add_leaf(&Digest(*leaf))?;
        }
        self.weigh(Some(at), None);
        Ok(())
    }

    fn add_leaf(&mut self, leaf: &Digest) -> Result<(), StoreError> {
        let before = self.head.statements;
        self.head.statements = before.checked_add(1).ok_or(StoreError::Full { what: "statements" })?;
        let mut step = Some(Growing::of(before, leaf));
        while let Some(growing) = step {
            let place = growing.place();
            if !self.tiles.contains_key(&place) {
                let tile = if growing.begins_a_tile() { Tile::new() } else { self.tile(place)? };
                self.tiles.insert(place, tile);
            }
            let tile = readable(&self.index, self.tiles.get_mut(&place).filter(|tile| growing.fits(tile)))?;
            step = growing.into_tile(tile);
        }
        Ok(())
    }

    /// A tile with what has been added to it.
    fn tile(&self, place: TilePlace) -> Result<Tile, StoreError> {
        match self.tiles.get(&place) {
            Some(tile) => Ok(tile.clone()),
            None => readable(&self.index, tile(&self.index, place)?),
        }
    }

    /// Notes a frame in a row's entry; `change` answers the one whose place it takes.
    fn change_row(
        &mut self,
        row: u32,
        at: Location,
        change: impl FnOnce(&mut RowEntry) -> Option<Location>,
    ) -> Result<(), StoreError> {
        let entry = self.row_entry(row)?;
        let mut entry = readable(&self.index, entry)?;
        let before = change(&mut entry);
        self.set_row(row, Some(entry))?;
        self.weigh(Some(at), before);
        Ok(())
    }

    /// Puts a row's entry on its page, or takes it out.
    fn set_row(&mut self, row: u32, entry: Option<RowEntry>) -> Result<(), StoreError> {
        let (number, at) = RowPage::place(row);
        if let Some(page) = self.pages.get_mut(&number) {
            page.set(at, entry);
            return Ok(());
        }
        let mut page = row_page(&self.index, number)?.unwrap_or_default();
        page.set(at, entry);
        self.pages.insert(number, page);
        Ok(())
    }

    /// Takes everything of a row out, but for the fact that it was erased. What there is of it comes from the
    /// index alone: frames that a list names are never taken up together with the list.
    fn erase(&mut self, row: u32, rows: u32, statements: u64, at: Location) -> Result<(), StoreError> {
        if let Some(entry) = self.row_entry(row)? {
            self.changes.insert(entry.pseudonym, None);
            self.set_row(row, None)?;
            for listed in self::statements(&self.index, row)? {
                self.unlist(statement_name(&self.index, row, listed.order))?;
            }
            for gone in [Some(entry.patient), entry.record, entry.enrolment] {
                self.weigh(None, gone);
            }
        }
        self.weigh(Some(at), None);
        let name = erased_name(&self.index, row);
        if self.value(&name)?.is_none() {
            self.put(name, Listed { order: u64::from(row), id: [0; 32], at }.encode());
        }
        self.head.rows = self.head.rows.max(rows);
        self.head.statements = self.head.statements.max(statements);
        Ok(())
    }

    /// The frame that was listed under this name before, if any, counts as live no more.
    fn list(&mut self, name: Name, listed: Listed) -> Result<(), StoreError> {
        let before = self.listed(&name)?;
        self.weigh(Some(listed.at), before.map(|before| before.at));
        self.put(name, listed.encode());
        Ok(())
    }

    /// Does no harm if nothing is listed under this name.
    fn unlist(&mut self, name: Name) -> Result<(), StoreError> {
        let before = self.listed(&name)?;
        self.weigh(None, before.map(|before| before.at));
        self.changes.insert(name, None);
        Ok(())
    }

    fn listed(&self, name: &Name) -> Result<Option<Listed>, StoreError> {
        let found = self.value(name)?;
        found.map(|value| readable(&self.index, Listed::decode(&value))).transpose()
    }

    /// Moves the count of live bytes by the frames' lengths; it saturates instead of failing.
    fn weigh(&mut self, more: Option<Location>, less: Option<Location>) {
        let bytes = |at: Option<Location>| at.map_or(0, |at| u64::from(at.length));
        self.head.live_bytes = self.head.live_bytes.saturating_add(bytes(more)).saturating_sub(bytes(less));
    }

    /// A name that a change took out is gone, even if the index still holds it.
    fn value(&self, name: &Name) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.changes.get(name) {
            Some(Some(value)) => Ok(Some(Zeroizing::new(value.to_vec()))),
            Some(None) => Ok(None),
            None => self.index.value(name),
        }
    }

    fn put(&mut self, name: Name, value: Zeroizing<Vec<u8>>) {
        self.changes.insert(name, Some(value));
    }
}

/// How far the index has come; `None` if it is empty or cannot say, or its tree of the ledger is another than it says.
pub(crate) fn applied(index: &Index) -> Option<Head> {
    let value = index.value(&head_name(index)).ok().flatten()?;
    let head = Head::decode(&value)?;
    (super::tree::root(index, head.statements).ok() == Some(head.root)).then_some(head)
}

/// A pseudonym's row.
pub(crate) fn row(index: &Index, pseudonym: &str) -> Result<Option<u32>, StoreError> {
    let found = index.value(&pseudonym_name(index, pseudonym))?;
    found.map(|value| readable(index, Reader::new(&value).u32())).transpose()
}

/// Where a row's newest frames lie.
pub(crate) fn row_entry(index: &Index, row: u32) -> Result<Option<RowEntry>, StoreError> {
    let (number, at) = RowPage::place(row);
    Ok(row_page(index, number)?.and_then(|page| page.entry(at)))
}

/// Where the newest frames of all rows lie, in their order; `None` for those that were erased.
pub(crate) fn row_entries(index: &Index, rows: u32) -> Result<Vec<Option<RowEntry>>, StoreError> {
    let mut entries = Vec::new();
    for number in 0..=RowPage::place(rows).0 {
        let page = row_page(index, number)?.unwrap_or_default();
        entries.extend((0..PAGE_ENTRIES).map(|at| page.entry(at)));
    }
    entries.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    Ok(entries)
}

fn row_page(index: &Index, number: u32) -> Result<Option<RowPage>, StoreError> {
    let found = index.value(&page_name(index, number))?;
    found.map(|value| readable(index, RowPage::decode(&value))).transpose()
}

/// Where the statements of a row lie, with their positions in the ledger, in order.
pub(crate) fn statements(index: &Index, row: u32) -> Result<Vec<Listed>, StoreError> {
    listed(index, &[b"statements", &row.to_le_bytes()])
}

/// Where the newest entry of each query lies, in the order of first entries.
pub(crate) fn queries(index: &Index) -> Result<Vec<Listed>, StoreError> {
    listed(index, &[b"queries"])
}

/// Where one query's newest entry lies.
pub(crate) fn query(index: &Index, id: &[u8; 32]) -> Result<Option<Listed>, StoreError> {
    let found = index.value(&query_name(index, id))?;
    found.map(|value| readable(index, Listed::decode(&value))).transpose()
}

/// Where the held states of a role lie, the oldest change first.
pub(crate) fn roles(index: &Index, role: u8) -> Result<Vec<Listed>, StoreError> {
    listed(index, &[b"roles", &[role]])
}

/// Where the entries lie that tell of erasures, by row.
pub(crate) fn erased(index: &Index) -> Result<Vec<Listed>, StoreError> {
    listed(index, &[b"erased"])
}

/// Whether anything points to the frame with this number, or it is kept for good. A state's forgetting is not: what
/// it forgets goes with it.
pub(crate) fn is_live(index: &Index, key: KeyId, kind: Kind, sequence: u64) -> Result<bool, StoreError> {
    let here = |at: Option<Location>| at.is_some_and(|at| at.sequence == sequence);
    Ok(match kind {
        Kind::Patient | Kind::Statement { .. } | Kind::Leaves { .. } | Kind::Audit | Kind::Erased { .. } => true,
        Kind::Record => here(row_entry(index, key.number)?.and_then(|entry| entry.record)),
        Kind::Enrolment => here(row_entry(index, key.number)?.and_then(|entry| entry.enrolment)),
        Kind::Query { id, .. } => here(query(index, &id)?.map(|listed| listed.at)),
        Kind::Role { role: number, id } => here(role(index, number, &id)?.map(|listed| listed.at)),
        Kind::Forgotten { .. } | Kind::Compacted => false,
    })
}

/// Where one held state of a role lies.
pub(crate) fn role(index: &Index, role: u8, id: &[u8; 32]) -> Result<Option<Listed>, StoreError> {
    let found = index.value(&role_name(index, role, id))?;
    found.map(|value| readable(index, Listed::decode(&value))).transpose()
}

/// The index keeps members in no useful order, so they are sorted by `order`.
fn listed(index: &Index, list: &[&[u8]]) -> Result<Vec<Listed>, StoreError> {
    let values = index.list(list)?;
    let members = values.iter().map(|value| readable(index, Listed::decode(value)));
    let mut members = members.collect::<Result<Vec<_>, _>>()?;
    members.sort_unstable_by_key(|member| member.order);
    Ok(members)
}

/// A value that is missing or malformed is a failure of the index, not of the journal.
fn readable<T>(index: &Index, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| index.failed("a value is missing or does not read back".to_owned()).into())
}

/// The 4 is part of the name: an index of another layout wrote its head by another name, and so has none.
fn head_name(index: &Index) -> Name {
    index.name(&[b"head 4"], &[])
}

fn pseudonym_name(index: &Index, pseudonym: &str) -> Name {
    index.name(&[b"pseudonyms"], pseudonym.as_bytes())
}

fn page_name(index: &Index, number: u32) -> Name {
    index.name(&[b"rows"], &number.to_le_bytes())
}

fn statement_name(index: &Index, row: u32, position: u64) -> Name {
    index.name(&[b"statements", &row.to_le_bytes()], &position.to_le_bytes())
}

fn erased_name(index: &Index, row: u32) -> Name {
    index.name(&[b"erased"], &row.to_le_bytes())
}

fn query_name(index: &Index, id: &[u8; 32]) -> Name {
    index.name(&[b"queries"], id)
}

fn role_name(index: &Index, role: u8, id: &[u8; 32]) -> Name {
    index.name(&[b"roles", &[role]], id)
}
