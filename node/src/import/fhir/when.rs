//! FHIR's dates and times: to days, and to seconds where there is a time of day.
//!
//! The day is that of the date as written, at the clinic, not of its moment in another time zone.

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

use super::element::{Element, Flaw};
use super::reject::FhirWhy;

/// A day, and on it a moment if a time was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When {
    /// Days since 1970-01-01.
    pub(super) day: i32,
    /// Seconds since 1970-01-01 UTC.
    pub(super) instant: Option<i64>,
}

/// A date of which only the year or the month may be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partly {
    /// The first day it can be, in days since 1970-01-01.
    pub(super) from: i32,
    /// The last day it can be.
    pub(super) to: i32,
}

/// Days since 1970-01-01 of a date.
pub(crate) fn unix_day(date: Date) -> i32 {
    date.to_julian_day().saturating_sub(UNIX_JULIAN)
}

/// The date of a day, if it is one of the years 0 to 9999, which are FHIR's.
pub(crate) fn date_of(unix_day: i32) -> Option<Date> {
    Date::from_julian_day(unix_day.checked_add(UNIX_JULIAN)?).ok().filter(|date| (0..=9_999).contains(&date.year()))
}

impl When {
    /// The `dateTime`, `date` or `instant` of this name below, not after `today`.
    pub(super) fn of(parent: &Element<'_>, name: &str, today: i32) -> Result<Option<Self>, Flaw> {
        let Some(child) = parent.child(name)? else { return Ok(None) };
        let Some(text) = child.as_text()? else { return Ok(None) };
        let when = Self::parse(text).map_err(|why| child.flaw(why))?;
        if when.day > today {
            return Err(child.flaw(FhirWhy::Future));
        }
        Ok(Some(when))
    }

    /// Reads a date to the day, or a time with its zone. FHIR wants seconds where there is a time.
    fn parse(text: &str) -> Result<Self, FhirWhy> {
        if text.contains(['T', 't']) {
            let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| FhirWhy::NotADate)?;
            return Ok(Self { day: unix_day(moment.date()), instant: Some(moment.unix_timestamp()) });
        }
        match Partly::parse(text)? {
            Partly { from, to } if from == to => Ok(Self { day: from, instant: None }),
            Partly { .. } => Err(FhirWhy::NotToTheDay),
        }
    }

    /// Minutes until `end`, half a minute upwards, if both have a time of day; `None` if it lies before.
    pub(super) fn minutes_until(self, end: Self) -> Option<Option<i64>> {
        let (Some(start), Some(end)) = (self.instant, end.instant) else {
            return (self.day <= end.day).then_some(None);
        };
        let seconds = end.checked_sub(start).filter(|seconds| *seconds >= 0)?;
        Some(Some(seconds.saturating_add(30) / 60))
    }
}

impl Partly {
    /// The `date` of this name below.
    pub(super) fn of(parent: &Element<'_>, name: &str) -> Result<Option<Self>, Flaw> {
        let Some(child) = parent.child(name)? else { return Ok(None) };
        let Some(text) = child.as_text()? else { return Ok(None) };
        let date = text.split('T').next().unwrap_or(text);
        Self::parse(date).map(Some).map_err(|why| child.flaw(why))
    }

    /// Reads a year, a month or a day, in exactly FHIR's digits.
    fn parse(text: &str) -> Result<Self, FhirWhy> {
        let number = |part: &str, width: usize| {
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten().ok_or(FhirWhy::NotADate)
        };
        let date = |year: u16, month: u16, day: u8| {
            let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
            let date = month.and_then(|month| Date::from_calendar_date(i32::from(year), month, day).ok());
            date.map(unix_day).ok_or(FhirWhy::NotADate)
        };
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(FhirWhy::NotADate);
        }
        let year = number(year.unwrap_or_default(), 4)?;
        let Some(month) = month else {
            return Ok(Self { from: date(year, 1, 1)?, to: date(year, 12, 31)? });
        };
        let month = number(month, 2)?;
        let Some(day) = day else {
            let month_of = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
            let last = month_of.map(|month| month.length(i32::from(year))).ok_or(FhirWhy::NotADate)?;
            return Ok(Self { from: date(year, month, 1)?, to: date(year, month, last)? });
        };
        let day = date(year, month, u8::try_from(number(day, 2)?).map_err(|_| FhirWhy::NotADate)?)?;
        Ok(Self { from: day, to: day })
    }
}

/// The Julian day of 1970-01-01.
const UNIX_JULIAN: i32 = 2_440_588;

#[cfg(test)]
mod tests {
    use super::{FhirWhy, Partly, When, date_of, unix_day};

    #[test]
    fn a_date_is_a_day_or_says_why_not() {
        let cases = [
            ("1970-01-01", Ok((0, None)), "the first"),
            ("2026-01-05", Ok((20_458, None)), "a day"),
            ("2026-01-05T09:40:00Z", Ok((20_458, Some(1_767_606_000))), "a moment"),
            ("2026-01-05T09:40:00.25+01:00", Ok((20_458, Some(1_767_602_400))), "with parts of a second, elsewhere"),
            ("2026-01-05T23:30:00-05:00", Ok((20_458, Some(1_767_673_800))), "the day is the clinic's, not UTC's"),
            ("2024-02-29", Ok((19_782, None)), "a leap day"),
            ("2026", Err(FhirWhy::NotToTheDay), "a year"),
            ("2026-01", Err(FhirWhy::NotToTheDay), "a month"),
            ("2026-02-29", Err(FhirWhy::NotADate), "no such day"),
            ("2026-13-01", Err(FhirWhy::NotADate), "no such month"),
            ("2026-1-5", Err(FhirWhy::NotADate), "too few digits"),
            ("05.01.2026", Err(FhirWhy::NotADate), "another country's"),
            ("2026-01-05T09:40:00", Err(FhirWhy::NotADate), "no time zone"),
            ("2026-01-05T25:00:00Z", Err(FhirWhy::NotADate), "no such hour"),
            ("٢٠٢٦-٠١-٠٥", Err(FhirWhy::NotADate), "digits of another script"),
        ];
        for (text, want, why) in cases {
            assert_eq!(When::parse(text).map(|when| (when.day, when.instant)), want, "{why}");
        }
    }

    #[test]
    fn a_year_or_month_is_every_day_of_it() {
        assert_eq!(Partly::parse("1984"), Ok(Partly { from: 5_113, to: 5_478 }));
        assert_eq!(Partly::parse("2024-02"), Ok(Partly { from: 19_754, to: 19_782 }));
    }

    #[test]
    fn minutes_are_counted_across_midnight_and_never_backwards() {
        let at = |text: &str| When::parse(text).unwrap();
        let start = at("2026-01-05T23:50:00Z");
        assert_eq!(start.minutes_until(at("2026-01-06T00:30:29Z")), Some(Some(40)), "half a minute goes up, less down");
        assert_eq!(start.minutes_until(at("2026-01-06")), Some(None), "no time of day");
        assert_eq!(start.minutes_until(at("2026-01-05T23:49:59Z")), None);
        assert_eq!(at("2026-01-05").minutes_until(at("2026-01-04")), None);
    }

    #[test]
    fn a_day_and_its_date_are_one() {
        for day in [-36_525, 0, 20_458, 36_525] {
            assert_eq!(date_of(day).map(unix_day), Some(day));
        }
        assert_eq!(date_of(i32::MAX), None);
    }
}
