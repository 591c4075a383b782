//! What codes of other systems mean in the dictionary.
//!
//! A coding is looked up in this order: a code system of Sumac's or of the clinic's own that is named
//! after the vocabulary (`urn:my-clinic:paradigm`); then the external codes of the dictionary; then a
//! display or text that is, word for word, a code of the dictionary (`Double vision`). Nothing else is
//! guessed: what is not found is `unknown` and counted.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::{Coding as Codings, Dictionary, FieldKind, Instrument, System, UNKNOWN, Vital};

use super::element::{Element, Flaw};
use super::facts::Coded;
use super::names::vocabulary;

/// A CodeableConcept, or a single Coding.
#[derive(Debug, Default)]
pub(super) struct Concept<'v> {
    /// In the order of the resource: its author puts the meant one first.
    codings: Vec<Coding<'v>>,
    /// What a person reads.
    text: Option<&'v str>,
}

/// One code of one system, as it stands there.
#[derive(Debug, Clone, Copy)]
struct Coding<'v> {
    /// The system's URL.
    system: Option<&'v str>,
    /// The code in that system.
    code: Option<&'v str>,
    /// What the system calls it.
    display: Option<&'v str>,
}

/// The dictionary, by the codes of other systems.
pub(super) struct Codes<'d> {
    /// What records may hold.
    pub(super) dictionary: &'d Dictionary,
    /// By LOINC code: totals, items and panels.
    questionnaires: BTreeMap<&'d str, Asked<'d>>,
    /// By LOINC code: what monitors and scales show.
    signs: BTreeMap<&'d str, Sign>,
}

/// What a code of a questionnaire means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Asked<'d> {
    /// The total.
    Total(&'d Instrument),
    /// By its number, from 1.
    Item(&'d Instrument, u16),
    /// The questionnaire as a whole.
    Panel(&'d Instrument),
}

/// What a monitor shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A vital sign.
    Vital(Vital),
    /// The body weight.
    Weight,
}

/// What a medicine is to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Medicine {
    /// What the course is about.
    Molecule(String),
    /// That of which the record knows that it was given, and not what it was.
    NotRecorded,
    /// A class of other medicines.
    Class(String),
    /// Neither; as it stood there.
    Other(String),
}

impl<'d> Codes<'d> {
    /// Indexes the dictionary's own codes. A code that stands for two things means the last of them.
    pub(super) fn new(dictionary: &'d Dictionary) -> Self {
        let mut questionnaires = BTreeMap::new();
        for instrument in dictionary.instruments() {
            questionnaires.extend(instrument.loinc_panel.as_deref().map(|code| (code, Asked::Panel(instrument))));
            let items = instrument.items.as_ref().map(|items| items.loinc.as_slice()).unwrap_or_default();
            questionnaires.extend((1..).zip(items).map(|(n, code)| (code.as_str(), Asked::Item(instrument, n))));
            questionnaires.extend(instrument.loinc.as_deref().map(|code| (code, Asked::Total(instrument))));
        }
        let mut signs = BTreeMap::new();
        if let Some(rules) = dictionary.session() {
            let vitals = [Vital::Systolic, Vital::Spo2, Vital::HeartRate].map(|vital| (vital, rules.vital(vital)));
            let coded = vitals.into_iter().map(|(vital, bounds)| (bounds, Sign::Vital(vital)));
            let coded = coded.chain([(&rules.weight, Sign::Weight)]);
            signs.extend(coded.filter_map(|(bounds, sign)| Some((bounds.loinc.as_deref()?, sign))));
        }
        Self { dictionary, questionnaires, signs }
    }

    /// A value of a category of the course; none if the dictionary has no such category.
    pub(super) fn field(&self, id: &str, concept: &Concept<'_>) -> Option<Coded> {
        let field = self.dictionary.field(id)?;
        let FieldKind::Category { values } = &field.kind else { return None };
        let entries = values.iter().map(|value| (value.as_str(), field.coding.get(value)));
        Some(concept.coded(&field.id, entries))
    }

    /// Every category of the course that a code system named after it tells, with its value.
    pub(super) fn fields_named(&self, concept: &Concept<'_>) -> Vec<(&'d str, Coded)> {
        let categories = self.dictionary.fields().iter().filter_map(|field| match &field.kind {
            FieldKind::Category { values } => Some((field, values)),
            FieldKind::Flag | FieldKind::Number { .. } => None,
        });
        let told = categories.filter_map(|(field, values)| {
            let code = concept.local_code(&field.id)?;
            let found = concept.local(&field.id, values.iter().map(String::as_str));
            Some((field.id.as_str(), found.map_or_else(|| Coded::Unknown(code.to_owned()), Coded::Known)))
        });
        told.collect()
    }

    /// A route.
    pub(super) fn route(&self, concept: &Concept<'_>) -> Option<Coded> {
        let routes = &self.dictionary.session()?.routes;
        Some(concept.coded(vocabulary::ROUTE, routes.iter().map(|r| (r.code.id.as_str(), Some(&r.code.coding)))))
    }

