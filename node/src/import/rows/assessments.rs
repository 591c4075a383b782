//! Rows of totals: one instrument on one day each.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::{Instrument, ValueError};

use super::scores::read_total;
use super::when::When;
use crate::import::ImportError;
use crate::import::cell::Lens;
use crate::import::layout::{Finder, place};
use crate::import::mapping::AssessmentColumns;
use crate::import::reading::{Reading, Whose};
use crate::import::reject::{Origin, Why};
use crate::import::table::{Column, Row};

/// Where a row holds what.
pub(in crate::import) struct Places<'a> {
    names: Names<'a>,
    when: When<'a>,
    value: Column,
}

/// Where a row names its instrument.
pub(super) struct Names<'a> {
    column: Column,
    /// Instrument in the file → the dictionary's instrument.
    renames: &'a BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    /// Finds the column, and whether every instrument that the mapping renames is one.
    pub(super) fn find(
        finder: &mut Finder<'_, 'a>,
        at: &str,
        column: &str,
        renames: &'a BTreeMap<String, String>,
    ) -> Result<Self, ImportError> {
        for (code, name) in renames {
            finder.instrument(&format!("{at}.instruments.{code}"), name, false)?;
        }
        Ok(Self { column: finder.column(&format!("{at}.instrument"), column)?, renames })
    }

    /// The instrument as the dictionary knows it, and its place there.
    pub(super) fn read<'d>(&self, row: &Row<'_>, reading: &mut Reading<'d>) -> Option<(&'d Instrument, u16)> {
        let Lens { dictionary, mapping } = reading.lens;
        let cell = row.cell(&self.column);
        let found = cell.needed("instrument", mapping).and_then(|written| {
            let name = self.renames.get(written).map_or(written, String::as_str);
            let found = dictionary.known_instrument(name)?;
            if found.per_session {
                return Err(Why::Value(ValueError::BelongsToSession { of: found.id.clone() }));
            }
            Ok((found, place(dictionary, found)))
        });
        reading.rejects.sift(cell, found)
    }
}

impl<'a> Places<'a> {
    pub(in crate::import) fn find(
        finder: &mut Finder<'_, 'a>,
        section: &'a AssessmentColumns,
    ) -> Result<Self, ImportError> {
        let names = Names::find(finder, "assessments", &section.instrument, &section.instruments)?;
        let when = When::Column(finder.column("assessments.day", &section.day)?);
        Ok(Self { names, when, value: finder.column("assessments.value", &section.value)? })
    }

    /// A wrong cell rejects its row; a row whose total is not known adds no assessment.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()> {
        let (instrument, place) = self.names.read(row, reading)?;
        let day = self.when.read(row, reading)?;
        let (lens, cell) = (reading.lens, row.cell(&self.value));
        let total = cell.known(lens.mapping);
        let total = total.and_then(|text| text.map(|text| read_total(text, instrument, lens)).transpose());
        let total = reading.rejects.sift(cell, total)?;
        let (draft, rejects) = reading.open(whose)?;
        let origin = Origin::new(row.line, &self.value);
        total.map_or(Some(()), |total| rejects.sift(cell, draft.set_total((place, day), &instrument.id, total, origin)))
    }
}
