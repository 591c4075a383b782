//! From a written instrument to a checked one.

use toml::Spanned;

use super::check::Lines;
use super::flaw::{DictionaryError, DictionaryFlaw};
use super::written::{WrittenInstrument, WrittenRemission, WrittenResponse};
use super::{Band, Better, DECIMALS_MAX, Fraction, Instrument, RANGE_MAX};

/// Longest recall: ten years of days.
const RECALL_DAYS_MAX: u32 = 3_653;

pub(super) fn check(lines: &Lines<'_>, written: &WrittenInstrument) -> Result<Instrument, DictionaryError> {
    let about = About { lines, id: written.id.get_ref() };
    let (min, max) = about.range(&written.min, &written.max)?;
    let width = max - min;
    let decimals = about.decimals(written.decimals.as_ref())?;
    let instrument = Instrument {
        id: written.id.get_ref().clone(),
        version: about.filled(&written.version, "version")?,
        category: written.category,
        min,
        max,
        decimals,
        reference_sd: about.within(written.reference_sd.as_ref(), "reference_sd", width)?,
        change_clip: about.change_clip(written.change_clip.as_ref(), width)?,
        better: written.better,
        bands: about.bands(written.bands.as_ref(), min, max)?,
        response: about.response(written.response.as_ref(), written.better, min)?,
        remission: about.remission(written.remission.as_ref(), written.better, min, max)?,
        mcid: about.within(written.mcid.as_ref(), "mcid", width)?,
        recall_days: about.within(written.recall_days.as_ref(), "recall_days", i64::from(RECALL_DAYS_MAX))?,
        rates_change: written.rates_change,
        loinc: about.loinc(written.loinc.as_ref())?,
        source: about.filled(&written.source, "source")?,
        licence: about.filled(&written.licence, "licence")?,
    };
    if let (true, Some(response)) = (instrument.rates_change, &written.response) {
        let fault = "compares with a baseline, which a total that rates change itself does not have";
        return Err(about.value(response, "response", fault, "remove the rule, or `rates_change`"));
    }
    Ok(instrument)
}

/// The instrument or field that flaws are told about.
pub(super) struct About<'a> {
    pub(super) lines: &'a Lines<'a>,
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

    fn change_clip(
        &self,
        clip: Option<&Spanned<(i64, i64)>>,
        width: i64,
    ) -> Result<Option<(i64, i64)>, DictionaryError> {
        let Some(at) = clip else { return Ok(None) };
        let (low, high) = *at.get_ref();
        if low >= high || low < -width || high > width {
            let fault = format!("is {low} to {high}, where changes go from {} to {width}", -width);
            return Err(self.value(at, "change_clip", fault, "give the lower end first, both inside that range"));
        }
        Ok(Some((low, high)))
    }

    fn bands(&self, bands: Option<&Spanned<Vec<Band>>>, min: i64, max: i64) -> Result<Vec<Band>, DictionaryError> {
        let Some(at) = bands else { return Ok(Vec::new()) };
        let mut next = min;
        for band in at.get_ref() {
            if band.name.contains(char::is_control) {
                return Err(self.value(at, "bands", "has a name that cannot be shown", "name it in plain text"));
            }
            if band.from != next || band.to < band.from {
                let fault = format!("has `{}` from {} to {}, expected from {next}", band.name, band.from, band.to);
                return Err(self.value(at, "bands", fault, "list bands ascending, without gaps or overlap"));
            }
            next = band.to + 1;
        }
        if next != max + 1 {
            let fault = format!("ends at {}, where the total ends at {max}", next - 1);
            return Err(self.value(at, "bands", fault, "let the last band end at `max`"));
        }
        Ok(at.get_ref().clone())
    }

    fn response(
        &self,
        rule: Option<&Spanned<WrittenResponse>>,
        better: Better,
        min: i64,
    ) -> Result<Option<Fraction>, DictionaryError> {
        let Some(at) = rule else { return Ok(None) };
        let share = at.get_ref().at_least;
        let refuse = |fault: &str, remedy| Err(self.value(at, "response", fault, remedy));
        if better == Better::Neutral {
            return refuse("needs a direction of recovery", "remove the rule, or set `better`");
        }
        if min < 0 {
            return refuse("is a share of the baseline, which may be below 0 here", "remove the rule");
        }
        match Fraction::reduced(u64::from(share.num), u64::from(share.den)) {
            None => refuse("has a 0 in its fraction", "write half as `{ num = 1, den = 2 }`"),
            Some(f) if better == Better::Lower && f.num > f.den => {
                refuse("asks for more than all of the baseline", "use a share of at most 1")
            }
            Some(fraction) => Ok(Some(fraction)),
        }
    }

    fn remission(
        &self,
        rule: Option<&Spanned<WrittenRemission>>,
        better: Better,
        min: i64,
        max: i64,
    ) -> Result<Option<i64>, DictionaryError> {
        let Some(at) = rule else { return Ok(None) };
        let limit = match (better, at.get_ref().at_most, at.get_ref().at_least) {
            (Better::Lower, Some(limit), None) | (Better::Higher, None, Some(limit)) => limit,
            (Better::Lower | Better::Higher | Better::Neutral, _, _) => {
                let remedy =
                    "use `at_most` where lower is better, `at_least` where higher is; neutral totals have none";
                return Err(self.value(at, "remission", "does not fit the direction of recovery", remedy));
            }
        };
        if limit < min || limit > max {
            let fault = format!("begins at {limit}, where the total goes from {min} to {max}");
            return Err(self.value(at, "remission", fault, "give a total that exists"));
        }
        Ok(Some(limit))
    }

    /// A LOINC code ends in a check digit (Luhn, mod 10), which catches guessed and mistyped ones.
    fn loinc(&self, code: Option<&Spanned<String>>) -> Result<Option<String>, DictionaryError> {
        let Some(at) = code else { return Ok(None) };
        if !is_loinc(at.get_ref()) {
            let fault = format!("is `{}`, whose check digit is wrong", at.get_ref());
            return Err(self.value(at, "loinc", fault, "copy it from loinc.org, or leave it out; never guess"));
        }
        Ok(Some(at.get_ref().clone()))
    }

    fn filled(&self, text: &Spanned<String>, key: &'static str) -> Result<String, DictionaryError> {
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
            return Err(self.value(
                text,
                key,
                "has a character that cannot be seen",
                "write it on one line, in plain text",
            ));
        }
        Ok(text.get_ref().clone())
    }
}

fn is_loinc(code: &str) -> bool {
    let Some((digits, check)) = code.split_once('-') else { return false };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || digits.len() > 7 || check.len() != 1 || !all_digits(digits) || !all_digits(check) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            let weighed = if place % 2 == 0 { digit * 2 } else { digit };
            weighed / 10 + weighed % 10
        })
        .sum();
    check == ((10 - sum % 10) % 10).to_string()
}

#[cfg(test)]
mod tests {
    use super::is_loinc;

    #[test]
    fn a_loinc_code_with_a_wrong_check_digit_is_no_code() {
        for real in ["44261-6", "44249-1", "70274-6", "89209-1", "93293-9", "75626-2", "101698-9", "8480-6"] {
            assert!(is_loinc(real), "{real} exists");
        }
        for wrong in ["44261-5", "44621-6", "44261", "-6", "44261-66", "4426x-6", ""] {
            assert!(!is_loinc(wrong), "{wrong}");
        }
    }
}
