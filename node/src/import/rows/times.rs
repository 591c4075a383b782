//! Rows that tell how long until something happened.

use sumac_protocol::dictionary::Vocabulary;
use sumac_protocol::record::TimeToEvent;

use super::coded::Coded;
use crate::import::ImportError;
use crate::import::cell::{Renames, flag};
use crate::import::layout::Finder;
use crate::import::mapping::TimeColumns;
use crate::import::reading::{Reading, Whose};
use crate::import::table::{Column, Row};

/// Where a row holds what.
pub(in crate::import) struct Places<'a> {
    kind: Coded<'a>,
    day: Column,
    happened: Column,
    /// Other words for yes and no in `happened`.
    renames: Option<&'a Renames>,
}

impl<'a> Places<'a> {
    pub(in crate::import) fn find(
        finder: &mut Finder<'_, 'a>,
        at: &str,
        section: &'a TimeColumns,
    ) -> Result<Self, ImportError> {
        let TimeColumns { kind, day, happened, fixed, codes, .. } = section;
        let kind = Coded::find(finder, (at, "kind", Vocabulary::TimeToEvent), kind.as_ref(), fixed, codes)?;
        let day = finder.column(&format!("{at}.day"), day)?;
        let happened = finder.column(&format!("{at}.happened"), happened)?;
        Ok(Self { kind, day, happened, renames: codes.get("happened") })
    }

    /// A wrong cell rejects its row; without a day and an ending nothing is told.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()> {
        let lens = reading.lens;
        let (day, happened) = (row.cell(&self.day), row.cell(&self.happened));
        if day.is_blank(lens.mapping) && happened.is_blank(lens.mapping) {
            return None;
        }
        let kind = self.kind.needed(row, reading)?;
        let read = happened.needed("ending", lens.mapping).and_then(|text| flag("the ending", text, self.renames));
        let ended = reading.rejects.sift(happened, read)?;
        let at = reading.rejects.sift(day, day.day(lens.mapping))?;
        let time = TimeToEvent { kind, day: at, happened: ended };
        let flaw = lens.dictionary.check_time_to_event(&time).into_iter().next();
        reading.rejects.sift(day, flaw.map_or(Ok(()), |flaw| Err(flaw.into())))?;
        let (draft, rejects) = reading.open(whose)?;
        rejects.sift(day, draft.add_time(time))
    }
}