    /// A kind of session, told by a code system of that name only: no external system has them.
    pub(super) fn session_kind(&self, concept: &Concept<'_>) -> Option<String> {
        let kinds = &self.dictionary.session()?.kinds;
        concept.local(vocabulary::SESSION_KIND, kinds.iter().map(String::as_str))
    }

    /// A kind of adverse event; none if the dictionary has no events.
    pub(super) fn event_kind(&self, concept: &Concept<'_>) -> Option<Coded> {
        let kinds = &self.dictionary.events()?.kinds;
        Some(concept.coded(vocabulary::EVENT_KIND, kinds.iter().map(|k| (k.code.id.as_str(), Some(&k.code.coding)))))
    }

    /// A severity.
    pub(super) fn severity(&self, concept: &Concept<'_>) -> Option<Coded> {
        let severities = &self.dictionary.events()?.severities;
        Some(concept.coded(vocabulary::SEVERITY, plain(severities)))
    }

    /// How related an event is to the treatment.
    pub(super) fn relatedness(&self, concept: &Concept<'_>) -> Option<Coded> {
        let words = &self.dictionary.events()?.relatedness;
        Some(concept.coded(vocabulary::RELATEDNESS, plain(words)))
    }

    /// A kind of time to event.
    pub(super) fn time_to_event(&self, concept: &Concept<'_>) -> Option<String> {
        let kinds = self.dictionary.times_to_event();
        concept.local(vocabulary::TIME_TO_EVENT, kinds.iter().map(|kind| kind.id.as_str()))
    }

    /// What a medicine is.
    pub(super) fn medicine(&self, concept: &Concept<'_>) -> Medicine {
        if concept.local(vocabulary::MOLECULE, std::iter::once(NOT_RECORDED)).as_deref() == Some(NOT_RECORDED) {
            return Medicine::NotRecorded;
        }
        let molecules = self.dictionary.session().map(|rules| rules.molecules.as_slice()).unwrap_or_default();
        let molecules = molecules.iter().map(|code| (code.id.as_str(), Some(&code.coding)));
        if let Coded::Known(molecule) = concept.coded(vocabulary::MOLECULE, molecules) {
            return Medicine::Molecule(molecule);
        }
        let classes = self.dictionary.comedications().iter().map(|code| (code.id.as_str(), Some(&code.coding)));
        match concept.coded(vocabulary::COMEDICATION, classes) {
            Coded::Known(class) => Medicine::Class(class),
            Coded::Unknown(shown) => self.class_by_atc(concept).map_or(Medicine::Other(shown), Medicine::Class),
        }
    }

    /// The instrument that an Observation is about.
    pub(super) fn asked(&self, concept: &Concept<'_>) -> Option<Asked<'d>> {
        let instruments = self.dictionary.instruments();
        let named = concept.local(vocabulary::INSTRUMENT, instruments.iter().map(|i| i.id.as_str()));
        if let Some(instrument) = named.and_then(|id| self.dictionary.instrument(&id)) {
            return Some(Asked::Total(instrument));
        }
        concept.of_system(System::Loinc).find_map(|code| self.asked_by_loinc(code))
    }

    /// What a LOINC code of a questionnaire, a total or an item means.
    pub(super) fn asked_by_loinc(&self, code: &str) -> Option<Asked<'d>> {
        self.questionnaires.get(code).copied()
    }

    /// What was measured.
    pub(super) fn sign(&self, concept: &Concept<'_>) -> Option<Sign> {
        concept.of_system(System::Loinc).find_map(|code| self.signs.get(code).copied())
    }

    /// Where the dictionary gives a class no codes of its own, its ATC group.
    fn class_by_atc(&self, concept: &Concept<'_>) -> Option<String> {
        let known = |class: &&str| self.dictionary.comedications().iter().any(|code| code.id == **class);
        let code = concept.of_system(System::Atc).next()?;
        let (class, _) = CLASSES_ATC.iter().find(|(_, group)| code.starts_with(group))?;
        Some(*class).filter(known).map(str::to_owned)
    }
}

impl<'v> Concept<'v> {
    /// The CodeableConcept of this name below, if it is there.
    pub(super) fn of(parent: &Element<'v>, name: &str) -> Result<Option<Self>, Flaw> {
        parent.child(name)?.map(|element| Self::read(&element)).transpose()
    }

    /// An element that is a CodeableConcept.
    pub(super) fn read(element: &Element<'v>) -> Result<Self, Flaw> {
        let codings = element.each("coding")?.iter().map(Coding::read).collect::<Result<_, _>>()?;
        Ok(Self { codings, text: element.text("text")? })
    }

    /// An element that is a Coding.
    pub(super) fn single(element: &Element<'v>) -> Result<Self, Flaw> {
        Ok(Self { codings: vec![Coding::read(element)?], text: None })
    }

