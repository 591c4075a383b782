//! What is checked alike for everything in a dictionary, and where a flaw stands.

use std::ops::Range;

use toml::Spanned;

use crate::question;

use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::{NAME_BYTES_MAX, fold};
use super::{DECIMALS_MAX, RANGE_MAX};

/// Where in the text a flaw stands, for the line number.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a>(pub(super) &'a str);

impl Lines<'_> {
    pub(super) fn line(&self, at: usize) -> usize {
        self.0.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    pub(super) fn flaw(&self, span: &Range<usize>, flaw: DictionaryFlaw) -> DictionaryError {
        DictionaryError { line: self.line(span.start), flaw }
    }
}

/// All flaws that were found so far. A check goes on behind a flaw, so that an author sees them all.
#[derive(Default)]
pub(super) struct Findings(Vec<DictionaryError>);

impl Findings {
    /// What was checked, if it is sound; else its flaw is kept.
    pub(super) fn keep<T>(&mut self, checked: Result<T, DictionaryError>) -> Option<T> {
        checked.map_err(|flaw| self.0.push(flaw)).ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every flaw by line.
    pub(super) fn into_sorted(mut self) -> Vec<DictionaryError> {
        self.0.sort_by_key(|flaw| flaw.line);
        self.0
    }
}

/// The part of the dictionary that flaws are told about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) id: &'a str,
}

impl About<'_> {
    pub(super) fn value<T>(
        &self,
        at: &Spanned<T>,
        key: &'static str,
        fault: impl Into<String>,
        remedy: &'static str,
    ) -> DictionaryError {
        let flaw = DictionaryFlaw::Value { id: self.id.to_owned(), key, fault: fault.into(), remedy };
        self.lines.flaw(&at.span(), flaw)
    }

    pub(super) fn range(&self, min: &Spanned<i64>, max: &Spanned<i64>) -> Result<(i64, i64), DictionaryError> {
        let (low, high) = (*min.get_ref(), *max.get_ref());
        let id = || self.id.to_owned();
        if low >= high {
            return Err(self.lines.flaw(&max.span(), DictionaryFlaw::Range { id: id(), min: low, max: high }));
        }
        // Far-away ends are refused too, so that no later sum of two values can overflow.
        let width = high.abs_diff(low).max(low.unsigned_abs()).max(high.unsigned_abs());
        if width > RANGE_MAX {
            return Err(self.lines.flaw(&max.span(), DictionaryFlaw::RangeTooWide { id: id(), width }));
        }
        Ok((low, high))
    }

    pub(super) fn decimals(&self, decimals: Option<&Spanned<u8>>) -> Result<u8, DictionaryError> {
        match decimals {
            Some(at) if *at.get_ref() > DECIMALS_MAX => {
                Err(self.value(at, "decimals", format!("is {}", at.get_ref()), "use 0 to 6"))
            }
            Some(at) => Ok(*at.get_ref()),
            None => Ok(0),
        }
    }

    pub(super) fn within(
        &self,
        number: Option<&Spanned<u32>>,
        key: &'static str,
        most: i64,
    ) -> Result<Option<u32>, DictionaryError> {
        let Some(at) = number else { return Ok(None) };
        let value = *at.get_ref();
        if value == 0 || i64::from(value) > most {
            let fault = format!("is {value}, outside 1 to {most}");
            return Err(self.value(at, key, fault, "give a value in that range, or leave it out"));
        }
        Ok(Some(value))
    }

    pub(super) fn filled(&self, text: &Spanned<String>, key: &'static str) -> Result<String, DictionaryError> {
        if text.get_ref().trim().is_empty() {
            return Err(self.value(text, key, "is empty", "say where it was published, and under which terms"));
        }
        self.plain(text, key)
    }

    /// Free text that is shown on screens: nothing in it may move a cursor or turn a line around.
    pub(super) fn plain(&self, text: &Spanned<String>, key: &'static str) -> Result<String, DictionaryError> {
        let hidden = |c: char| {
            c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        if text.get_ref().contains(hidden) {
            let fault = "has a character that cannot be seen";
            return Err(self.value(text, key, fault, "write it on one line, in plain text"));
        }
        Ok(text.get_ref().clone())
    }

    pub(super) fn plain_or_none(
        &self,
        text: Option<&Spanned<String>>,
        key: &'static str,
    ) -> Result<String, DictionaryError> {
        text.map_or(Ok(String::new()), |text| self.plain(text, key))
    }

    pub(super) fn absent<T>(
        &self,
        key: Option<&Spanned<T>>,
        name: &'static str,
        kind: &'static str,
    ) -> Result<(), DictionaryError> {
        key.map_or(Ok(()), |at| {
            let flaw = DictionaryFlaw::Misplaced { id: self.id.to_owned(), key: name, kind };
            Err(self.lines.flaw(&at.span(), flaw))
        })
    }
}

/// A name that questions can write.
pub(super) fn nameable(lines: Lines<'_>, id: &Spanned<String>) -> Result<(), DictionaryError> {
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
