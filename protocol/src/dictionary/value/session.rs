//! Sessions, events and times to event against the dictionary.

use crate::record::{Event, Grams, Micrograms, Session, TimeToEvent};

use super::super::{Bounds, Dictionary, SessionRules};
use super::course::check_day;
use super::vocabulary::Vocabulary;
use super::{ValueError, check_number, check_range};

/// Decimal places of milligrams and kilograms that are kept.
const MILLI: u8 = 3;

/// A vital sign of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Vital {
    /// Systolic pressure before the dose or its highest, in mmHg.
    Systolic,
    /// Oxygen saturation, in percent.
    Spo2,
    /// Heart rate, in beats per minute.
    HeartRate,
}

impl Vital {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Systolic => "systolic pressure",
            Self::Spo2 => "oxygen saturation",
            Self::HeartRate => "heart rate",
        }
    }
}

impl SessionRules {
    /// What values of a vital sign can be.
    #[must_use]
    pub const fn vital(&self, vital: Vital) -> &Bounds {
        match vital {
            Vital::Systolic => &self.systolic,
            Vital::Spo2 => &self.spo2,
            Vital::HeartRate => &self.heart_rate,
        }
    }

    /// The largest dose by this route; without a known route, the largest by any.
    fn dose_max(&self, route: Option<&str>) -> Option<(String, Micrograms)> {
        let known = route.and_then(|id| self.route(id)).map(|route| (route.code.id.clone(), route.dose_max));
        let largest = || self.routes.iter().map(|route| route.dose_max).max();
        known.or_else(|| largest().map(|most| ("any route".to_owned(), most)))
    }
}

impl Dictionary {
    /// A dose in milligrams as text, under the limit of its route; under the largest limit where the
    /// route is not known.
    ///
    /// # Errors
    /// [`ValueError`] if the text is no dose, or more than is believed.
    pub fn check_dose(&self, route: Option<&str>, mg_text: &str) -> Result<Micrograms, ValueError> {
        let rules = self.session_rules()?;
        let dose = check_number("dose in mg", mg_text, 0, i64::from(u32::MAX), MILLI)?;
        let dose = Micrograms(u32::try_from(dose).unwrap_or(u32::MAX));
        check_dose(rules, route, dose).map_or(Ok(dose), Err)
    }

    /// A body weight in kilograms as text.
    ///
    /// # Errors
    /// [`ValueError`] if the text is no weight, or one that nobody has.
    pub fn check_weight(&self, kg_text: &str) -> Result<Grams, ValueError> {
        let rules = self.session_rules()?;
        let weight = check_number("weight in kg", kg_text, 0, i64::from(u32::MAX), MILLI)?;
        let weight = Grams(u32::try_from(weight).unwrap_or(u32::MAX));
        check_weight(rules, weight).map_or(Ok(weight), Err)
    }

    /// For how many minutes something was given, as text.
    ///
    /// # Errors
    /// [`ValueError`] if the text is no such number.
    pub fn check_minutes(&self, text: &str) -> Result<u16, ValueError> {
        let most = i64::from(self.session_rules()?.minutes_max);
        check_number("minutes", text, 0, most, 0).map(|minutes| u16::try_from(minutes).unwrap_or(u16::MAX))
    }

    /// A vital sign as text, in whole units.
    ///
    /// # Errors
    /// [`ValueError`] if the text is no value that it can have.
    pub fn check_vital(&self, vital: Vital, text: &str) -> Result<u16, ValueError> {
        let Bounds { min, max, .. } = self.session_rules()?.vital(vital);
        let value = check_number(vital.name(), text, i64::from(*min), i64::from(*max), 0)?;
        Ok(u16::try_from(value).unwrap_or(u16::MAX))
    }

    /// What of one session the dictionary does not allow. Whether it fits the other sessions of its
    /// course is [`check_course`](Self::check_course)'s to say.
    #[must_use]
    pub fn check_session(&self, session: &Session) -> Vec<ValueError> {
        let rules = match self.session_rules() {
            Ok(rules) => rules,
            Err(flaw) => return vec![flaw],
        };
        let code = |of, code: &Option<String>| code.as_ref().and_then(|code| self.check_stored_code(of, code).err());
        let mut flaws: Vec<ValueError> = Vec::new();
        flaws.extend(check_day(&session.kind, session.day));
        flaws.extend(self.check_stored_code(Vocabulary::SessionKind, &session.kind).err());
        flaws.extend(code(Vocabulary::Route, &session.route));
        flaws.extend(code(Vocabulary::Molecule, &session.molecule));
        flaws.extend(session.dose_ug.and_then(|dose| check_dose(rules, session.route.as_deref(), dose)));
        flaws.extend(session.weight_g.and_then(|weight| check_weight(rules, weight)));
        let minutes = session.minutes.map(|minutes| within("minutes", minutes, 0, rules.minutes_max));
        flaws.extend(minutes.flatten());
        let vitals = &session.vitals;
        let measured = [
            (Vital::Systolic, vitals.systolic_before),
            (Vital::Systolic, vitals.systolic_highest),
            (Vital::Spo2, vitals.spo2_lowest),
            (Vital::HeartRate, vitals.heart_rate_highest),
        ];
        flaws.extend(measured.into_iter().filter_map(|(vital, value)| {
            let Bounds { min, max, .. } = rules.vital(vital);
            within(vital.name(), value?, *min, *max)
        }));
        flaws.extend(session.experience.iter().flat_map(|(id, total)| self.check_experience(id, *total)));
        flaws.extend(session.given.keys().filter_map(|class| self.check_class(class).err()));
        if session.day < 0 && session.dose_ug.is_some() {
            flaws.push(ValueError::DoseBeforeFirst { number: session.number, day: session.day });
        }
        flaws
    }