    /// The first code of a system that is known by its URL.
    pub(super) fn code_in(&self, system: &str) -> Option<&'v str> {
        self.codings.iter().find(|coding| coding.system == Some(system)).and_then(|coding| coding.code)
    }

    /// Any code at all.
    pub(super) fn has_code(&self, code: &str) -> bool {
        self.codings.iter().any(|coding| coding.code == Some(code))
    }

    /// How it is shown where it is counted: its first code with its system, or its text.
    pub(super) fn shown(&self) -> String {
        let coded = self.codings.iter().find_map(|coding| Some((coding.system.unwrap_or_default(), coding.code?)));
        coded.map_or_else(|| self.text.unwrap_or_default().to_owned(), |(system, code)| format!("{system}|{code}"))
    }

    /// The entry that this means.
    fn coded<'e>(&self, name: &str, entries: impl Iterator<Item = (&'e str, Option<&'e Codings>)>) -> Coded {
        let entries: Vec<(&str, Option<&Codings>)> = entries.collect();
        if let Some(found) = self.local(name, entries.iter().map(|(id, _)| *id)) {
            return Coded::Known(found);
        }
        let external = self.codings.iter().filter_map(|coding| Some((System::from_url(coding.system?)?, coding.code?)));
        for (system, code) in external {
            if let Some((id, _)) = entries.iter().find(|(_, codings)| codings.is_some_and(|c| means(c, system, code))) {
                return Coded::Known((*id).to_owned());
            }
        }
        let words = self.codings.iter().filter_map(|coding| coding.display).chain(self.text).map(folded);
        for word in words {
            if let Some((id, _)) = entries.iter().find(|(id, _)| folded(id) == word) {
                return Coded::Known((*id).to_owned());
            }
        }
        Coded::Unknown(self.shown())
    }

    /// The entry of this vocabulary that a code system of that name tells; `unknown` is in every one.
    fn local<'e>(&self, name: &str, mut entries: impl Iterator<Item = &'e str>) -> Option<String> {
        let code = self.local_code(name)?;
        if code == UNKNOWN {
            return Some(UNKNOWN.to_owned());
        }
        entries.find(|id| id.eq_ignore_ascii_case(code)).map(str::to_owned)
    }

    /// The code of a system that is named after this vocabulary.
    fn local_code(&self, name: &str) -> Option<&'v str> {
        let named = |system: &str| System::from_url(system).is_none() && last_part(system) == folded(name);
        let codings = self.codings.iter().filter(|coding| coding.system.is_some_and(named));
        codings.filter_map(|coding| coding.code).next()
    }

    /// The codes of one external system.
    fn of_system(&self, system: System) -> impl Iterator<Item = &'v str> {
        let codings = self.codings.iter().filter(move |coding| coding.system == Some(system.url()));
        codings.filter_map(|coding| coding.code)
    }
}

impl<'v> Coding<'v> {
    fn read(element: &Element<'v>) -> Result<Self, Flaw> {
        let [system, code, display] = ["system", "code", "display"].map(|name| element.text(name));
        Ok(Self { system: system?, code: code?, display: display? })
    }
}

impl<'d> Asked<'d> {
    /// Whose code it is.
    pub(super) const fn instrument(self) -> &'d Instrument {
        match self {
            Self::Total(instrument) | Self::Item(instrument, _) | Self::Panel(instrument) => instrument,
        }
    }
}

/// Entries that no external system has codes for.
fn plain(codes: &[String]) -> impl Iterator<Item = (&str, Option<&Codings>)> {
    codes.iter().map(|code| (code.as_str(), None))
}

/// Whether a code of another system means this entry. ATC is a hierarchy in which a group's code
/// begins the codes of all its members.
fn means(codings: &Codings, system: System, code: &str) -> bool {
    let group = || system == System::Atc && codings.codes(system).iter().any(|group| code.starts_with(group.as_str()));
    codings.has(system, code) || group()
}

/// The last part of a system's name, as vocabularies are named.
fn last_part(system: &str) -> String {
    folded(system.trim_end_matches(['/', '#']).rsplit([':', '/', '#']).next().unwrap_or_default())
}

/// A word without capitals, and with `-` for everything that is no letter and no digit.
fn folded(word: &str) -> String {
    word.trim().chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// The code of a dose of which the record does not say what it was.
pub(crate) const NOT_RECORDED: &str = "not-recorded";

/// ATC groups (WHO Collaborating Centre for Drug Statistics Methodology) of the classes that the
/// `ketamine` dictionary names, in use where a dictionary gives a class no codes. The first that fits
/// counts: lithium stands before the antipsychotics, in whose group ATC has it.
const CLASSES_ATC: [(&str, &str); 9] = [
    ("benzodiazepine", "N05BA"),
    ("benzodiazepine", "N05CD"),
    ("benzodiazepine", "N03AE"),
    ("lamotrigine", "N03AX09"),
    ("antidepressant", "N06A"),
    ("antiemetic", "A04A"),
    ("mood_stabilizer", "N05AN"),
    ("antipsychotic", "N05A"),
    ("stimulant", "N06B"),
];
