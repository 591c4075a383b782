//! A stored course against the dictionary.

use std::collections::BTreeSet;

use crate::record::{Assessment, Course, FieldValue};

use super::super::decimal::show;
use super::super::{Dictionary, FieldKind, Instrument, ToldBy, UNKNOWN};
use super::{DAYS_MAX, ValueError, check_range, no_such_value};

impl Dictionary {
    /// Everything in a course that the dictionary does not allow; empty if it is all right. Names
    /// must be spelled as in the dictionary here: this is a stored course, not something typed.
    #[must_use]
    pub fn check_course(&self, course: &Course) -> Vec<ValueError> {
        let fields = course.fields.iter().filter_map(|(id, value)| self.check_stored_field(id, value).err());
        let mut flaws: Vec<ValueError> = fields.collect();
        let mut seen = BTreeSet::new();
        for assessment in &course.assessments {
            flaws.extend(self.check_assessment(assessment));
            let (of, day) = (&assessment.instrument, assessment.day);
            if !seen.insert((of, day)) {
                flaws.push(ValueError::Twice { of: of.clone(), day });
            }
        }
        self.check_sessions(&course.sessions, &mut flaws);
        let numbers: BTreeSet<u16> = course.sessions.iter().map(|session| session.number).collect();
        for event in &course.events {
            flaws.extend(self.check_event(event));
            if let Some(number) = event.session.filter(|number| !numbers.contains(number)) {
                flaws.push(ValueError::NoSuchSession { of: event.kind.clone(), number });
            }
        }
        let mut kinds = BTreeSet::new();
        for time in &course.time_to_event {
            flaws.extend(self.check_time_to_event(time));
            if !kinds.insert(&time.kind) {
                flaws.push(ValueError::Repeated { of: time.kind.clone() });
            }
        }
        flaws.extend(course.at_home.keys().filter_map(|class| self.check_class(class).err()));
        flaws.extend(self.contradictions(course));
        flaws
    }

    /// What of an assessment the dictionary does not allow: instrument, total, items, day.
    #[must_use]
    pub fn check_assessment(&self, assessment: &Assessment) -> Vec<ValueError> {
        let (of, day) = (|| assessment.instrument.clone(), assessment.day);
        let mut flaws = Vec::new();
        match self.known_instrument(&assessment.instrument) {
            Ok(known) if known.id != assessment.instrument => {
                let near = Some(known.id.clone());
                flaws.push(ValueError::NoSuchInstrument { id: of(), near, known: Vec::new() });
            }
            Ok(known) => {
                let Instrument { id, min, max, decimals, .. } = known;
                flaws.extend(check_range(id, assessment.value, *min, *max, *decimals).err());
                if known.per_session {
                    flaws.push(ValueError::BelongsToSession { of: of() });
                }
                flaws.extend(check_items(known, assessment));
            }
            Err(flaw) => flaws.push(flaw),
        }
        flaws.extend(check_day(&assessment.instrument, day));
        flaws
    }

    /// Sets the flags that another part of the course tells and the record does not hold yet. Never
    /// changes one that it holds: [`check_course`](Self::check_course) finds those that contradict.
    pub fn fill_told(&self, course: &mut Course) {
        for field in self.fields() {
            let told = field.told_by.as_ref().and_then(|told_by| told(told_by, course));
            if let (Some(yes), false) = (told, course.fields.contains_key(&field.id)) {
                course.fields.insert(field.id.clone(), FieldValue::Flag(yes));
            }
        }
    }

    fn contradictions(&self, course: &Course) -> impl Iterator<Item = ValueError> {
        self.fields().iter().filter_map(|field| {
            let told_by = field.told_by.as_ref()?;
            let FieldValue::Flag(held) = course.fields.get(&field.id)? else { return None };
            let says = if *held { "yes" } else { "no" };
            let (of, class) = (field.id.clone(), told_by.class().to_owned());
            (told(told_by, course)? != *held).then_some(ValueError::Contradicted { of, says, class })
        })
    }

    fn check_stored_field(&self, id: &str, value: &FieldValue) -> Result<(), ValueError> {
        let field = self.known_field(id)?;
        if field.id != id {
            let near = Some(field.id.clone());
            return Err(ValueError::NoSuchField { id: id.to_owned(), near, known: Vec::new() });
        }
        match (&field.kind, value) {
            (FieldKind::Category { values }, FieldValue::Category(code)) => {
                let known = code == UNKNOWN || values.contains(code);
                if known { Ok(()) } else { Err(no_such_value(field, code)) }
            }
            (FieldKind::Flag, FieldValue::Flag(_)) => Ok(()),
            (FieldKind::Number { min, max, decimals, .. }, FieldValue::Number(number)) => {
                check_range(id, *number, *min, *max, *decimals).map(|_| ())
            }
            (FieldKind::Category { .. } | FieldKind::Flag | FieldKind::Number { .. }, _) => {
                Err(ValueError::WrongType { of: id.to_owned() })
            }
        }
    }
}

/// What the course says about a class of medicine; of several sessions one yes is a yes.
fn told(told_by: &ToldBy, course: &Course) -> Option<bool> {
    match told_by {
        ToldBy::AtHome(class) => course.at_home.get(class).copied(),
        ToldBy::InSession(class) => {
            course.sessions.iter().filter_map(|session| session.given.get(class)).copied().reduce(|a, b| a || b)
        }
    }
}

fn check_items(known: &Instrument, assessment: &Assessment) -> Vec<ValueError> {
    let of = || known.id.clone();
    let answers = &assessment.items;
    if answers.is_empty() {
        return Vec::new();
    }
    let Some(items) = known.items.as_ref().filter(|items| items.kept) else {
        return vec![ValueError::ItemsNotKept { of: of() }];
    };
    if answers.len() != usize::from(items.count) {
        return vec![ValueError::ItemCount { of: of(), got: answers.len(), want: items.count }];
    }
    let outside = |(number, answer): (u16, &Option<u8>)| {
        let (score, min, max) = ((*answer)?, items.min, items.max);
        let of = format!("{} item {number}", known.id);
        check_range(&of, i64::from(score), i64::from(min), i64::from(max), 0).err()
    };
    let flaws: Vec<ValueError> = (1..).zip(answers).filter_map(outside).collect();
    if !flaws.is_empty() {
        return flaws;
    }
    // A blank answer leaves no sum: how the total came about is then the instrument's own rule.
    let sum = items.sum(answers).map(|sum| i64::from(sum) * 10_i64.pow(u32::from(known.decimals)));
    match sum {
        Some(sum) if sum != assessment.value => {
            let [sum, total] = [sum, assessment.value].map(|number| show(number, known.decimals));
            vec![ValueError::ItemSum { of: of(), sum, total }]
        }
        Some(_) | None => Vec::new(),
    }
}

/// A day that is not absurdly far away.
pub(super) fn check_day(of: &str, day: i32) -> Option<ValueError> {
    let far = day.unsigned_abs() > DAYS_MAX.unsigned_abs();
    far.then(|| ValueError::Day { of: of.to_owned(), day })
}