    /// What of an adverse event the dictionary does not allow.
    #[must_use]
    pub fn check_event(&self, event: &Event) -> Vec<ValueError> {
        let Some(rules) = self.events() else {
            return vec![ValueError::NoVocabulary { of: Vocabulary::EventKind.plural() }];
        };
        let code = |of, code: &Option<String>| code.as_ref().and_then(|code| self.check_stored_code(of, code).err());
        let mut flaws: Vec<ValueError> = Vec::new();
        flaws.extend(check_day(&event.kind, event.day));
        flaws.extend(self.check_stored_code(Vocabulary::EventKind, &event.kind).err());
        flaws.extend(code(Vocabulary::Severity, &event.severity));
        flaws.extend(code(Vocabulary::Relatedness, &event.relatedness));
        let onset = event.onset_minutes.map(|onset| within("onset in minutes", onset, 0, rules.onset_minutes_max));
        flaws.extend(onset.flatten());
        flaws
    }

    /// What of a time to event the dictionary does not allow. It is counted from the first dose.
    #[must_use]
    pub fn check_time_to_event(&self, time: &TimeToEvent) -> Vec<ValueError> {
        let mut flaws: Vec<ValueError> = Vec::new();
        flaws.extend(check_day(&time.kind, time.day));
        flaws.extend(self.check_stored_code(Vocabulary::TimeToEvent, &time.kind).err());
        if time.day < 0 {
            flaws.push(ValueError::BeforeFirstDose { of: time.kind.clone(), day: time.day });
        }
        flaws
    }

    /// Sessions one by one, and whether they are counted up in the order of their days.
    pub(super) fn check_sessions(&self, sessions: &[Session], flaws: &mut Vec<ValueError>) {
        let (mut number, mut day) = (0, i32::MIN);
        for session in sessions {
            flaws.extend(self.check_session(session));
            if session.number <= number || session.day < day {
                flaws.push(ValueError::SessionOrder { number: session.number, day: session.day });
            }
            (number, day) = (session.number, session.day);
        }
    }

    pub(super) fn check_class(&self, class: &str) -> Result<(), ValueError> {
        self.check_stored_code(Vocabulary::Comedication, class)
    }

    fn check_experience(&self, id: &str, total: i64) -> Vec<ValueError> {
        match self.known_instrument(id) {
            Ok(known) if known.id != id => {
                let near = Some(known.id.clone());
                vec![ValueError::NoSuchInstrument { id: id.to_owned(), near, known: Vec::new() }]
            }
            Ok(known) if !known.per_session => vec![ValueError::BelongsToDay { of: id.to_owned() }],
            Ok(known) => check_range(id, total, known.min, known.max, known.decimals).err().into_iter().collect(),
            Err(flaw) => vec![flaw],
        }
    }

    fn session_rules(&self) -> Result<&SessionRules, ValueError> {
        self.session().ok_or(ValueError::NoVocabulary { of: "sessions" })
    }
}

fn check_dose(rules: &SessionRules, route: Option<&str>, dose: Micrograms) -> Option<ValueError> {
    let (route, limit) = rules.dose_max(route)?;
    (dose > limit).then_some(ValueError::DoseOverLimit { route, dose, limit })
}

fn check_weight(rules: &SessionRules, weight: Grams) -> Option<ValueError> {
    let (min, max) = (rules.weight.min, rules.weight.max);
    let sound = (u32::from(min) * 1_000..=u32::from(max) * 1_000).contains(&weight.0);
    (!sound).then_some(ValueError::Weight { weight, min, max })
}

fn within(of: &'static str, value: u16, min: u16, max: u16) -> Option<ValueError> {
    check_range(of, i64::from(value), i64::from(min), i64::from(max), 0).err()
}
