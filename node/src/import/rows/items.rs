//! Rows of answers: one item of one instrument on one day each.

use sumac_protocol::dictionary::{Instrument, ValueError};

use super::assessments::Names;
use super::scores::read_item;
use super::when::When;
use crate::import::ImportError;
use crate::import::cell::whole;
use crate::import::layout::Finder;
use crate::import::mapping::{ItemColumns, Mapping};
use crate::import::reading::{Reading, Whose};
use crate::import::reject::{Origin, Why};
use crate::import::table::{Cell, Column, Row};

/// Where a row holds what.
pub(in crate::import) struct Places<'a> {
    names: Names<'a>,
    when: When<'a>,
    item: Column,
    score: Column,
}

impl<'a> Places<'a> {
    pub(in crate::import) fn find(finder: &mut Finder<'_, 'a>, section: &'a ItemColumns) -> Result<Self, ImportError> {
        let names = Names::find(finder, "items", &section.instrument, &section.instruments)?;
        let when = When::Column(finder.column("items.day", &section.day)?);
        let item = finder.column("items.item", &section.item)?;
        Ok(Self { names, when, item, score: finder.column("items.score", &section.score)? })
    }

    /// A wrong cell rejects its row; a blank answer adds nothing.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()> {
        let mapping = reading.lens.mapping;
        let (instrument, place) = self.names.read(row, reading)?;
        let day = self.when.read(row, reading)?;
        let (item, score) = (row.cell(&self.item), row.cell(&self.score));
        let (number, count) = reading.rejects.sift(item, read_number(item, instrument, mapping))?;
        let answer = score.known(mapping);
        let answer = answer.and_then(|text| text.map(|text| read_item(text, instrument, number)).transpose());
        let answer = reading.rejects.sift(score, answer)?;
        let (draft, rejects) = reading.open(whose)?;
        let origin = Origin::new(row.line, &self.score);
        answer.map_or(Some(()), |answer| {
            let set = draft.set_item((place, day), &instrument.id, (number, count), answer, origin);
            rejects.sift(score, set)
        })
    }
}

/// The number of an item, and how many there are.
fn read_number(cell: Cell<'_>, instrument: &Instrument, mapping: &Mapping) -> Result<(u16, u16), Why> {
    let text = cell.needed("item", mapping)?;
    let items = instrument.items.as_ref().filter(|items| items.kept);
    let items = items.ok_or_else(|| ValueError::ItemsNotKept { of: instrument.id.clone() })?;
    Ok((whole(&format!("the item of {}", instrument.id), text, 1, items.count)?, items.count))
}
