//! From the written dictionary to the checked one: names.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use crate::question;

use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::{NAME_BYTES_MAX, fold};
use super::written::Written;
use super::{Dictionary, Place, check_field, check_instrument};

/// Where in the text a flaw stands, for the line number.
pub(super) struct Lines<'a>(pub(super) &'a str);

impl Lines<'_> {
    pub(super) fn line(&self, at: usize) -> usize {
        self.0.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    pub(super) fn flaw(&self, span: &Range<usize>, flaw: DictionaryFlaw) -> DictionaryError {
        DictionaryError { line: self.line(span.start), flaw }
    }
}

/// Checks everything that the TOML reader could not.
pub(super) fn check(text: &str, written: Written) -> Result<Dictionary, DictionaryError> {
    let lines = Lines(text);
    let Written { name, version, baseline, instrument, field } = written;
    nameable(&lines, &name)?;
    let mut dictionary = Dictionary {
        name: name.into_inner(),
        version,
        baseline,
        instruments: Vec::new(),
        fields: Vec::new(),
        places: BTreeMap::new(),
    };
    let mut taken: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for written in &instrument {
        let folded = claim(&lines, &mut taken, &written.id)?;
        dictionary.places.insert(folded, Place::Instrument(dictionary.instruments.len()));
        dictionary.instruments.push(check_instrument::check(&lines, written)?);
    }
    for written in &field {
        let folded = claim(&lines, &mut taken, &written.id)?;
        dictionary.places.insert(folded, Place::Field(dictionary.fields.len()));
        dictionary.fields.push(check_field::check(&lines, written)?);
    }
    Ok(dictionary)
}

/// Takes a name for one instrument or field, or says who has it already.
fn claim(
    lines: &Lines<'_>,
    taken: &mut BTreeMap<String, (String, usize)>,
    id: &Spanned<String>,
) -> Result<String, DictionaryError> {
    nameable(lines, id)?;
    let folded = fold(id.get_ref());
    let here = (id.get_ref().clone(), id.span().start);
    if let Some((first, start)) = taken.insert(folded.clone(), here) {
        let first_line = lines.line(start);
        let flaw = DictionaryFlaw::NameTwice { id: id.get_ref().clone(), first, first_line };
        return Err(lines.flaw(&id.span(), flaw));
    }
    if question::is_identifying(&folded) {
        return Err(lines.flaw(&id.span(), DictionaryFlaw::Identifying { id: id.get_ref().clone() }));
    }
    Ok(folded)
}

fn nameable(lines: &Lines<'_>, id: &Spanned<String>) -> Result<(), DictionaryError> {
    let name = id.get_ref();
    let formed = name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let spellings = [name.replace('-', "_"), fold(name)];
    if formed && spellings.iter().all(|word| question::is_nameable(word)) {
        return Ok(());
    }
    Err(lines.flaw(&id.span(), DictionaryFlaw::Unnameable { id: name.clone() }))
}
