//! A code of one of the dictionary's lists: in a column, or the same in all rows.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::Vocabulary;

use crate::import::ImportError;
use crate::import::cell::{Renames, code};
use crate::import::layout::Finder;
use crate::import::mapping::Codes;
use crate::import::reading::Reading;
use crate::import::reject::Why;
use crate::import::table::{Column, Row};

/// Where the code stands.
pub(in crate::import) struct Coded<'a> {
    of: Vocabulary,
    place: Place<'a>,
}

/// Decided once for the file, so that reading a row looks nothing up in the mapping.
enum Place<'a> {
    /// No code is told, which is no reject.
    Nowhere,
    /// Checked against the dictionary when the layout was found.
    Fixed(String),
    /// With other names for its codes, if the mapping has some.
    Column(Column, Option<&'a Renames>),
}

impl<'a> Coded<'a> {
    /// Finds the key's column, or what the mapping fixes instead.
    pub(super) fn find(
        finder: &mut Finder<'_, 'a>,
        (at, key, of): (&str, &'static str, Vocabulary),
        column: Option<&String>,
        fixed: &BTreeMap<String, String>,
        codes: &'a Codes,
    ) -> Result<Self, ImportError> {
        let place = match (column, fixed.get(key)) {
            (Some(column), _) => {
                let renames = finder.renames(&format!("{at}.codes.{key}"), of, codes.get(key))?;
                // An empty cell is asked for no code, so a list that is not there would show only later.
                finder.code(&format!("{at}.{key}"), of, sumac_protocol::dictionary::UNKNOWN)?;
                Place::Column(finder.column(&format!("{at}.{key}"), column)?, renames)
            }
            (None, Some(fixed)) => Place::Fixed(finder.code(&format!("{at}.fixed.{key}"), of, fixed)?),
            (None, None) => Place::Nowhere,
        };
        Ok(Self { of, place })
    }

    /// The code; `None` if nothing tells it or the cell became a reject.
    pub(super) fn read(&self, row: &Row<'_>, reading: &mut Reading<'_>) -> Option<String> {
        match &self.place {
            Place::Nowhere => None,
            Place::Fixed(code) => Some(code.clone()),
            Place::Column(column, renames) => reading.optional(row, Some(column), |text, lens, rejects| {
                code(self.of, text, *renames, lens.dictionary, rejects)
            }),
        }
    }

    /// The code of a row that cannot do without; `None` if it became a reject.
    pub(super) fn needed(&self, row: &Row<'_>, reading: &mut Reading<'_>) -> Option<String> {
        if let Place::Column(column, _) = &self.place {
            let cell = row.cell(column);
            if cell.is_blank(reading.lens.mapping) {
                return reading.rejects.sift(cell, Err(Why::Absent { what: "kind" }));
            }
        }
        self.read(row, reading)
    }
}
