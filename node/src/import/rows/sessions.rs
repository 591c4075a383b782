//! Rows of sessions.

use sumac_protocol::dictionary::{Instrument, Vital, Vocabulary};
use sumac_protocol::record::{Session, Vitals};

use super::coded::Coded;
use super::scores::read_total;
use super::when::When;
use crate::import::ImportError;
use crate::import::cell::{Renames, flag, pointed, whole};
use crate::import::draft::SessionDraft;
use crate::import::layout::Finder;
use crate::import::mapping::SessionColumns;
use crate::import::reading::{Reading, Whose};
use crate::import::reject::Origin;
use crate::import::table::{Column, Row};

/// Where a row holds what.
pub(in crate::import) struct Places<'a> {
    /// If it is there, several rows may tell of one session.
    number: Option<Column>,
    when: When<'a>,
    kind: Coded<'a>,
    route: Coded<'a>,
    molecule: Coded<'a>,
    /// Read in milligrams and kept in micrograms; what is allowed depends on the route.
    dose: Option<Column>,
    minutes: Option<Column>,
    /// Read in kilograms and kept in grams.
    weight: Option<Column>,
    systolic_before: Option<Column>,
    systolic_highest: Option<Column>,
    spo2_lowest: Option<Column>,
    heart_rate_highest: Option<Column>,
    /// Only instruments that the dictionary gives to sessions.
    experience: Vec<(&'a Instrument, Column)>,
    /// The dictionary's class, the column with yes or no, and other words for the two.
    given: Vec<(String, Column, Option<&'a Renames>)>,
    /// What a flaw of the whole session is told beside.
    origin: Column,
}

impl<'a> Places<'a> {
    /// `otherwise` tells the day where no column does.
    pub(in crate::import) fn find(
        finder: &mut Finder<'_, 'a>,
        at: &str,
        section: &'a SessionColumns,
        otherwise: Option<When<'a>>,
    ) -> Result<Self, ImportError> {
        let SessionColumns { kind, route, molecule, fixed, codes, .. } = section;
        let key = |name: &str| format!("{at}.{name}");
        let coded = |finder: &mut _, name, of, column: &Option<String>| {
            Coded::find(finder, (at, name, of), column.as_ref(), fixed, codes)
        };
        let number = finder.optional(&key("number"), section.number.as_ref())?;
        let when = find_when(finder, &key("day"), section.day.as_ref(), otherwise)?;
        let mut experience = Vec::new();
        for (name, column) in &section.experience {
            let key = format!("{at}.experience.{name}");
            let (instrument, _) = finder.instrument(&key, name, true)?;
            experience.push((instrument, finder.column(&key, column)?));
        }
        let mut given = Vec::new();
        for (name, column) in &section.given {
            let key = format!("{at}.given.{name}");
            let class = finder.code(&key, Vocabulary::Comedication, name)?;
            given.push((class, finder.column(&key, column)?, codes.get(name)));
        }
        Ok(Self {
            when,
            kind: coded(finder, "kind", Vocabulary::SessionKind, kind)?,
            route: coded(finder, "route", Vocabulary::Route, route)?,
            molecule: coded(finder, "molecule", Vocabulary::Molecule, molecule)?,
            dose: finder.optional(&key("dose_mg"), section.dose_mg.as_ref())?,
            minutes: finder.optional(&key("minutes"), section.minutes.as_ref())?,
            weight: finder.optional(&key("weight_kg"), section.weight_kg.as_ref())?,
            systolic_before: finder.optional(&key("systolic_before"), section.systolic_before.as_ref())?,
            systolic_highest: finder.optional(&key("systolic_highest"), section.systolic_highest.as_ref())?,
            spo2_lowest: finder.optional(&key("spo2_lowest"), section.spo2_lowest.as_ref())?,
            heart_rate_highest: finder.optional(&key("heart_rate_highest"), section.heart_rate_highest.as_ref())?,
            experience,
            given,
            origin: number.clone().map_or_else(|| finder.any_column(), Ok)?,
            number,
        })
    }

    /// A wrong number or day rejects the row, and without a number a missing day or kind; any other
    /// wrong cell rejects only itself.
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
        let (number, day, kind) = match &self.number {
            Some(column) => {
                let cell = row.cell(column);
                let read = cell.needed("number", mapping).and_then(|text| whole("session", text, 1, u16::MAX));
                let number = reading.rejects.sift(cell, read)?;
                // Another row of this session may tell the day and the kind.
                (Some(number), self.when.read_if_told(row, reading)?, self.kind.read(row, reading))
            }
            None => (None, Some(self.when.read(row, reading)?), Some(self.kind.needed(row, reading)?)),
        };
        let told = self.read_rest(row, reading);
        let origin = Origin::new(row.line, &self.origin);
        let (draft, rejects) = reading.open(whose)?;
        rejects.sift(row.cell(&self.origin), draft.add_session(SessionDraft { told, number, day, kind, origin }))
    }

    /// Everything but number, day and kind: a wrong cell here rejects itself and leaves the rest.
    fn read_rest(&self, row: &Row<'_>, reading: &mut Reading<'_>) -> Session {
        let route = self.route.read(row, reading);
        let mut session = Session { molecule: self.molecule.read(row, reading), ..Session::default() };
        session.dose_ug = reading.optional(row, self.dose.as_ref(), |text, lens, _| {
            Ok(lens.dictionary.check_dose(route.as_deref(), &pointed(text, lens.mapping)?)?)
        });
        session.route = route;
        session.minutes =
            reading.optional(row, self.minutes.as_ref(), |text, lens, _| Ok(lens.dictionary.check_minutes(text)?));
        session.weight_g = reading.optional(row, self.weight.as_ref(), |text, lens, _| {
            Ok(lens.dictionary.check_weight(&pointed(text, lens.mapping)?)?)
        });
        let mut vital = |of: Vital, column: &Option<Column>| {
            reading.optional(row, column.as_ref(), |text, lens, _| Ok(lens.dictionary.check_vital(of, text)?))
        };
        session.vitals = Vitals {
            systolic_before: vital(Vital::Systolic, &self.systolic_before),
            systolic_highest: vital(Vital::Systolic, &self.systolic_highest),
            spo2_lowest: vital(Vital::Spo2, &self.spo2_lowest),
            heart_rate_highest: vital(Vital::HeartRate, &self.heart_rate_highest),
        };
        for (instrument, column) in &self.experience {
            let total = reading.optional(row, Some(column), |text, lens, _| read_total(text, instrument, lens));
            session.experience.extend(total.map(|total| (instrument.id.clone(), total)));
        }
        for (class, column, renames) in &self.given {
            let given = reading.optional(row, Some(column), |text, _, _| flag(class, text, *renames));
            session.given.extend(given.map(|given| (class.clone(), given)));
        }
        session
    }
}

/// Where the day stands: in the column of a key, or where else it is told.
pub(super) fn find_when<'a>(
    finder: &mut Finder<'_, 'a>,
    key: &str,
    column: Option<&String>,
    otherwise: Option<When<'a>>,
) -> Result<When<'a>, ImportError> {
    match (column, otherwise) {
        (Some(column), _) => Ok(When::Column(finder.column(key, column)?)),
        (None, Some(otherwise)) => Ok(otherwise),
        (None, None) => Err(ImportError::NoDay { file: finder.header.file(), key: key.to_owned() }),
    }
}
