//! Columns of one instrument: its total, its items, or both.

use sumac_protocol::dictionary::{Instrument, ValueError};

use super::when::When;
use crate::import::ImportError;
use crate::import::cell::{Lens, pointed, whole};
use crate::import::layout::Finder;
use crate::import::mapping::{RedcapForm, WideColumn};
use crate::import::reading::{Reading, Whose};
use crate::import::reject::{Origin, Why};
use crate::import::table::{Column, Row};

/// Where a row holds one instrument.
pub(in crate::import) struct Places<'a> {
    instrument: &'a Instrument,
    place: u16,
    when: When<'a>,
    total: Option<Column>,
    /// In the order of the form: the first column is item 1. Empty if only the total is told.
    items: Vec<Column>,
}

impl<'a> Places<'a> {
    /// Columns of the courses file.
    pub(in crate::import) fn wide(finder: &mut Finder<'_, 'a>, wide: &'a WideColumn) -> Result<Self, ImportError> {
        let total = finder.optional("wide.column", wide.column.as_ref())?;
        let key = format!("wide.instrument of {}", wide.name());
        Self::find(finder, (&key, "wide.items"), &wide.instrument, When::Fixed(wide.day), (total, &wide.items))
    }

    /// A form of a REDCap project.
    pub(in crate::import) fn form(
        finder: &mut Finder<'_, 'a>,
        form: &'a RedcapForm,
        when: When<'a>,
    ) -> Result<Self, ImportError> {
        let total = finder.optional("redcap.assessments.total", form.total.as_ref())?;
        let keys = ("redcap.assessments.instrument", "redcap.assessments.items");
        Self::find(finder, keys, &form.instrument, when, (total, &form.items))
    }

    /// Fails if the instrument is not known, keeps no items, or has another number of them.
    fn find(
        finder: &mut Finder<'_, 'a>,
        (key, items_key): (&str, &str),
        name: &str,
        when: When<'a>,
        (total, items): (Option<Column>, &[String]),
    ) -> Result<Self, ImportError> {
        let (instrument, place) = finder.instrument(key, name, false)?;
        if !items.is_empty() {
            finder.known(items_key, check_form(instrument, items.len()))?;
        }
        let items = items.iter().map(|column| finder.column(items_key, column)).collect::<Result<_, _>>()?;
        Ok(Self { instrument, place, when, total, items })
    }

    /// A wrong cell rejects only itself; a wrong day all of them.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()>
    where
        'a: 'l,
    {
        let mapping = reading.lens.mapping;
        if self.total.iter().chain(&self.items).all(|column| row.cell(column).is_blank(mapping)) {
            return None;
        }
        let day = self.when.read(row, reading)?;
        let (key, id) = ((self.place, day), self.instrument.id.as_str());
        if let Some(column) = &self.total {
            let read = |text: &str, lens: Lens<'_>, _: &mut _| read_total(text, self.instrument, lens);
            if let Some(total) = reading.optional(row, Some(column), read) {
                let (draft, rejects) = reading.open(whose)?;
                let origin = Origin::new(row.line, column);
                rejects.sift(row.cell(column), draft.set_total(key, id, total, origin));
            }
        }
        let count = u16::try_from(self.items.len()).unwrap_or(u16::MAX);
        for (number, column) in (1..).zip(&self.items) {
            let read = |text: &str, _: Lens<'_>, _: &mut _| read_item(text, self.instrument, number);
            if let Some(answer) = reading.optional(row, Some(column), read) {
                let (draft, rejects) = reading.open(whose)?;
                let origin = Origin::new(row.line, column);
                rejects.sift(row.cell(column), draft.set_item(key, id, (number, count), answer, origin));
            }
        }
        Some(())
    }
}

/// A total in units of 10^-decimals.
pub(super) fn read_total(text: &str, instrument: &Instrument, lens: Lens<'_>) -> Result<i64, Why> {
    Ok(lens.dictionary.check_score(&instrument.id, &pointed(text, lens.mapping)?)?)
}

/// The score of an item by its number.
pub(super) fn read_item(text: &str, instrument: &Instrument, number: u16) -> Result<u8, Why> {
    let (min, max) = instrument.items.as_ref().map_or((0, 0), |items| (items.min, items.max));
    let score = whole(&format!("{} item {number}", instrument.id), text, u16::from(min), u16::from(max))?;
    Ok(u8::try_from(score).unwrap_or(max))
}

/// Whether the instrument's items may be kept and are so many.
fn check_form(instrument: &Instrument, columns: usize) -> Result<(), ValueError> {
    let of = || instrument.id.clone();
    match instrument.items.as_ref().filter(|items| items.kept) {
        None => Err(ValueError::ItemsNotKept { of: of() }),
        Some(items) if usize::from(items.count) != columns => {
            Err(ValueError::ItemCount { of: of(), got: columns, want: items.count })
        }
        Some(_) => Ok(()),
    }
}
