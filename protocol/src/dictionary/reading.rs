//! From text to what its author wrote, table by table, with every flaw on the way.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use crate::limits::DICTIONARY_BYTES_MAX;

use super::about::{Findings, Lines};
use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::nearest;
use super::written::{
    WrittenCode, WrittenEventKind, WrittenEvents, WrittenField, WrittenHead, WrittenInstrument, WrittenRoute,
    WrittenSession,
};

/// What stands where somebody still has to decide. A dictionary with one is refused.
pub const PLACEHOLDER: &str = "?";

/// How a comment begins that tells what was seen in records. It helps whoever writes a bound, and is
/// refused afterwards: the dictionary is signed and read by everybody.
pub const SEEN: &str = "# seen, not to be used as bound";

/// The keys before the first table.
const HEAD: [&str; 3] = ["name", "version", "baseline"];
/// The tables.
const TABLES: [&str; 6] = ["instrument", "field", "session", "events", "time_to_event", "comedication"];

/// Every table of a dictionary that could be read.
pub(super) struct Written {
    pub(super) head: Option<WrittenHead>,
    pub(super) instruments: Vec<WrittenInstrument>,
    pub(super) fields: Vec<WrittenField>,
    pub(super) session: Option<WrittenSession>,
    pub(super) molecules: Vec<WrittenCode>,
    pub(super) routes: Vec<WrittenRoute>,
    pub(super) events: Option<WrittenEvents>,
    pub(super) event_kinds: Vec<WrittenEventKind>,
    pub(super) time_to_event: Vec<WrittenCode>,
    pub(super) comedications: Vec<WrittenCode>,
}

/// Reads what can be read. `None` if the text is no TOML, so that nothing behind the first mistake
/// would mean what it says.
pub(super) fn read(text: &str, findings: &mut Findings) -> Option<Written> {
    let lines = Lines(text);
    if text.len() > DICTIONARY_BYTES_MAX {
        let flaw = DictionaryFlaw::TooLong { bytes: text.len() };
        return findings.keep(Err(DictionaryError { line: 1, flaw }));
    }
    for (line, _) in (1..).zip(text.lines()).filter(|(_, line)| line.trim_start().starts_with(SEEN)) {
        findings.keep::<()>(Err(DictionaryError { line, flaw: DictionaryFlaw::Seen }));
    }
    let (document, broken) = DeTable::parse_recoverable(text);
    if !broken.is_empty() {
        for error in broken {
            findings.keep::<()>(Err(shape(lines, &error, 0)));
        }
        return None;
    }
    Some(Reading { lines, findings }.document(document))
}

struct Reading<'a> {
    lines: Lines<'a>,
    findings: &'a mut Findings,
}

impl Reading<'_> {
    fn document(&mut self, document: Spanned<DeTable<'_>>) -> Written {
        let span = document.span();
        let mut table = document.into_inner();
        let instruments = self.list(&mut table, "instrument");
        let fields = self.list(&mut table, "field");
        let time_to_event = self.list(&mut table, "time_to_event");
        let comedications = self.list(&mut table, "comedication");
        let (mut molecules, mut routes, mut event_kinds) = (Vec::new(), Vec::new(), Vec::new());
        let session = self.table(&mut table, "session", |reading, inner| {
            molecules = reading.list(inner, "molecule");
            routes = reading.list(inner, "route");
        });
        let events = self.table(&mut table, "events", |reading, inner| event_kinds = reading.list(inner, "kind"));
        self.strangers(&mut table);
        let head = self.piece("the dictionary", Spanned::new(span, DeValue::Table(table)));
        Written {
            head,
            instruments,
            fields,
            session,
            molecules,
            routes,
            events,
            event_kinds,
            time_to_event,
            comedications,
        }
    }

    /// Takes out what is neither a key nor a table of a dictionary, and says so.
    fn strangers(&mut self, table: &mut DeTable<'_>) {
        let keys = table.keys().filter(|key| !HEAD.contains(&key.get_ref().as_ref()));
        let strangers: Vec<_> = keys.map(|key| (key.get_ref().to_string(), key.span())).collect();
        for (key, span) in strangers {
            table.remove(key.as_str());
            let near = nearest(&key, HEAD.into_iter().chain(TABLES));
            let near = near.map_or_else(|| TABLES.join(", "), |near| format!("did you mean `{near}`?"));
            let message = format!("`{key}` is nothing that a dictionary has: {near}");
            self.findings.keep::<()>(Err(self.lines.flaw(&span, DictionaryFlaw::Shape { message })));
        }
    }

    /// A table of tables, taken out of the one it stands in.
    fn list<T: for<'de> Deserialize<'de>>(&mut self, from: &mut DeTable<'_>, key: &'static str) -> Vec<T> {
        let Some(value) = from.remove(key) else { return Vec::new() };
        let span = value.span();
        let DeValue::Array(pieces) = value.into_inner() else {
            let message = format!("`{key}` is written as `[[{key}]]`, once for each");
            self.findings.keep::<()>(Err(self.lines.flaw(&span, DictionaryFlaw::Shape { message })));
            return Vec::new();
        };
        pieces.into_iter().filter_map(|piece| self.piece(key, piece)).collect()
    }

    /// A table that stands once, taken out of the one it stands in; `inner` takes its lists out first.
    fn table<T: for<'de> Deserialize<'de>>(
        &mut self,
        from: &mut DeTable<'_>,
        key: &'static str,
        inner: impl FnOnce(&mut Self, &mut DeTable<'_>),
    ) -> Option<T> {
        let mut value = from.remove(key)?;
        if let DeValue::Table(table) = value.get_mut() {
            inner(self, table);
        }
        self.piece(key, value)
    }

    /// One table, if nothing in it is still to be decided.
    fn piece<T: for<'de> Deserialize<'de>>(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Option<T> {
        if self.unfilled(key, &value) {
            return None;
        }
        let start = value.span().start;
        let read = T::deserialize(ValueDeserializer::from(value).into_deserializer());
        self.findings.keep(read.map_err(|error| shape(self.lines, &error, start)))
    }

    /// Whether something in a table is still to be decided, and what. The table is told by its id, or
    /// by the key it stands under.
    fn unfilled(&mut self, under: &str, value: &Spanned<DeValue<'_>>) -> bool {
        let Some(table) = value.get_ref().as_table() else { return false };
        let id = value.get_ref().get("id").and_then(|id| id.get_ref().as_str());
        let id = id.filter(|id| *id != PLACEHOLDER).unwrap_or(under);
        let mut found = false;
        for (key, inner) in table {
            if inner.get_ref().as_str() == Some(PLACEHOLDER) {
                let flaw = DictionaryFlaw::Unfilled { id: id.to_owned(), key: key.get_ref().to_string() };
                self.findings.keep::<()>(Err(self.lines.flaw(&inner.span(), flaw)));
                found = true;
            }
            found |= self.unfilled(key.get_ref(), inner);
        }
        found
    }
}

/// A flaw in the TOML reader's own words, without what only programmers say.
fn shape(lines: Lines<'_>, error: &Error, otherwise: usize) -> DictionaryError {
    let span = error.span().unwrap_or(otherwise..otherwise);
    lines.flaw(&span, DictionaryFlaw::Shape { message: error.message().to_owned() })
}
