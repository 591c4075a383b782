//! From a written field to a checked one.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::about::{About, Findings, Lines};
use super::check_codes::CODES_MAX;
use super::coding::Coding;
use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::NAME_BYTES_MAX;
use super::written::{WrittenField, WrittenKind};
use super::{Field, FieldKind, ToldBy, UNKNOWN};

pub(super) fn check(lines: Lines<'_>, written: &WrittenField, findings: &mut Findings) -> Option<Field> {
    let about = About { lines, id: written.id.get_ref() };
    let source = findings.keep(about.plain_or_none(written.source.as_ref(), "source"));
    let kind = findings.keep(about.kind(written));
    let coding = findings.keep(about.codings(written));
    let told_by = findings.keep(about.told_by(written));
    Some(Field {
        id: written.id.get_ref().clone(),
        category: written.category,
        kind: kind?,
        coding: coding?,
        told_by: told_by?,
        source: source?,
    })
}

impl About<'_> {
    fn kind(&self, written: &WrittenField) -> Result<FieldKind, DictionaryError> {
        match written.kind {
            WrittenKind::Category => {
                self.numberless(written, "category")?;
                Ok(FieldKind::Category { values: self.values(written)? })
            }
            WrittenKind::Flag => {
                self.numberless(written, "flag")?;
                self.absent(written.values.as_ref(), "values", "flag")?;
                Ok(FieldKind::Flag)
            }
            WrittenKind::Number => {
                self.absent(written.values.as_ref(), "values", "number")?;
                let min = self.present(written, written.min.as_ref(), "min")?;
                let max = self.present(written, written.max.as_ref(), "max")?;
                let (min, max) = self.range(min, max)?;
                Ok(FieldKind::Number {
                    min,
                    max,
                    decimals: self.decimals(written.decimals.as_ref())?,
                    unit: written.unit.as_ref().map(|unit| self.plain(unit, "unit")).transpose()?,
                    reference_sd: self.within(written.reference_sd.as_ref(), "reference_sd", max - min)?,
                })
            }
        }
    }

    fn numberless(&self, written: &WrittenField, kind: &'static str) -> Result<(), DictionaryError> {
        self.absent(written.min.as_ref(), "min", kind)?;
        self.absent(written.max.as_ref(), "max", kind)?;
        self.absent(written.decimals.as_ref(), "decimals", kind)?;
        self.absent(written.unit.as_ref(), "unit", kind)?;
        self.absent(written.reference_sd.as_ref(), "reference_sd", kind)
    }

    fn present<'w, T>(
        &self,
        written: &WrittenField,
        key: Option<&'w Spanned<T>>,
        name: &'static str,
    ) -> Result<&'w Spanned<T>, DictionaryError> {
        let missing = || DictionaryFlaw::Missing { id: self.id.to_owned(), key: name };
        key.ok_or_else(|| self.lines.flaw(&written.id.span(), missing()))
    }

    /// What other systems call the values, each of them at most once, so that an import knows which
    /// value is meant.
    fn codings(&self, written: &WrittenField) -> Result<BTreeMap<String, Coding>, DictionaryError> {
        let values = written.values.as_ref().map_or(&[][..], |values| values.get_ref());
        let (mut seen, mut codings) = (BTreeMap::new(), BTreeMap::new());
        for (value, at) in written.coding.iter().flatten() {
            if !values.contains(value) {
                let fault = format!("is for `{value}`, which is no value");
                return Err(self.value(at, "coding", fault, "spell it as in `values`"));
            }
            let coding = self.coding(Some(at))?;
            for (system, code) in coding.each() {
                if let Some(other) = seen.insert((system, code.to_owned()), value) {
                    let fault = format!("has {} `{code}` for `{other}` and `{value}`", system.name());
                    return Err(self.value(at, "coding", fault, "keep it with the one value that it means"));
                }
            }
            codings.insert(value.clone(), coding);
        }
        Ok(codings)
    }

    fn told_by(&self, written: &WrittenField) -> Result<Option<ToldBy>, DictionaryError> {
        let Some(at) = &written.told_by else { return Ok(None) };
        let kind = match written.kind {
            WrittenKind::Flag => None,
            WrittenKind::Category => Some("category"),
            WrittenKind::Number => Some("number"),
        };
        if let Some(kind) = kind {
            self.absent(Some(at), "told_by", kind)?;
        }
        let told_by = ToldBy::of(at.get_ref());
        told_by.map(Some).ok_or_else(|| {
            let remedy = "write one of `at_home = \"class\"` and `in_session = \"class\"`";
            self.value(at, "told_by", "names no class, or two", remedy)
        })
    }

    fn values(&self, written: &WrittenField) -> Result<Vec<String>, DictionaryError> {
        let at = self.present(written, written.values.as_ref(), "values")?;
        let refuse = |fault: String, remedy| Err(self.value(at, "values", fault, remedy));
        let values = at.get_ref();
        if values.is_empty() || values.len() > CODES_MAX {
            return refuse(format!("has {} entries", values.len()), "list 1 to 256 codes");
        }
        let mut seen = BTreeSet::new();
        for value in values {
            let formed = (1..=NAME_BYTES_MAX).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'"' | b'\\' | b','));
            if !formed {
                let remedy = "use letters, digits and signs such as `_`, without spaces, quotes or commas";
                return refuse(format!("has the code {value:?}"), remedy);
            }
            if value.eq_ignore_ascii_case(UNKNOWN) {
                let remedy = "leave it out: every category has it, and it counts as missing";
                return refuse(format!("has the code `{value}`"), remedy);
            }
            if !seen.insert(value.to_ascii_lowercase()) {
                return refuse(format!("has `{value}` twice"), "list each code once, whatever its capitals");
            }
        }
        Ok(values.clone())
    }
}
