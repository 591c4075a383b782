//! Rows of adverse events.

use sumac_protocol::dictionary::{ValueError, Vocabulary};
use sumac_protocol::record::Event;

use super::coded::Coded;
use super::when::When;
use crate::import::ImportError;
use crate::import::cell::{Renames, flag, whole};
use crate::import::layout::Finder;
use crate::import::mapping::EventColumns;
use crate::import::reading::{Reading, Whose};
use crate::import::reject::Origin;
use crate::import::table::{Column, Row};

/// Where a row holds what.
pub(in crate::import) struct Places<'a> {
    when: When<'a>,
    kind: Coded<'a>,
    severity: Coded<'a>,
    relatedness: Coded<'a>,
    serious: Flag<'a>,
    resolved: Flag<'a>,
    onset_minutes: Option<Column>,
    /// The dictionary's bound, read once here and not for each row.
    onset_minutes_max: u16,
    /// A whole number from 1; without it the event names no session.
    session: Option<Column>,
    /// What a flaw of the whole event is told beside.
    origin: Column,
}

/// A column with yes or no; without a column every row leaves it unknown.
struct Flag<'a> {
    column: Option<Column>,
    /// Other words for yes and no; `None` if the mapping has none.
    renames: Option<&'a Renames>,
}

impl<'a> Places<'a> {
    /// `otherwise` tells the day where no column does.
    pub(in crate::import) fn find(
        finder: &mut Finder<'_, 'a>,
        at: &str,
        section: &'a EventColumns,
        otherwise: Option<When<'a>>,
    ) -> Result<Self, ImportError> {
        let EventColumns { day, kind, severity, relatedness, fixed, codes, .. } = section;
        let rules = finder.lens.dictionary.events();
        let rules = rules.ok_or(ValueError::NoVocabulary { of: Vocabulary::EventKind.plural() });
        let rules = finder.known(at, rules)?;
        let key = |name: &str| format!("{at}.{name}");
        let when = super::sessions::find_when(finder, &key("day"), day.as_ref(), otherwise)?;
        let kind = Coded::find(finder, (at, "kind", Vocabulary::EventKind), kind.as_ref(), fixed, codes)?;
        let severity = Coded::find(finder, (at, "severity", Vocabulary::Severity), severity.as_ref(), fixed, codes)?;
        let of = Vocabulary::Relatedness;
        let relatedness = Coded::find(finder, (at, "relatedness", of), relatedness.as_ref(), fixed, codes)?;
        let serious = finder.optional(&key("serious"), section.serious.as_ref())?;
        let resolved = finder.optional(&key("resolved"), section.resolved.as_ref())?;
        let onset_minutes = finder.optional(&key("onset_minutes"), section.onset_minutes.as_ref())?;
        let session = finder.optional(&key("session"), section.session.as_ref())?;
        let origin = session.clone().map_or_else(|| finder.any_column(), Ok)?;
        Ok(Self {
            when,
            kind,
            severity,
            relatedness,
            serious: Flag { column: serious, renames: codes.get("serious") },
            resolved: Flag { column: resolved, renames: codes.get("resolved") },
            onset_minutes,
            onset_minutes_max: rules.onset_minutes_max,
            session,
            origin,
        })
    }

    /// A wrong day or kind rejects the row, any other wrong cell only itself.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()>
    where
        'a: 'l,
    {
        let day = self.when.read(row, reading)?;
        let kind = self.kind.needed(row, reading)?;
        let most = self.onset_minutes_max;
        let event = Event {
            day,
            kind,
            severity: self.severity.read(row, reading),
            serious: self.serious.read("serious", row, reading),
            resolved: self.resolved.read("resolved", row, reading),
            onset_minutes: reading
                .optional(row, self.onset_minutes.as_ref(), |text, _, _| whole("onset in minutes", text, 0, most)),
            relatedness: self.relatedness.read(row, reading),
            session: reading.optional(row, self.session.as_ref(), |text, _, _| whole("session", text, 1, u16::MAX)),
        };
        let (draft, rejects) = reading.open(whose)?;
        rejects.sift(row.cell(&self.origin), draft.add_event(event, Origin::new(row.line, &self.origin)))
    }
}

impl Flag<'_> {
    fn read(&self, of: &str, row: &Row<'_>, reading: &mut Reading<'_>) -> Option<bool> {
        reading.optional(row, self.column.as_ref(), |text, _, _| flag(of, text, self.renames))
    }
}
