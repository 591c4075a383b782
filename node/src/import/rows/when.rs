//! On which day what a row tells was.

use std::collections::BTreeMap;

use crate::import::reading::Reading;
use crate::import::reject::Why;
use crate::import::table::{Column, Row};

/// Where the day stands.
pub(in crate::import) enum When<'a> {
    /// In a column.
    Column(Column),
    /// In the mapping, for a whole column.
    Fixed(i32),
    /// In the mapping, for each event of a REDCap project, which a column names.
    Event(Column, &'a BTreeMap<String, i32>),
}

impl When<'_> {
    /// The day; `None` if it became a reject.
    pub(super) fn read(&self, row: &Row<'_>, reading: &mut Reading<'_>) -> Option<i32> {
        let mapping = reading.lens.mapping;
        match self {
            Self::Column(column) => {
                let cell = row.cell(column);
                reading.rejects.sift(cell, cell.day(mapping))
            }
            Self::Fixed(day) => Some(*day),
            Self::Event(column, days) => {
                let cell = row.cell(column);
                let day = cell.needed("event", mapping).and_then(|event| {
                    days.get(event).copied().ok_or_else(|| Why::NoEventDay { event: event.to_owned() })
                });
                reading.rejects.sift(cell, day)
            }
        }
    }

    /// The day, if there is one: of an event without a day in the mapping, and of an empty cell, there
    /// is none. The outer `None` is a reject.
    pub(super) fn read_if_told(&self, row: &Row<'_>, reading: &mut Reading<'_>) -> Option<Option<i32>> {
        let told = match self {
            Self::Column(column) => !row.cell(column).is_blank(reading.lens.mapping),
            Self::Fixed(_) => true,
            Self::Event(column, days) => days.contains_key(row.cell(column).text),
        };
        if told { self.read(row, reading).map(Some) } else { Some(None) }
    }
}
