//! From a written session block to a checked one.

use toml::Spanned;

use crate::record::Micrograms;

use super::about::{About, Findings, Lines};
use super::check_codes::{Codes, check_codes};
use super::coding::is_loinc;
use super::flaw::DictionaryError;
use super::written::{WrittenBioavailability, WrittenBounds, WrittenCode, WrittenRoute, WrittenSession};
use super::{Bioavailability, Bounds, Route, SessionRules};

/// Largest dose limit: a kilogram of medicine in one session is a slip of units.
const DOSE_MG_MAX: u32 = 1_000_000;
/// Heaviest weight that a dictionary may allow, in kilograms.
const WEIGHT_KG_MAX: u16 = 1_000;
/// Largest of any vital sign.
const VITAL_MAX: u16 = 1_000;
/// All of something, in percent.
const PERCENT_MAX: u16 = 100;

pub(super) fn check_session(
    lines: Lines<'_>,
    written: &WrittenSession,
    molecules: &[WrittenCode],
    routes: &[WrittenRoute],
    findings: &mut Findings,
) -> Option<SessionRules> {
    let about = About { lines, id: "session" };
    let kinds = findings.keep(about.code_list(&written.kinds, "kinds"));
    let minutes_max = findings.keep(about.above_zero(&written.minutes_max, "minutes_max"));
    let weight = findings.keep(about.bounds(&written.weight, "weight", WEIGHT_KG_MAX));
    let systolic = findings.keep(about.bounds(&written.systolic, "systolic", VITAL_MAX));
    let spo2 = findings.keep(about.bounds(&written.spo2, "spo2", PERCENT_MAX));
    let heart_rate = findings.keep(about.bounds(&written.heart_rate, "heart_rate", VITAL_MAX));
    let molecules = check_codes(lines, "a molecule", molecules, findings);
    let mut codes = Codes::new(lines, "a route");
    let routes: Vec<Route> =
        routes.iter().filter_map(|route| check_route(lines, route, &mut codes, findings)).collect();
    Some(SessionRules {
        kinds: kinds?,
        molecules,
        routes,
        minutes_max: minutes_max?,
        weight: weight?,
        systolic: systolic?,
        spo2: spo2?,
        heart_rate: heart_rate?,
    })
}

fn check_route(
    lines: Lines<'_>,
    written: &WrittenRoute,
    codes: &mut Codes<'_>,
    findings: &mut Findings,
) -> Option<Route> {
    let about = About { lines, id: written.id.get_ref() };
    let code = codes.check(&written.id, written.coding.as_ref(), written.source.as_ref(), findings);
    let dose_max = findings.keep(about.dose_max(&written.dose_mg_max));
    let bioavailability =
        written.bioavailability.as_ref().map(|at| about.bioavailability(at)).map(|it| findings.keep(it));
    Some(Route { code: code?, dose_max: dose_max?, bioavailability: bioavailability.flatten() })
}

impl About<'_> {
    pub(super) fn above_zero(&self, at: &Spanned<u16>, key: &'static str) -> Result<u16, DictionaryError> {
        match *at.get_ref() {
            0 => Err(self.value(at, key, "is 0", "give the longest that is believed, in minutes")),
            most => Ok(most),
        }
    }

    fn dose_max(&self, at: &Spanned<u32>) -> Result<Micrograms, DictionaryError> {
        let limit = *at.get_ref();
        let dose = limit.checked_mul(1_000).filter(|_| (1..=DOSE_MG_MAX).contains(&limit));
        dose.map(Micrograms).ok_or_else(|| {
            let fault = format!("is {limit}, outside 1 to {DOSE_MG_MAX}");
            self.value(at, "dose_mg_max", fault, "give the largest dose of a session that is believed, in mg")
        })
    }

    fn bounds(&self, at: &Spanned<WrittenBounds>, key: &'static str, most: u16) -> Result<Bounds, DictionaryError> {
        let WrittenBounds { min, max, loinc } = at.get_ref();
        if min >= max || *min == 0 || *max > most {
            let fault = format!("goes from {min} to {max}, where bounds go from 1 to {most}");
            return Err(self.value(at, key, fault, "give a `min` above 0 and below the `max`"));
        }
        if let Some(code) = loinc.as_ref().filter(|code| !is_loinc(code)) {
            let fault = format!("has the LOINC code `{code}`, whose check digit is wrong");
            return Err(self.value(at, key, fault, "copy it from loinc.org, or leave it out; never guess"));
        }
        Ok(Bounds { min: *min, max: *max, loinc: loinc.clone() })
    }

    fn bioavailability(&self, at: &Spanned<WrittenBioavailability>) -> Result<Bioavailability, DictionaryError> {
        let WrittenBioavailability { from, to, disputed, source } = at.get_ref();
        if from > to || u16::from(*to) > PERCENT_MAX {
            let fault = format!("goes from {from} to {to} percent");
            return Err(self.value(at, "bioavailability", fault, "give the lower figure first, both at most 100"));
        }
        let source = self.filled(source, "source")?;
        Ok(Bioavailability { from: *from, to: *to, disputed: *disputed, source })
    }
}
