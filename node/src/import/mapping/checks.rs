//! What can be checked of a mapping before any file is read.

use std::collections::{BTreeMap, BTreeSet};

use sumac_protocol::dictionary::DAYS_MAX;

use super::{
    AssessmentColumns, Codes, CourseColumns, EventColumns, ItemColumns, Mapping, MappingError, RedcapColumns,
    RedcapForm, SessionColumns, TimeColumns, WideColumn,
};

/// A key that names a column, and the column.
type Named<'m> = (String, &'m str);

/// Whether a section is of a file of its own, or inside `[redcap]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// It must name its patient and course columns and may name no form.
    Alone,
    /// It must name its form; patient and course are the project's.
    InRedcap,
    /// It takes patient, course and form from the section around it and may name none.
    InCourses,
}

impl Mapping {
    /// Stops at the first thing that is wrong; what is in the files is not known here.
    pub(super) fn check(&self) -> Result<(), MappingError> {
        let other = self.redcap.is_some() || self.items.is_some() || self.sessions.is_some() || self.events.is_some();
        let any = other || self.courses.is_some() || self.assessments.is_some() || self.time_to_event.is_some();
        if self.courses.is_none() && !self.wide.is_empty() {
            return Err(MappingError::WideAlone);
        }
        if !any {
            return Err(MappingError::Nothing);
        }
        let blank = |(key, column): &Named<'_>| column.trim().is_empty().then(|| key.clone());
        if let Some(key) = self.columns()?.iter().find_map(blank) {
            return Err(MappingError::NoColumn { key });
        }
        self.check_codes()?;
        self.check_wide()?;
        self.check_days()?;
        self.check_numbers()
    }

