//! From a written instrument to a checked one.

use toml::Spanned;

use super::about::{About, Findings, Lines};
use super::coding::is_loinc;
use super::flaw::DictionaryError;
use super::fractions::MadeOnce;
use super::written::{WrittenChange, WrittenInstrument, WrittenRemission, WrittenResponse};
use super::{Band, Better, Fraction, ImportantChange, Instrument, ResponseRule};

/// Longest recall: ten years of days.
const RECALL_DAYS_MAX: u32 = 3_653;

/// Checks what stands by itself first, then what must fit the range.
pub(super) fn check(lines: Lines<'_>, written: &WrittenInstrument, findings: &mut Findings) -> Option<Instrument> {
    let about = About { lines, id: written.id.get_ref() };
    let version = findings.keep(about.filled(&written.version, "version"));
    let recall_most = i64::from(RECALL_DAYS_MAX);
    let recall_days = findings.keep(about.within(written.recall_days.as_ref(), "recall_days", recall_most));
    let loinc = findings.keep(about.loinc(written.loinc.as_ref(), "loinc"));
    let loinc_panel = findings.keep(about.loinc(written.loinc_panel.as_ref(), "loinc_panel"));
    let reference_source = findings.keep(about.plain_or_none(written.reference_source.as_ref(), "reference_source"));
    let source = findings.keep(about.filled(&written.source, "source"));
    let licence = findings.keep(about.filled(&written.licence, "licence"));
    findings.keep(about.fitting_kinds(written));
    let decimals = findings.keep(about.decimals(written.decimals.as_ref()));
    let (min, max) = findings.keep(about.range(&written.min, &written.max))?;
    let (width, better) = (max - min, written.better);
    let reference_sd = findings.keep(about.within(written.reference_sd.as_ref(), "reference_sd", width));
    let change_clip = findings.keep(about.change_clip(written.change_clip.as_ref(), width));
    let bands = findings.keep(about.bands(written.bands.as_ref(), min, max));
    let response = findings.keep(about.response(written, min, width));
    let remission = findings.keep(about.remission(written.remission.as_ref(), better, min, max));
    let mcid = findings.keep(about.important_change(written.mcid.as_ref(), min, width));
    let reliable_change = findings.keep(about.within(written.reliable_change.as_ref(), "reliable_change", width));
    let decimals = decimals?;
    let items = written.items.as_ref().map(|at| about.items(at, (min, max), decimals));
    let items = items.map_or(Some(None), |items| findings.keep(items).map(Some))?;
    let suicide_item = written.suicide_item.as_ref().map(|at| about.item_number(at, items.as_ref()));
    let suicide_item = suicide_item.map_or(Some(None), |number| findings.keep(number).map(Some));
    Some(Instrument {
        id: written.id.get_ref().clone(),
        version: version?,
        category: written.category,
        min,
        max,
        decimals,
        reference_sd: reference_sd?,
        change_clip: change_clip?,
        reference_source: reference_source?,
        better,
        bands: bands?,
        response: response?,
        remission: remission?,
        mcid: mcid?,
        reliable_change: reliable_change?,
        recall_days: recall_days?,
        per_session: is_set(written.per_session.as_ref()),
        ordinal: is_set(written.ordinal.as_ref()),
        rates_change: written.rates_change,
        items,
        suicide_item: suicide_item?,
        loinc: loinc?,
        loinc_panel: loinc_panel?,
        source: source?,
        licence: licence?,
        fractions: MadeOnce::default(),
    })
}

fn is_set(key: Option<&Spanned<bool>>) -> bool {
    key.is_some_and(|key| *key.get_ref())
}

