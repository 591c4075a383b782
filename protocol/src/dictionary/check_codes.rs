//! From written lists of codes to checked ones.

use std::collections::BTreeSet;

use toml::Spanned;

use super::about::{About, Findings, Lines, nameable};
use super::coding::{Coding, WrittenCoding};
use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::fold;
use super::written::WrittenCode;
use super::{Code, UNKNOWN};

/// Most codes of one vocabulary.
pub(super) const CODES_MAX: usize = 256;

/// The codes of one vocabulary, as they come.
pub(super) struct Codes<'a> {
    lines: Lines<'a>,
    what: &'static str,
    taken: BTreeSet<String>,
}

/// A whole list of codes that need nothing else.
pub(super) fn check_codes(
    lines: Lines<'_>,
    what: &'static str,
    written: &[WrittenCode],
    findings: &mut Findings,
) -> Vec<Code> {
    let mut codes = Codes::new(lines, what);
    let check = |code: &WrittenCode| codes.check(&code.id, code.coding.as_ref(), code.source.as_ref(), findings);
    written.iter().filter_map(check).collect()
}

impl<'a> Codes<'a> {
    pub(super) const fn new(lines: Lines<'a>, what: &'static str) -> Self {
        Self { lines, what, taken: BTreeSet::new() }
    }

    /// One code: a name that questions can write, once in its vocabulary.
    pub(super) fn check(
        &mut self,
        id: &Spanned<String>,
        coding: Option<&Spanned<WrittenCoding>>,
        source: Option<&Spanned<String>>,
        findings: &mut Findings,
    ) -> Option<Code> {
        let about = About { lines: self.lines, id: id.get_ref() };
        let claimed = findings.keep(self.claim(id));
        let coding = findings.keep(about.coding(coding));
        let source = findings.keep(about.plain_or_none(source, "source"));
        claimed?;
        Some(Code { id: id.get_ref().clone(), coding: coding?, source: source? })
    }

    fn claim(&mut self, id: &Spanned<String>) -> Result<(), DictionaryError> {
        nameable(self.lines, id)?;
        let about = About { lines: self.lines, id: id.get_ref() };
        if self.taken.len() >= CODES_MAX {
            let fault = format!("is past the {CODES_MAX} codes that a list may have");
            return Err(about.value(id, "id", fault, "shorten the list"));
        }
        if id.get_ref().eq_ignore_ascii_case(UNKNOWN) {
            let remedy = "leave it out: every list has it, and it counts as missing";
            return Err(about.value(id, "id", "is the code that every list has", remedy));
        }
        if !self.taken.insert(fold(id.get_ref())) {
            let flaw = DictionaryFlaw::CodeTwice { id: id.get_ref().clone(), what: self.what };
            return Err(self.lines.flaw(&id.span(), flaw));
        }
        Ok(())
    }
}

impl About<'_> {
    /// What other systems call a code.
    pub(super) fn coding(&self, coding: Option<&Spanned<WrittenCoding>>) -> Result<Coding, DictionaryError> {
        let Some(at) = coding else { return Ok(Coding::default()) };
        Coding::checked(at.get_ref()).map_err(|(system, code)| {
            let fault = format!("has `{code}`, which {} cannot have", system.name());
            self.value(at, "coding", fault, "copy it from its system, or leave it out; never guess")
        })
    }

    /// A list of codes that need no more than their name.
    pub(super) fn code_list(
        &self,
        at: &Spanned<Vec<String>>,
        key: &'static str,
    ) -> Result<Vec<String>, DictionaryError> {
        let codes = at.get_ref();
        if codes.is_empty() || codes.len() > CODES_MAX {
            return Err(self.value(at, key, format!("has {} entries", codes.len()), "list 1 to 256 codes"));
        }
        let mut taken = BTreeSet::new();
        for code in codes {
            nameable(self.lines, &Spanned::new(at.span(), code.clone()))?;
            if code.eq_ignore_ascii_case(UNKNOWN) {
                let remedy = "leave it out: every list has it, and it counts as missing";
                return Err(self.value(at, key, format!("has the code `{code}`"), remedy));
            }
            if !taken.insert(fold(code)) {
                let remedy = "list each code once, whatever its capitals";
                return Err(self.value(at, key, format!("has `{code}` twice"), remedy));
            }
        }
        Ok(codes.clone())
    }
}