    /// Every key that names a column, with the column.
    fn columns(&self) -> Result<Vec<Named<'_>>, MappingError> {
        use Stands::{Alone, InRedcap};
        let mut columns = Vec::new();
        if let Some(section) = &self.courses {
            section.columns("courses", Alone, &mut columns)?;
        }
        self.wide.iter().try_for_each(|wide| wide.columns(&mut columns))?;
        if let Some(section) = &self.assessments {
            section.columns(&mut columns);
        }
        if let Some(section) = &self.items {
            section.columns(&mut columns);
        }
        if let Some(section) = &self.sessions {
            section.columns("sessions", Alone, &mut columns)?;
        }
        if let Some(section) = &self.events {
            section.columns("events", Alone, &mut columns)?;
        }
        if let Some(section) = &self.time_to_event {
            section.columns("time_to_event", Alone, &mut columns)?;
        }
        if let Some(redcap) = &self.redcap {
            redcap.columns(&mut columns);
            let RedcapColumns { courses, assessments, sessions, events, time_to_event, .. } = redcap;
            courses.iter().try_for_each(|form| form.columns("redcap.courses", InRedcap, &mut columns))?;
            assessments.iter().try_for_each(|form| form.columns(&mut columns))?;
            sessions.iter().try_for_each(|form| form.columns("redcap.sessions", InRedcap, &mut columns))?;
            events.iter().try_for_each(|form| form.columns("redcap.events", InRedcap, &mut columns))?;
            time_to_event.iter().try_for_each(|form| form.columns("redcap.time_to_event", InRedcap, &mut columns))?;
        }
        Ok(columns)
    }

    /// Renames of a field or column that is not read would never be used.
    fn check_codes(&self) -> Result<(), MappingError> {
        let forms = self.redcap.iter();
        let courses = self.courses.iter().map(|section| ("courses", section));
        let courses = courses.chain(forms.clone().flat_map(|r| &r.courses).map(|form| ("redcap.courses", form)));
        for (section, CourseColumns { fields, at_home, codes, .. }) in courses {
            alone(section, codes, |key| fields.contains_key(key) || at_home.contains_key(key))?;
        }
        let sessions = self.sessions.iter().map(|section| ("sessions", section));
        for (section, columns) in
            sessions.chain(forms.clone().flat_map(|r| &r.sessions).map(|form| ("redcap.sessions", form)))
        {
            let SessionColumns { kind, route, molecule, given, .. } = columns;
            let coded = [("kind", kind), ("route", route), ("molecule", molecule)];
            alone(section, &columns.codes, |key| has(&coded, key) || given.contains_key(key))?;
        }
        let events = self.events.iter().map(|section| ("events", section));
        for (section, columns) in
            events.chain(forms.clone().flat_map(|r| &r.events).map(|form| ("redcap.events", form)))
        {
            let EventColumns { kind, severity, serious, resolved, relatedness, .. } = columns;
            let coded = [("kind", kind), ("severity", severity), ("serious", serious)];
            let more = [("resolved", resolved), ("relatedness", relatedness)];
            alone(section, &columns.codes, |key| has(&coded, key) || has(&more, key))?;
        }
        let in_courses = self.courses.iter().flat_map(|section| &section.time_to_event);
        let times = self.time_to_event.iter().chain(in_courses);
        for TimeColumns { kind, codes, .. } in times.chain(forms.flat_map(|r| &r.time_to_event)) {
            alone("time_to_event", codes, |key| key == "happened" || (key == "kind" && kind.is_some()))?;
        }
        Ok(())
    }

    /// Days within ±`DAYS_MAX`, no column twice, and one score for each instrument and day.
    fn check_wide(&self) -> Result<(), MappingError> {
        let (mut columns, mut scores) = (BTreeSet::new(), BTreeMap::new());
        for wide in &self.wide {
            let (name, day) = (wide.name(), wide.day);
            if day.unsigned_abs() > DAYS_MAX.unsigned_abs() {
                return Err(MappingError::Day { column: name.to_owned(), day });
            }
            let twice = wide.column.iter().chain(&wide.items).find(|column| !columns.insert(column.trim()));
            if let Some(column) = twice {
                return Err(MappingError::ColumnTwice { column: column.clone() });
            }
            if let Some(first) = scores.insert((&wide.instrument, day), name) {
                let (first, second) = (first.to_owned(), name.to_owned());
                return Err(MappingError::ScoreTwice { instrument: wide.instrument.clone(), day, first, second });
            }
        }
        Ok(())
    }

    /// The day of each REDCap event must lie within ±`DAYS_MAX`.
    fn check_days(&self) -> Result<(), MappingError> {
        let mut days = self.redcap.iter().flat_map(|redcap| &redcap.days);
        match days.find(|(_, day)| day.unsigned_abs() > DAYS_MAX.unsigned_abs()) {
            Some((event, day)) => Err(MappingError::EventDay { event: event.clone(), day: *day }),
            None => Ok(()),
        }
    }

    /// Either all sections number their sessions or none; events name a session only by its number.
    fn check_numbers(&self) -> Result<(), MappingError> {
        let inside = |redcap: &RedcapColumns| {
            let numbered: Vec<bool> = redcap.sessions.iter().map(|form| form.number.is_some()).collect();
            (numbered, redcap.events.iter().any(|form| form.session.is_some()))
        };
        let redcap = self.redcap.as_ref().map(inside);
        let own = self.sessions.iter().map(|section| section.number.is_some()).collect();
        let own = (own, self.events.iter().any(|section| section.session.is_some()));
        for (numbered, named) in redcap.into_iter().chain([own]) {
            let (some, all) = (numbered.iter().any(|is| *is), numbered.iter().all(|is| *is));
            if some != all && !numbered.is_empty() {
                return Err(MappingError::NumbersMixed);
            }
            if named && !all {
                return Err(MappingError::Unnumbered);
            }
        }
        Ok(())
    }
}

impl CourseColumns {
    fn columns<'m>(&'m self, at: &str, stands: Stands, to: &mut Vec<Named<'m>>) -> Result<(), MappingError> {
        belongs(at, stands, [&self.patient, &self.course, &self.form], to)?;
        to.extend(self.fields.iter().map(|(id, column)| (format!("{at}.fields.{id}"), column.as_str())));
        to.extend(self.at_home.iter().map(|(id, column)| (format!("{at}.at_home.{id}"), column.as_str())));
        let inside = format!("{at}.time_to_event");
        self.time_to_event.iter().try_for_each(|time| time.columns(&inside, Stands::InCourses, to))
    }
}