impl About<'_> {
    /// What a total that rates change itself, a level, or a total of one session cannot have.
    fn fitting_kinds(&self, written: &WrittenInstrument) -> Result<(), DictionaryError> {
        if let (true, Some(response)) = (written.rates_change, &written.response) {
            let fault = "compares with a baseline, which a total that rates change itself does not have";
            return Err(self.value(response, "response", fault, "remove the rule, or `rates_change`"));
        }
        if is_set(written.ordinal.as_ref()) {
            let kind = "level, and no total that can be averaged";
            self.absent(written.reference_sd.as_ref(), "reference_sd", kind)?;
            self.absent(written.change_clip.as_ref(), "change_clip", kind)?;
            self.absent(written.response.as_ref(), "response", kind)?;
            self.absent(written.mcid.as_ref(), "mcid", kind)?;
            self.absent(written.reliable_change.as_ref(), "reliable_change", kind)?;
        }
        if is_set(written.per_session.as_ref()) {
            let kind = "total of one session, which has no baseline";
            self.absent(written.recall_days.as_ref(), "recall_days", kind)?;
            self.absent(written.change_clip.as_ref(), "change_clip", kind)?;
            self.absent(written.response.as_ref(), "response", kind)?;
        }
        Ok(())
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
        written: &WrittenInstrument,
        min: i64,
        width: i64,
    ) -> Result<Option<ResponseRule>, DictionaryError> {
        let Some(at) = &written.response else { return Ok(None) };
        let refuse = |fault: String, remedy| Err(self.value(at, "response", fault, remedy));
        if written.better == Better::Neutral {
            return refuse("needs a direction of recovery".to_owned(), "remove the rule, or set `better`");
        }
        let bands = written.bands.as_ref().map_or(0, |bands| bands.get_ref().len());
        match at.get_ref() {
            WrittenResponse { at_least: Some(share), points: None, bands: None } => {
                let share = self.share(at, "response", *share, min)?;
                if written.better == Better::Lower && share.num > share.den {
                    return refuse("asks for more than all of the baseline".to_owned(), "use a share of at most 1");
                }
                Ok(Some(ResponseRule::OfBaseline(share)))
            }
            WrittenResponse { at_least: None, points: Some(points), bands: None } => {
                if *points == 0 || i64::from(*points) > width {
                    let remedy = "give a change that can be";
                    return refuse(format!("is {points} points, outside 1 to {width}"), remedy);
                }
                Ok(Some(ResponseRule::Points(*points)))
            }
            WrittenResponse { at_least: None, points: None, bands: Some(down) } => {
                if *down == 0 || usize::try_from(*down).map_or(true, |down| down >= bands) {
                    let remedy = "list the bands, and ask for fewer than there are";
                    return refuse(format!("is {down} bands, where there are {bands}"), remedy);
                }
                Ok(Some(ResponseRule::Bands(*down)))
            }
            WrittenResponse { .. } => {
                let remedy = "write one of `at_least = { num = 1, den = 2 }`, `points = 10`, `bands = 1`";
                refuse("states no rule, or more than one".to_owned(), remedy)
            }
        }
    }

    fn important_change(
        &self,
        written: Option<&Spanned<WrittenChange>>,
        min: i64,
        width: i64,
    ) -> Result<Option<ImportantChange>, DictionaryError> {
        let Some(at) = written else { return Ok(None) };
        match at.get_ref() {
            WrittenChange::Points(points) => {
                let points = Spanned::new(at.span(), *points);
                Ok(self.within(Some(&points), "mcid", width)?.map(ImportantChange::Points))
            }
            WrittenChange::Share(share) => {
                let share = self.share(at, "mcid", share.of_baseline, min)?;
                Ok(Some(ImportantChange::OfBaseline(share)))
            }
        }
    }

    /// A share of the baseline, which must be able to be one.
    fn share<T>(
        &self,
        at: &Spanned<T>,
        key: &'static str,
        share: Fraction,
        min: i64,
    ) -> Result<Fraction, DictionaryError> {
        if min < 0 {
            let fault = "is a share of the baseline, which may be below 0 here";
            return Err(self.value(at, key, fault, "remove the rule"));
        }
        let reduced = Fraction::reduced(u64::from(share.num), u64::from(share.den));
        reduced.ok_or_else(|| self.value(at, key, "has a 0 in its fraction", "write half as `{ num = 1, den = 2 }`"))
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

    /// A LOINC code, whose check digit catches guessed and mistyped ones.
    fn loinc(&self, code: Option<&Spanned<String>>, key: &'static str) -> Result<Option<String>, DictionaryError> {
        let Some(at) = code else { return Ok(None) };
        if !is_loinc(at.get_ref()) {
            let fault = format!("is `{}`, whose check digit is wrong", at.get_ref());
            return Err(self.value(at, key, fault, "copy it from loinc.org, or leave it out; never guess"));
        }
        Ok(Some(at.get_ref().clone()))
    }
}
