//! Totals and items of each instrument and day, and of each session.

use std::collections::BTreeMap;
use std::rc::Rc;

use sumac_protocol::dictionary::{Instrument, ValueError};
use sumac_protocol::record::{Assessment, Course};

use super::super::codes::Codes;
use super::super::facts::{Origin, ScoreFact};
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::Assembled;
use super::piles::Piles;
use super::sessions::Sessions;

/// What is known of one instrument on one day.
#[derive(Default)]
struct Sheet {
    /// The first total told, scaled. A later one that differs is rejected.
    total: Option<(Rc<Origin>, i64)>,
    /// By number, from 1; none for an item that was left blank.
    items: BTreeMap<u16, Option<u8>>,
    /// Where the first item came from.
    answered: Option<Rc<Origin>>,
}

/// Puts scores into sessions where their instrument asks about one, else by day.
pub(super) fn score(
    piles: &mut Piles,
    sessions: &mut Sessions,
    day_0: i32,
    codes: &Codes<'_>,
    course: &mut Course,
    assembled: &mut Assembled,
) {
    let mut sheets: BTreeMap<(String, i32), Sheet> = BTreeMap::new();
    for (origin, score) in std::mem::take(&mut piles.scores) {
        if codes.dictionary.instrument(&score.instrument).is_some_and(|known| known.per_session) {
            experience(&origin, score, sessions, assembled);
            continue;
        }
        let day = score.when.day.saturating_sub(day_0);
        let sheet = sheets.entry((score.instrument, day)).or_default();
        match &sheet.total {
            Some((_, before)) if *before != score.value => assembled.tell(&origin, FhirWhy::OtherValue),
            Some(_) => origin.used.set(true),
            None => sheet.total = Some((origin, score.value)),
        }
    }
    for (origin, item) in std::mem::take(&mut piles.items) {
        let day = item.when.day.saturating_sub(day_0);
        let sheet = sheets.entry((item.instrument, day)).or_default();
        let before = sheet.items.entry(item.number).or_insert(item.score);
        // A blank in one place and an answer in another do not contradict each other.
        if before.is_some() && item.score.is_some() && *before != item.score {
            assembled.tell(&origin, FhirWhy::OtherValue);
            continue;
        }
        *before = before.or(item.score);
        sheet.answered.get_or_insert_with(|| Rc::clone(&origin));
        origin.used.set(true);
    }
    for ((id, day), sheet) in sheets {
        let Some(instrument) = codes.dictionary.instrument(&id) else { continue };
        course.assessments.extend(sheet.finish(instrument, day, codes, assembled));
    }
}

/// Without a session the score is set aside; one that contradicts another is rejected.
fn experience(origin: &Rc<Origin>, score: ScoreFact, sessions: &mut Sessions, assembled: &mut Assembled) {
    let found = sessions.find(&score.link, Some(score.when));
    match assembled.sift(origin, found) {
        None => {}
        Some(None) => origin.aside.set(Some(Aside::NoSession)),
        Some(Some(meeting)) => {
            let before = meeting.session.experience.entry(score.instrument).or_insert(score.value);
            if *before == score.value {
                origin.used.set(true);
            } else {
                assembled.tell(origin, FhirWhy::OtherValue);
            }
        }
    }
}

impl Sheet {
    /// The assessment: its total, or the sum of all items; its items where they may be kept.
    fn finish(
        self,
        instrument: &Instrument,
        day: i32,
        codes: &Codes<'_>,
        assembled: &mut Assembled,
    ) -> Option<Assessment> {
        let Self { total, items, answered } = self;
        let count = instrument.items.as_ref().map_or(0, |items| items.count);
        let answers: Vec<Option<u8>> = (1..=count).map(|number| items.get(&number).copied().flatten()).collect();
        let answers = if items.is_empty() { Vec::new() } else { answers };
        let summed = || instrument.items.as_ref().and_then(|known| known.sum(&answers)).map(i64::from);
        let unit = 10_i64.checked_pow(u32::from(instrument.decimals)).unwrap_or(1);
        let origin = total.as_ref().map(|(origin, _)| origin).or(answered.as_ref()).map(Rc::clone)?;
        let value = total.map(|(_, value)| value).or_else(|| summed().map(|sum| sum.saturating_mul(unit)));
        let Some(value) = value else {
            assembled.tell(&origin, FhirWhy::NoTotal);
            answered.iter().for_each(|origin| origin.used.set(false));
            return None;
        };
        let kept = instrument.items.as_ref().is_some_and(|items| items.kept);
        let mut assessment = Assessment::total(&instrument.id, day, value);
        assessment.items = if kept { answers } else { Vec::new() };
        let mut flaws = codes.dictionary.check_assessment(&assessment);
        if !flaws.is_empty() && !assessment.items.is_empty() {
            // Items that do not make the total are left out, and the total stays.
            let from = answered.as_ref().unwrap_or(&origin);
            flaws.drain(..).for_each(|flaw: ValueError| assembled.tell(from, flaw));
            assessment.items.clear();
            flaws = codes.dictionary.check_assessment(&assessment);
        }
        if flaws.is_empty() {
            origin.used.set(true);
            return Some(assessment);
        }
        flaws.into_iter().for_each(|flaw| assembled.tell(&origin, flaw));
        None
    }
}