impl WideColumn {
    /// By what people know it: its total's column, or that of its first item.
    pub(in crate::import) fn name(&self) -> &str {
        self.column.as_deref().or(self.items.first().map(String::as_str)).unwrap_or_default()
    }

    fn columns<'m>(&'m self, to: &mut Vec<Named<'m>>) -> Result<(), MappingError> {
        if self.column.is_none() && self.items.is_empty() {
            return Err(MappingError::Needed { key: "wide.column".to_owned() });
        }
        to.extend(self.column.iter().map(|column| ("wide.column".to_owned(), column.as_str())));
        to.extend(self.items.iter().map(|column| ("wide.items".to_owned(), column.as_str())));
        Ok(())
    }
}

impl AssessmentColumns {
    fn columns<'m>(&'m self, to: &mut Vec<Named<'m>>) {
        let Self { patient, course, instrument, day, value, instruments: _ } = self;
        let named =
            [("patient", patient), ("course", course), ("instrument", instrument), ("day", day), ("value", value)];
        to.extend(named.map(|(key, column)| (format!("assessments.{key}"), column.as_str())));
    }
}

impl ItemColumns {
    fn columns<'m>(&'m self, to: &mut Vec<Named<'m>>) {
        let Self { patient, course, instrument, day, item, score, instruments: _ } = self;
        let named = [("patient", patient), ("course", course), ("instrument", instrument), ("day", day)];
        to.extend(named.into_iter().chain([("item", item), ("score", score)]).map(|(key, column)| {
            let key = format!("items.{key}");
            (key, column.as_str())
        }));
    }
}

impl SessionColumns {
    /// Keys of single columns that a row may do without.
    fn optional(&self) -> [(&'static str, &Option<String>); 11] {
        [
            ("number", &self.number),
            ("day", &self.day),
            ("route", &self.route),
            ("molecule", &self.molecule),
            ("dose_mg", &self.dose_mg),
            ("minutes", &self.minutes),
            ("weight_kg", &self.weight_kg),
            ("systolic_before", &self.systolic_before),
            ("systolic_highest", &self.systolic_highest),
            ("spo2_lowest", &self.spo2_lowest),
            ("heart_rate_highest", &self.heart_rate_highest),
        ]
    }

    fn columns<'m>(&'m self, at: &str, stands: Stands, to: &mut Vec<Named<'m>>) -> Result<(), MappingError> {
        belongs(at, stands, [&self.patient, &self.course, &self.form], to)?;
        named(at, &self.optional(), to);
        named(at, &[("kind", &self.kind)], to);
        to.extend(self.experience.iter().map(|(id, column)| (format!("{at}.experience.{id}"), column.as_str())));
        to.extend(self.given.iter().map(|(id, column)| (format!("{at}.given.{id}"), column.as_str())));
        fixed(at, &self.fixed, &[("kind", &self.kind), ("route", &self.route), ("molecule", &self.molecule)])?;
        // Of a numbered session another form may tell the kind and day.
        let lone = self.number.is_none() || stands == Stands::Alone;
        let kind_known = self.kind.is_some() || self.fixed.contains_key("kind");
        needed(at, "kind", !lone || kind_known)?;
        needed(at, "day", stands == Stands::InRedcap || self.day.is_some())
    }
}

impl EventColumns {
    fn columns<'m>(&'m self, at: &str, stands: Stands, to: &mut Vec<Named<'m>>) -> Result<(), MappingError> {
        belongs(at, stands, [&self.patient, &self.course, &self.form], to)?;
        let Self { day, kind, severity, serious, resolved, onset_minutes, relatedness, session, .. } = self;
        let optional = [("day", day), ("kind", kind), ("severity", severity), ("serious", serious)];
        named(at, &optional, to);
        let more = [("resolved", resolved), ("onset_minutes", onset_minutes), ("relatedness", relatedness)];
        named(at, &more, to);
        named(at, &[("session", session)], to);
        fixed(at, &self.fixed, &[("kind", kind), ("severity", severity), ("relatedness", relatedness)])?;
        needed(at, "kind", kind.is_some() || self.fixed.contains_key("kind"))?;
        needed(at, "day", stands == Stands::InRedcap || day.is_some())
    }
}

