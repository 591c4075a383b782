//! The values that lie in the index: pointers into the journal, fixed in width, a few dozen bytes each.

use sumac_protocol::digest::Digest;
use sumac_protocol::ledger::tree;
use zeroize::Zeroizing;

use super::bytes::Reader;
use super::journal::Location;
use super::keyring::Mark;

/// How far the index, or the store, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) mark: Mark,
    /// Patients so far; their rows are 0 up to this.
    pub(crate) rows: u32,
    /// Leaves of the consent ledger: statements that were ever taken.
    pub(crate) statements: u64,
    /// The root over these leaves.
    pub(crate) root: Digest,
    /// Bytes of the frames that are pointed to, and of those that are kept for good.
    pub(crate) live_bytes: u64,
    /// How the journal's frames lay when their places were noted: see [`Scan::layout`].
    ///
    /// [`Scan::layout`]: super::journal::scan::Scan::layout
    pub(crate) layout: u64,
}

/// Where one patient's newest frames lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowEntry {
    /// The name under which the pseudonym's row lies in the index.
    pub(crate) pseudonym: [u8; 32],
    pub(crate) patient: Location,
    pub(crate) record: Option<Location>,
    pub(crate) enrolment: Option<Location>,
    /// How many statements the patient's list must hold.
    pub(crate) statements: u32,
}

/// The entries of [`PAGE_ENTRIES`] rows that follow each other: they lie in the index as one value, because most
/// rows come one after the other, and are looked at so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RowPage([Option<RowEntry>; PAGE_ENTRIES]);

/// Rows of one page. Theirs is by far the most of what the index holds, and a page is far from its largest value.
pub(crate) const PAGE_ENTRIES: usize = 8;

/// A member of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    /// What the list is ordered by: a statement's ledger position, or a sequence number.
    pub(crate) order: u64,
    pub(crate) id: [u8; 32],
    pub(crate) at: Location,
}

impl Head {
    /// Of a store without a frame.
    pub(crate) fn nothing(start: Mark, layout: u64) -> Self {
        Self { mark: start, rows: 0, statements: 0, root: tree::empty_root(), live_bytes: 0, layout }
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(100));
        bytes.extend_from_slice(&self.mark.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.mark.hash);
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        for number in [self.statements, self.live_bytes, self.layout] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(self.root.bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mark = Mark { sequence: reader.u64()?, hash: reader.array()? };
        let (rows, statements) = (reader.u32()?, reader.u64()?);
        let (live_bytes, layout, root) = (reader.u64()?, reader.u64()?, Digest(reader.array()?));
        let head = Self { mark, rows, statements, root, live_bytes, layout };
        reader.end().map(|()| head)
    }
}

impl RowEntry {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.pseudonym);
        self.patient.encode(bytes);
        for place in [self.record, self.enrolment] {
            bytes.push(u8::from(place.is_some()));
            if let Some(place) = place {
                place.encode(bytes);
            }
        }
        bytes.extend_from_slice(&self.statements.to_le_bytes());
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let (pseudonym, patient) = (reader.array()?, Location::decode(reader)?);
        let mut place = || match reader.u8()? {
            0 => Some(None),
            1 => Location::decode(reader).map(Some),
            _ => None,
        };
        let (record, enrolment) = (place()?, place()?);
        Some(Self { pseudonym, patient, record, enrolment, statements: reader.u32()? })
    }
}

impl RowPage {
    /// The number of the page that a row is on, and its place there.
    pub(crate) fn place(row: u32) -> (u32, usize) {
        let rows = u32::try_from(PAGE_ENTRIES).unwrap_or(u32::MAX);
        (row / rows, usize::try_from(row % rows).unwrap_or(usize::MAX))
    }

    /// The entry at a place; `None` if its row is not there, or was erased.
    pub(crate) fn entry(&self, at: usize) -> Option<RowEntry> {
        self.0.get(at).copied().flatten()
    }

    /// Puts an entry at its place, or takes it out.
    pub(crate) fn set(&mut self, at: usize, entry: Option<RowEntry>) {
        if let Some(place) = self.0.get_mut(at) {
            *place = entry;
        }
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(PAGE_ENTRIES * 208));
        for entry in &self.0 {
            bytes.push(u8::from(entry.is_some()));
            if let Some(entry) = entry {
                entry.encode(&mut bytes);
            }
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut page = Self::default();
        for place in &mut page.0 {
            *place = match reader.u8()? {
                0 => None,
                1 => Some(RowEntry::decode(&mut reader)?),
                _ => return None,
            };
        }
        reader.end().map(|()| page)
    }
}

impl Listed {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(96));
        bytes.extend_from_slice(&self.order.to_le_bytes());
        bytes.extend_from_slice(&self.id);
        self.at.encode(&mut bytes);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (order, id) = (reader.u64()?, reader.array()?);
        let listed = Self { order, id, at: Location::decode(&mut reader)? };
        reader.end().map(|()| listed)
    }
}

impl Location {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.segment.to_le_bytes());
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.extend_from_slice(&self.length.to_le_bytes());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.previous);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            segment: reader.u32()?,
            offset: reader.u64()?,
            length: reader.u32()?,
            sequence: reader.u64()?,
            previous: reader.array()?,
        })
    }
}
