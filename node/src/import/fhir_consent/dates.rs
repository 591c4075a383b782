//! Times of a Consent. Only what is exact to the day is understood: a year alone may mean its beginning or its end.

use sumac_protocol::moment::{Millis, Moment};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

use super::meaning::No;
use super::schema::Period;

/// When a period begins and ends; a date alone as its end includes that day.
pub(super) fn period(of: Option<&Period>) -> Result<(Option<Moment>, Option<Moment>), No> {
    let Some(Period { start, end, .. }) = of else { return Ok((None, None)) };
    let part = |text: &Option<String>, lasts| text.as_deref().map(|text| moment(text, lasts)).transpose();
    Ok((part(start, Millis(0))?, part(end, Millis::DAY)?))
}

/// A `date`, `dateTime` or `instant`; a date is moved by as long as it lasts.
pub(super) fn moment(text: &str, lasts: Millis) -> Result<Moment, No> {
    let unclear = || No::unclear(format!("the time `{text}` is not exact to the day"));
    let (at, lasts) = if text.contains(['T', 't']) {
        (OffsetDateTime::parse(text, &Rfc3339).map_err(|_| unclear())?, Millis(0))
    } else {
        (date(text).ok_or_else(unclear)?.midnight().assume_utc(), lasts)
    };
    let ms = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|_| unclear())?;
    Ok(Moment(ms) + lasts)
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let exact = parts.next().is_none() && (year.len(), month.len(), day.len()) == (4, 2, 2);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok().filter(|_| exact)
}