impl TimeColumns {
    fn columns<'m>(&'m self, at: &str, stands: Stands, to: &mut Vec<Named<'m>>) -> Result<(), MappingError> {
        belongs(at, stands, [&self.patient, &self.course, &self.form], to)?;
        let Self { kind, day, happened, .. } = self;
        named(at, &[("kind", kind)], to);
        to.extend([(format!("{at}.day"), day.as_str()), (format!("{at}.happened"), happened.as_str())]);
        fixed(at, &self.fixed, &[("kind", kind)])?;
        needed(at, "kind", kind.is_some() || self.fixed.contains_key("kind"))
    }
}

impl RedcapColumns {
    fn columns<'m>(&'m self, to: &mut Vec<Named<'m>>) {
        to.push(("redcap.patient".to_owned(), &self.patient));
        let optional =
            [("course", &self.course), ("event", &self.event), ("repeat_instrument", &self.repeat_instrument)];
        named("redcap", &optional, to);
    }
}

impl RedcapForm {
    fn columns<'m>(&'m self, to: &mut Vec<Named<'m>>) -> Result<(), MappingError> {
        let at = "redcap.assessments";
        to.push((format!("{at}.form"), &self.form));
        named(at, &[("total", &self.total), ("day", &self.day)], to);
        to.extend(self.items.iter().map(|column| (format!("{at}.items"), column.as_str())));
        needed(at, "total", self.total.is_some() || !self.items.is_empty())
    }
}

/// Holds a section to the keys of the place where it stands.
fn belongs<'m>(
    at: &str,
    stands: Stands,
    columns: [&'m Option<String>; 3],
    to: &mut Vec<Named<'m>>,
) -> Result<(), MappingError> {
    let [ids, forms] = [stands == Stands::Alone, stands == Stands::InRedcap];
    let keys = [("patient", ids), ("course", ids), ("form", forms)];
    for ((name, wanted), column) in keys.into_iter().zip(columns) {
        let key = format!("{at}.{name}");
        match (wanted, column) {
            (true, None) => return Err(MappingError::Needed { key }),
            (false, Some(_)) => return Err(MappingError::Misplaced { key }),
            (true, Some(column)) => to.push((key, column)),
            (false, None) => {}
        }
    }
    Ok(())
}

/// Takes only keys that name a column; the others are optional and were left out.
fn named<'m>(at: &str, keys: &[(&'static str, &'m Option<String>)], to: &mut Vec<Named<'m>>) {
    let there = keys.iter().filter_map(|(key, column)| Some((*key, column.as_deref()?)));
    to.extend(there.map(|(key, column)| (format!("{at}.{key}"), column)));
}

fn needed(at: &str, key: &str, there: bool) -> Result<(), MappingError> {
    if there { Ok(()) } else { Err(MappingError::Needed { key: format!("{at}.{key}") }) }
}

/// Only keys that could also name a column can be fixed, and only if they do not.
fn fixed(
    at: &str,
    fixed: &BTreeMap<String, String>,
    keys: &[(&'static str, &Option<String>)],
) -> Result<(), MappingError> {
    let wrong = fixed.keys().find(|key| !keys.iter().any(|(name, column)| name == key && column.is_none()));
    wrong.map_or(Ok(()), |key| Err(MappingError::Fixed { key: format!("{at}.fixed.{key}") }))
}

fn has(keys: &[(&'static str, &Option<String>)], key: &str) -> bool {
    keys.iter().any(|(name, column)| *name == key && column.is_some())
}

/// Codes for a key that is not read would do nothing, so they are taken for a mistake.
fn alone(section: &str, codes: &Codes, is_read: impl Fn(&str) -> bool) -> Result<(), MappingError> {
    match codes.keys().find(|key| !is_read(key)) {
        Some(key) => Err(MappingError::CodesAlone { section: section.to_owned(), field: key.clone() }),
        None => Ok(()),
    }
}
