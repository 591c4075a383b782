//! From the written dictionary to the checked one: names, and what one part says about another.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::question;

use super::about::{About, Findings, Lines, nameable};
use super::check_codes::{Codes, check_codes};
use super::check_session::check_session;
use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::fold;
use super::reading::Written;
use super::written::{WrittenEventKind, WrittenEvents, WrittenField};
use super::{
    BaselineRule, Code, Dictionary, EventKind, EventRules, Place, ToldBy, check_field, check_instrument, reading,
};

/// Reads and checks a text. Every flaw is found that does not hide behind another.
pub(super) fn check(text: &str) -> Result<Dictionary, Vec<DictionaryError>> {
    let mut findings = Findings::default();
    let dictionary = reading::read(text, &mut findings).and_then(|written| build(text, written, &mut findings));
    match dictionary {
        Some(dictionary) if findings.is_empty() => Ok(dictionary),
        Some(_) | None => Err(findings.into_sorted()),
    }
}

fn build(text: &str, written: Written, findings: &mut Findings) -> Option<Dictionary> {
    let lines = Lines(text);
    if let Some(head) = &written.head {
        findings.keep(nameable(lines, &head.name));
    }
    let mut names = Names { lines, taken: BTreeMap::new() };
    let mut places = BTreeMap::new();
    let (mut instruments, mut fields) = (Vec::new(), Vec::new());
    for written in &written.instruments {
        if let Some(folded) = findings.keep(names.claim(&written.id)) {
            places.insert(folded, Place::Instrument(instruments.len()));
        }
        instruments.extend(check_instrument::check(lines, written, findings));
    }
    for written in &written.fields {
        if let Some(folded) = findings.keep(names.claim(&written.id)) {
            places.insert(folded, Place::Field(fields.len()));
        }
        fields.extend(check_field::check(lines, written, findings));
    }
    let session = written
        .session
        .as_ref()
        .and_then(|session| check_session(lines, session, &written.molecules, &written.routes, findings));
    let events = written.events.as_ref().and_then(|events| check_events(lines, events, &written.event_kinds, findings));
    let times = check_codes(lines, "time_to_event", &written.time_to_event, findings);
    let comedications = check_codes(lines, "comedication", &written.comedications, findings);
    check_told_by(lines, &written.fields, &comedications, findings);
    let (name, version, baseline) = written.head.map_or_else(
        || (String::new(), 0, BaselineRule::default()),
        |head| (head.name.into_inner(), head.version, head.baseline),
    );
    Some(Dictionary { name, version, baseline, instruments, fields, session, events, times, comedications, places })
}

/// The names of instruments and fields, which share one space in questions.
struct Names<'a> {
    lines: Lines<'a>,
    taken: BTreeMap<String, (String, usize)>,
}

impl Names<'_> {
    /// Takes a name for one instrument or field, or says who has it already.
    fn claim(&mut self, id: &Spanned<String>) -> Result<String, DictionaryError> {
        nameable(self.lines, id)?;
        let folded = fold(id.get_ref());
        if let Some((first, start)) = self.taken.get(&folded) {
            let (first, first_line) = (first.clone(), self.lines.line(*start));
            let flaw = DictionaryFlaw::NameTwice { id: id.get_ref().clone(), first, first_line };
            return Err(self.lines.flaw(&id.span(), flaw));
        }
        self.taken.insert(folded.clone(), (id.get_ref().clone(), id.span().start));
        if question::is_identifying(&folded) {
            return Err(self.lines.flaw(&id.span(), DictionaryFlaw::Identifying { id: id.get_ref().clone() }));
        }
        Ok(folded)
    }
}

fn check_events(
    lines: Lines<'_>,
    written: &WrittenEvents,
    kinds: &[WrittenEventKind],
    findings: &mut Findings,
) -> Option<EventRules> {
    let about = About { lines, id: "events" };
    let severities = findings.keep(about.code_list(&written.severities, "severities"));
    let relatedness = findings.keep(about.code_list(&written.relatedness, "relatedness"));
    let onset_minutes_max = findings.keep(about.above_zero(&written.onset_minutes_max, "onset_minutes_max"));
    let mut codes = Codes::new(lines, "an event");
    let mut checked = Vec::new();
    for kind in kinds {
        let code = codes.check(&kind.id, kind.coding.as_ref(), kind.source.as_ref(), findings);
        checked.extend(code.map(|code| EventKind { code, onset: kind.onset }));
    }
    Some(EventRules {
        kinds: checked,
        severities: severities?,
        relatedness: relatedness?,
        onset_minutes_max: onset_minutes_max?,
    })
}

/// Whether every field that is told by a class of medicine names one that there is.
fn check_told_by(lines: Lines<'_>, fields: &[WrittenField], classes: &[Code], findings: &mut Findings) {
    for field in fields {
        let Some(at) = &field.told_by else { continue };
        let Some(told_by) = ToldBy::of(at.get_ref()) else { continue };
        if !classes.iter().any(|class| class.id == told_by.class()) {
            let about = About { lines, id: field.id.get_ref() };
            let fault = format!("names `{}`, which is no `[[comedication]]`", told_by.class());
            findings.keep::<()>(Err(about.value(at, "told_by", fault, "add the class, or name one that there is")));
        }
    }
}
