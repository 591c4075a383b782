//! From a written field to a checked one.

use std::collections::BTreeSet;

use toml::Spanned;

use super::check::Lines;
use super::check_instrument::About;
use super::flaw::{DictionaryError, DictionaryFlaw};
use super::name::NAME_BYTES_MAX;
use super::written::{WrittenField, WrittenKind};
use super::{Field, FieldKind, UNKNOWN};

/// Most values of one closed category.
const VALUES_MAX: usize = 256;

pub(super) fn check(lines: &Lines<'_>, written: &WrittenField) -> Result<Field, DictionaryError> {
    let about = About { lines, id: written.id.get_ref() };
    let kind = match written.kind {
        WrittenKind::Category => {
            about.numberless(written, "category")?;
            FieldKind::Category { values: about.values(written)? }
        }
        WrittenKind::Flag => {
            about.numberless(written, "flag")?;
            about.absent(written.values.as_ref(), "values", "flag")?;
            FieldKind::Flag
        }
        WrittenKind::Number => {
            about.absent(written.values.as_ref(), "values", "number")?;
            let min = about.present(written, written.min.as_ref(), "min")?;
            let max = about.present(written, written.max.as_ref(), "max")?;
            let (min, max) = about.range(min, max)?;
            FieldKind::Number {
                min,
                max,
                decimals: about.decimals(written.decimals.as_ref())?,
                unit: written.unit.as_ref().map(|unit| about.plain(unit, "unit")).transpose()?,
                reference_sd: about.within(written.reference_sd.as_ref(), "reference_sd", max - min)?,
            }
        }
    };
    let source = written.source.as_ref().map(|source| about.plain(source, "source")).transpose()?;
    Ok(Field { id: written.id.get_ref().clone(), category: written.category, kind, source: source.unwrap_or_default() })
}

impl About<'_> {
    fn absent<T>(
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

    fn values(&self, written: &WrittenField) -> Result<Vec<String>, DictionaryError> {
        let at = self.present(written, written.values.as_ref(), "values")?;
        let refuse = |fault: String, remedy| Err(self.value(at, "values", fault, remedy));
        let values = at.get_ref();
        if values.is_empty() || values.len() > VALUES_MAX {
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
