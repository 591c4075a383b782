//! Codes of records against the lists of the dictionary.

use super::super::name::nearest;
use super::super::{Code, Dictionary, EventKind, Route, UNKNOWN};
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
        self.list(of).iter().collect()
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
        let found = known.iter().chain([UNKNOWN]).find(|code| code.eq_ignore_ascii_case(trimmed)).map(str::to_owned);
        found.ok_or_else(|| no_such_code(of, trimmed, &known))
    }

    /// A code as it is stored: spelled as in the dictionary, or `unknown`.
    pub(super) fn check_stored_code(&self, of: Vocabulary, code: &str) -> Result<(), ValueError> {
        let known = self.listed(of)?;
        let sound = code == UNKNOWN || known.iter().any(|known| known == code);
        if sound { Ok(()) } else { Err(no_such_code(of, code, &known)) }
    }

    fn listed(&self, of: Vocabulary) -> Result<List<'_>, ValueError> {
        let known = self.list(of);
        if known.iter().next().is_none() { Err(ValueError::NoVocabulary { of: of.plural() }) } else { Ok(known) }
    }

    fn list(&self, of: Vocabulary) -> List<'_> {
        let nothing = List::default();
        match (of, self.session(), self.events()) {
            (Vocabulary::TimeToEvent, _, _) => List { codes: self.times_to_event(), ..nothing },
            (Vocabulary::Comedication, _, _) => List { codes: self.comedications(), ..nothing },
            (Vocabulary::SessionKind, Some(session), _) => List { texts: &session.kinds, ..nothing },
            (Vocabulary::Route, Some(session), _) => List { routes: &session.routes, ..nothing },
            (Vocabulary::Molecule, Some(session), _) => List { codes: &session.molecules, ..nothing },
            (Vocabulary::EventKind, _, Some(events)) => List { kinds: &events.kinds, ..nothing },
            (Vocabulary::Severity, _, Some(events)) => List { texts: &events.severities, ..nothing },
            (Vocabulary::Relatedness, _, Some(events)) => List { texts: &events.relatedness, ..nothing },
            (Vocabulary::SessionKind | Vocabulary::Route | Vocabulary::Molecule, None, _)
            | (Vocabulary::EventKind | Vocabulary::Severity | Vocabulary::Relatedness, _, None) => nothing,
        }
    }
}

/// A list as the dictionary holds it: at most one of the four is not empty. Codes are looked up for every cell of an
/// import, so nothing is copied to look at them.
#[derive(Clone, Copy, Default)]
struct List<'d> {
    texts: &'d [String],
    codes: &'d [Code],
    routes: &'d [Route],
    kinds: &'d [EventKind],
}

impl<'d> List<'d> {
    /// The codes in the dictionary's order.
    fn iter(self) -> impl Iterator<Item = &'d str> {
        let codes = self.codes.iter().chain(self.routes.iter().map(|route| &route.code));
        let codes = codes.chain(self.kinds.iter().map(|kind| &kind.code)).map(|code| code.id.as_str());
        self.texts.iter().map(String::as_str).chain(codes)
    }
}

fn no_such_code(of: Vocabulary, value: &str, known: &List<'_>) -> ValueError {
    let near = nearest(value, known.iter());
    let known = known.iter().map(str::to_owned).collect();
    ValueError::NoSuchValue { of: of.singular().to_owned(), value: value.to_owned(), near, known }
}
