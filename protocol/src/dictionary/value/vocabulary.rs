//! Codes of records against the lists of the dictionary.

use super::super::name::nearest;
use super::super::{Code, Dictionary, UNKNOWN};
use super::ValueError;

/// A list of codes that records draw from, apart from the values of a course's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Vocabulary {
    /// Kinds of session.
    SessionKind,
    /// How something is given.
    Route,
    /// What is given.
    Molecule,
    /// What goes wrong.
    EventKind,
    /// How bad it was.
    Severity,
    /// How it was judged to be related to the treatment.
    Relatedness,
    /// What is waited for.
    TimeToEvent,
    /// Classes of other medicines.
    Comedication,
}

impl Vocabulary {
    /// Every list.
    pub const ALL: [Self; 8] = [
        Self::SessionKind,
        Self::Route,
        Self::Molecule,
        Self::EventKind,
        Self::Severity,
        Self::Relatedness,
        Self::TimeToEvent,
        Self::Comedication,
    ];

    /// What one of its codes is called.
    #[must_use]
    pub const fn singular(self) -> &'static str {
        match self {
            Self::SessionKind => "kind of session",
            Self::Route => "route",
            Self::Molecule => "molecule",
            Self::EventKind => "kind of event",
            Self::Severity => "severity",
            Self::Relatedness => "relatedness",
            Self::TimeToEvent => "kind of time to event",
            Self::Comedication => "class of medicine",
        }
    }

    /// What its codes are called.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::SessionKind => "kinds of session",
            Self::Route => "routes",
            Self::Molecule => "molecules",
            Self::EventKind => "kinds of event",
            Self::Severity => "severities",
            Self::Relatedness => "relatedness",
            Self::TimeToEvent => "kinds of time to event",
            Self::Comedication => "classes of medicine",
        }
    }
}

impl Dictionary {
    /// The codes of a list in the dictionary's order; none if it has no such list.
    #[must_use]
    pub fn codes(&self, of: Vocabulary) -> Vec<&str> {
        fn ids<'a>(codes: impl Iterator<Item = &'a Code>) -> Vec<&'a str> {
            codes.map(|code| code.id.as_str()).collect()
        }
        fn texts(codes: &[String]) -> Vec<&str> {
            codes.iter().map(String::as_str).collect()
        }
        match (of, self.session(), self.events()) {
            (Vocabulary::TimeToEvent, _, _) => ids(self.times_to_event().iter()),
            (Vocabulary::Comedication, _, _) => ids(self.comedications().iter()),
            (Vocabulary::SessionKind, Some(session), _) => texts(&session.kinds),
            (Vocabulary::Route, Some(session), _) => ids(session.routes.iter().map(|route| &route.code)),
            (Vocabulary::Molecule, Some(session), _) => ids(session.molecules.iter()),
            (Vocabulary::EventKind, _, Some(events)) => ids(events.kinds.iter().map(|kind| &kind.code)),
            (Vocabulary::Severity, _, Some(events)) => texts(&events.severities),
            (Vocabulary::Relatedness, _, Some(events)) => texts(&events.relatedness),
            (Vocabulary::SessionKind | Vocabulary::Route | Vocabulary::Molecule, None, _)
            | (Vocabulary::EventKind | Vocabulary::Severity | Vocabulary::Relatedness, _, None) => Vec::new(),
        }
    }

    /// A code as text, read without regard to capitals; `unknown` is a code of every list.
    ///
    /// # Errors
    /// [`ValueError`] if the dictionary has no such list, or the text is none of its codes. Whoever
    /// imports then keeps `unknown` and counts it.
    pub fn check_code(&self, of: Vocabulary, text: &str) -> Result<String, ValueError> {
        let trimmed = text.trim_matches([' ', '\t']);
        if trimmed.is_empty() {
            return Err(ValueError::Empty { of: of.singular().to_owned() });
        }
        let known = self.listed(of)?;
        let mut all = known.iter().copied().chain([UNKNOWN]);
        let found = all.find(|code| code.eq_ignore_ascii_case(trimmed)).map(str::to_owned);
        found.ok_or_else(|| no_such_code(of, trimmed, &known))
    }

    /// A code as it is stored: spelled as in the dictionary, or `unknown`.
    pub(super) fn check_stored_code(&self, of: Vocabulary, code: &str) -> Result<(), ValueError> {
        let known = self.listed(of)?;
        let sound = code == UNKNOWN || known.contains(&code);
        if sound { Ok(()) } else { Err(no_such_code(of, code, &known)) }
    }

    fn listed(&self, of: Vocabulary) -> Result<Vec<&str>, ValueError> {
        let known = self.codes(of);
        if known.is_empty() { Err(ValueError::NoVocabulary { of: of.plural() }) } else { Ok(known) }
    }
}

fn no_such_code(of: Vocabulary, value: &str, known: &[&str]) -> ValueError {
    let near = nearest(value, known.iter().copied());
    let known = known.iter().map(|code| (*code).to_owned()).collect();
    ValueError::NoSuchValue { of: of.singular().to_owned(), value: value.to_owned(), near, known }
}
