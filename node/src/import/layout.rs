//! What a file's columns mean: the mapping, held against the file's first row and the dictionary.

use std::collections::BTreeSet;

use sumac_protocol::dictionary::{Dictionary, Instrument, ValueError, Vocabulary};

use super::cell::{Lens, Renames};
use super::reading::{Reading, Whose};
use super::rows::{assessments, courses, events, forms, items, scores, sessions, times};
use super::table::{Column, Header, Row};
use super::{ImportError, SourceFile};

/// What a file's columns mean.
pub(super) struct Layout<'a> {
    pub(super) header: Header,
    pub(super) patient: Column,
    pub(super) course: Column,
    /// Places of the columns that are read, except the patient's.
    pub(super) kept: Vec<usize>,
    /// Whether every row makes its course one; else only rows that hold something do.
    pub(super) opens: bool,
    pub(super) parts: Vec<Part<'a>>,
}

/// What one row can tell.
pub(super) enum Part<'a> {
    /// Fields, medicines at home and times of a course.
    Course(courses::Places<'a>),
    /// One instrument: its total, its items, or both.
    Scores(scores::Places<'a>),
    /// One total of any instrument.
    Assessment(assessments::Places<'a>),
    /// One item of any instrument.
    Item(items::Places<'a>),
    /// One session.
    Session(Box<sessions::Places<'a>>),
    /// One adverse event.
    Event(Box<events::Places<'a>>),
    /// How long until something happened.
    Time(times::Places<'a>),
    /// Any of these, if the row is of its form.
    Form(Box<forms::Form<'a>>),
}

impl<'a> Part<'a> {
    /// Reads what the row tells. What is wrong with it becomes rejects.
    pub(super) fn read<'l>(&'l self, row: &Row<'_>, whose: Whose<'_>, reading: &mut Reading<'l>)
    where
        'a: 'l,
    {
        // Where something was wrong it has become a reject by now, and there is nothing else to do.
        let _read: Option<()> = match self {
            Self::Course(places) => places.read(row, whose, reading),
            Self::Scores(places) => places.read(row, whose, reading),
            Self::Assessment(places) => places.read(row, whose, reading),
            Self::Item(places) => places.read(row, whose, reading),
            Self::Session(places) => places.read(row, whose, reading),
            Self::Event(places) => places.read(row, whose, reading),
            Self::Time(places) => places.read(row, whose, reading),
            Self::Form(form) => form.read(row, whose, reading),
        };
    }
}

impl<'a> Layout<'a> {
    /// Finds every column that the mapping names for this file.
    pub(super) fn find(header: &Header, lens: Lens<'a>) -> Result<Self, ImportError> {
        let mapping = lens.mapping;
        let missing = ImportError::NotMapped { file: header.file() };
        let mut finder = Finder { header, lens, found: Vec::new(), kept: BTreeSet::new() };
        let named = |column: &'a Option<String>| column.as_deref().unwrap_or_default();
        let (ids, opens, parts) = match header.file() {
            SourceFile::Courses => {
                let section = mapping.courses.as_ref().ok_or(missing)?;
                let mut parts = courses::find(&mut finder, "courses", section)?;
                for wide in &mapping.wide {
                    parts.push(Part::Scores(scores::Places::wide(&mut finder, wide)?));
                }
                ((named(&section.patient), named(&section.course)), true, parts)
            }
            SourceFile::Redcap => {
                let section = mapping.redcap.as_ref().ok_or(missing)?;
                let parts = forms::find(&mut finder, section)?;
                let patient = section.patient.as_str();
                ((patient, section.course.as_deref().unwrap_or(patient)), true, parts)
            }
            SourceFile::Assessments => {
                let section = mapping.assessments.as_ref().ok_or(missing)?;
                let part = Part::Assessment(assessments::Places::find(&mut finder, section)?);
                ((section.patient.as_str(), section.course.as_str()), false, vec![part])
            }
            SourceFile::Items => {
                let section = mapping.items.as_ref().ok_or(missing)?;
                let part = Part::Item(items::Places::find(&mut finder, section)?);
                ((section.patient.as_str(), section.course.as_str()), false, vec![part])
            }
            SourceFile::Sessions => {
                let section = mapping.sessions.as_ref().ok_or(missing)?;
                let part = sessions::Places::find(&mut finder, "sessions", section, None)?;
                ((named(&section.patient), named(&section.course)), false, vec![Part::Session(Box::new(part))])
            }
            SourceFile::Events => {
                let section = mapping.events.as_ref().ok_or(missing)?;
                let part = events::Places::find(&mut finder, "events", section, None)?;
                ((named(&section.patient), named(&section.course)), false, vec![Part::Event(Box::new(part))])
            }
            SourceFile::TimeToEvent => {
                let section = mapping.time_to_event.as_ref().ok_or(missing)?;
                let part = times::Places::find(&mut finder, "time_to_event", section)?;
                ((named(&section.patient), named(&section.course)), false, vec![Part::Time(part)])
            }
        };
        let patient = header.column(&format!("{}.patient", header.file()), ids.0)?;
        let course = finder.column(&format!("{}.course", header.file()), ids.1)?;
        let kept = finder.kept.into_iter().collect();
        Ok(Self { header: header.clone(), patient, course, kept, opens, parts })
    }
}

/// Finds columns and the dictionary's names, and remembers the columns that it found.
pub(super) struct Finder<'h, 'a> {
    pub(super) header: &'h Header,
    pub(super) lens: Lens<'a>,
    pub(super) found: Vec<Column>,
    kept: BTreeSet<usize>,
}

impl<'a> Finder<'_, 'a> {
    /// The column that a key names.
    pub(super) fn column(&mut self, key: &str, name: &str) -> Result<Column, ImportError> {
        let column = self.header.column(key, name)?;
        self.found.push(column.clone());
        self.kept.insert(column.index);
        Ok(column)
    }

    /// The column of this name, if the file has it. It is not one that shows whether a form is there.
    pub(super) fn frame(&mut self, key: &str, name: &str) -> Result<Option<Column>, ImportError> {
        let column = self.header.find(key, name)?;
        self.kept.extend(column.iter().map(|column| column.index));
        Ok(column)
    }

    /// The column that a key names, if the mapping has the key.
    pub(super) fn optional(&mut self, key: &str, name: Option<&String>) -> Result<Option<Column>, ImportError> {
        name.map(|name| self.column(key, name)).transpose()
    }

    /// A column that was found, to tell a flaw of a whole row beside.
    pub(super) fn any_column(&self) -> Result<Column, ImportError> {
        let file = self.header.file();
        self.found.first().cloned().ok_or_else(|| ImportError::NoDay { file, key: format!("{file}.day") })
    }

    /// The instrument that a key names. One that asks about a session belongs to a session, another to
    /// a day.
    pub(super) fn instrument(
        &self,
        key: &str,
        name: &str,
        per_session: bool,
    ) -> Result<(&'a Instrument, u16), ImportError> {
        let of = || name.to_owned();
        let belonging = |found: &'a Instrument| match (found.per_session, per_session) {
            (true, false) => Err(ValueError::BelongsToSession { of: of() }),
            (false, true) => Err(ValueError::BelongsToDay { of: of() }),
            (true, true) | (false, false) => Ok(found),
        };
        let found = self.lens.dictionary.known_instrument(name).and_then(belonging);
        self.known(key, found).map(|found| (found, place(self.lens.dictionary, found)))
    }

    /// The dictionary's spelling of a code that a key names.
    pub(super) fn code(&self, key: &str, of: Vocabulary, text: &str) -> Result<String, ImportError> {
        self.known(key, self.lens.dictionary.check_code(of, text))
    }

    /// Whether every code that the mapping renames becomes one that the dictionary has.
    pub(super) fn renames<'m>(
        &self,
        key: &str,
        of: Vocabulary,
        renames: Option<&'m Renames>,
    ) -> Result<Option<&'m Renames>, ImportError> {
        for (code, value) in renames.into_iter().flatten() {
            self.code(&format!("{key}.{code}"), of, value)?;
        }
        Ok(renames)
    }

    /// What the dictionary said of a name in the mapping.
    pub(super) fn known<T>(&self, key: &str, found: Result<T, ValueError>) -> Result<T, ImportError> {
        found.map_err(|error| ImportError::NotInDictionary { key: key.to_owned(), error: Box::new(error) })
    }
}

/// The place of an instrument among those of the dictionary, which has fewer than 2^16.
pub(super) fn place(dictionary: &Dictionary, instrument: &Instrument) -> u16 {
    let at = dictionary.instruments().iter().position(|known| known.id == instrument.id);
    at.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
}
