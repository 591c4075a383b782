//! What a dictionary holds, for people: a table of everything, or one entry fact by fact.

use comfy_table::{ContentArrangement, Table, presets};
use sumac_protocol::dictionary::{
    BaselineRule, Better, Bounds, Code, Coding, Dictionary, EventKind, EventRules, Field, FieldKind, Fraction,
    ImportantChange, Instrument, Onset, ResponseRule, Route, SessionRules, ToldBy, Vocabulary,
};

use crate::command::dictionary::Written;
use crate::failure::Failure;

use super::wrap::rows;
use super::{COLUMNS, counted, json, line};

/// One entry of a dictionary.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    /// A questionnaire or rating scale.
    Instrument(&'a Instrument),
    /// A field of a course.
    Field(&'a Field),
    /// Everything that sessions may hold.
    Session(&'a SessionRules),
    /// Everything that adverse events may hold.
    Events(&'a EventRules),
    /// One way of giving something, with its limit and its bioavailability.
    Route(&'a Route),
    /// One kind of adverse event.
    EventKind(&'a EventKind),
    /// A molecule, a class of medicine or something waited for: a code and no more.
    Code(&'a Code),
}

/// Name, version and how much there is, on one line.
pub(crate) fn dictionary_size(dictionary: &Dictionary) -> String {
    let n = |count: usize, thing: &str| counted(u64::try_from(count).unwrap_or(u64::MAX), thing);
    format!(
        "{}, version {}: {}, {}, {}, {}",
        dictionary.name(),
        dictionary.version(),
        n(dictionary.instruments().len(), "instrument"),
        n(dictionary.fields().len(), "field"),
        n(dictionary.codes(Vocabulary::Route).len(), "route"),
        n(dictionary.codes(Vocabulary::EventKind).len(), "kind") + " of event"
    )
}

/// The whole dictionary: a row for each instrument and field, and the codes of every list. Sources,
/// licences and spreads are shown entry by entry.
pub(crate) fn dictionary(dictionary: &Dictionary) {
    line(&dictionary_size(dictionary));
    let baseline = match dictionary.baseline() {
        BaselineRule::LastOnOrBefore0 => "the last score on or before day 0",
        BaselineRule::HighestBefore0 => "the highest score before day 0",
    };
    line(&format!("baseline: {baseline}"));
    let mut instruments = fitting(["instrument", "range", "better", "response", "remission", "read with"]);
    for instrument in dictionary.instruments() {
        instruments.add_row([
            instrument.id.clone(),
            range(instrument),
            better(instrument.better).to_owned(),
            instrument.response.map_or_else(none, |rule| response(instrument, rule)),
            remission(instrument).unwrap_or_else(none),
            instrument.category.to_string(),
        ]);
    }
    print("", &instruments);
    let mut fields = fitting(["field", "type", "read with", "values"]);
    for field in dictionary.fields() {
        let (kind, values) = held(field);
        fields.add_row([field.id.clone(), kind.to_owned(), field.category.to_string(), values]);
    }
    print("", &fields);
    for of in Vocabulary::ALL {
        let codes = dictionary.codes(of);
        if !codes.is_empty() {
            line("");
            fact(of.plural(), &codes.join(", "));
        }
    }
}

impl<'a> Entry<'a> {
    /// How the text writes it.
    pub(crate) fn written(self) -> Written<'a> {
        match self {
            Self::Instrument(Instrument { id, .. })
            | Self::Field(Field { id, .. })
            | Self::Route(Route { code: Code { id, .. }, .. })
            | Self::EventKind(EventKind { code: Code { id, .. }, .. })
            | Self::Code(Code { id, .. }) => Written::Id(id),
            Self::Session(_) => Written::Header("session"),
            Self::Events(_) => Written::Header("events"),
        }
    }

    /// On one line, for programs.
    pub(crate) fn json(self) -> Result<(), Failure> {
        match self {
            Self::Instrument(instrument) => json(instrument),
            Self::Field(field) => json(field),
            Self::Session(session) => json(session),
            Self::Events(events) => json(events),
            Self::Route(route) => json(route),
            Self::EventKind(kind) => json(kind),
            Self::Code(code) => json(code),
        }
    }

    /// Fact by fact, for people.
    pub(crate) fn table(self) {
        match self {
            Self::Instrument(instrument) => one_instrument(instrument),
            Self::Field(field) => one_field(field),
            Self::Session(session) => one_session(session),
            Self::Events(events) => one_events(events),
            Self::Route(route) => one_route(route),
            Self::EventKind(kind) => {
                one_code(&kind.code);
                fact("onset", onset(kind.onset));
            }
            Self::Code(code) => one_code(code),
        }
    }
}

/// Range, rules, bands, items, planning figures, and where each comes from. Rules that the dictionary
/// does not have are left out, so that nobody takes a blank for a zero.
fn one_instrument(instrument: &Instrument) {
    let points = |scaled: u32| shown(i64::from(scaled), instrument.decimals);
    fact("instrument", &instrument.id);
    fact("edition", &instrument.version);
    fact("range", &format!("{}, {} is better", range(instrument), better(instrument.better)));
    let about = [
        (instrument.per_session, "asks about one session"),
        (instrument.ordinal, "has levels, which are never averaged"),
        (instrument.rates_change, "rates change itself"),
    ];
    about.iter().filter(|(is, _)| *is).for_each(|(_, says)| fact("kind", says));
    fact_if("response", instrument.response.map(|rule| response(instrument, rule)));
    fact_if("remission", remission(instrument));
    fact_if(
        "important",
        instrument.mcid.map(|change| match change {
            ImportantChange::Points(least) => format!("a change by {}", points(least)),
            ImportantChange::OfBaseline(share) => format!("a change by {} of the baseline", percent(share)),
        }),
    );
    fact_if("reliable", instrument.reliable_change.map(|least| format!("a change by {}", points(least))));
    fact_if("recall", instrument.recall_days.map(|days| counted(u64::from(days), "day")));
    for band in &instrument.bands {
        let [from, to] = [band.from, band.to].map(|end| shown(end, instrument.decimals));
        fact("band", &format!("{from} to {to}: {}", band.name));
    }
    fact_if(
        "items",
        instrument.items.as_ref().map(|items| {
            let kept = if items.kept { "may be kept" } else { "are not kept: totals only" };
            format!("{} of {} to {}, which {kept}", items.count, items.min, items.max)
        }),
    );
    fact_if("suicide", instrument.suicide_item.map(|number| format!("item {number}")));
    fact_if("LOINC", instrument.loinc.clone());
    fact_if("LOINC panel", instrument.loinc_panel.clone());
    fact_if("spread", instrument.reference_sd.map(points));
    fact_if(
        "clipped to",
        instrument.change_clip.map(|(low, high)| {
            let [low, high] = [low, high].map(|end| shown(end, instrument.decimals));
            format!("{low} to {high}, in noised answers about change")
        }),
    );
    fact("spread from", &instrument.reference_source);
    fact("read with", instrument.category.name());
    fact("source", &instrument.source);
    fact("licence", &instrument.licence);
}

/// What a field may hold, and what other systems call its values.
fn one_field(field: &Field) {
    let (kind, values) = held(field);
    fact("field", &field.id);
    fact("type", kind);
    fact(if kind == "number" { "range" } else { "values" }, &values);
    fact_if(
        "told by",
        field.told_by.as_ref().map(|told_by| match told_by {
            ToldBy::AtHome(class) => format!("whether {class} is taken at home"),
            ToldBy::InSession(class) => format!("whether {class} was given in any session"),
        }),
    );
    for (value, coding) in &field.coding {
        fact("coded", &format!("{value}: {}", codes(coding)));
    }
    fact("read with", field.category.name());
    fact("source", &field.source);
}

/// Limits of a session in the units of a clinic, and the routes with their bioavailability beside its
/// source: a figure without one is not to be computed with.
fn one_session(session: &SessionRules) {
    fact("kinds", &session.kinds.join(", "));
    let molecules: Vec<&str> = session.molecules.iter().map(|code| code.id.as_str()).collect();
    fact("molecules", &molecules.join(", "));
    fact("minutes", &format!("at most {}", session.minutes_max));
    let bounds = |bounds: &Bounds, unit: &str| format!("{} to {} {unit}", bounds.min, bounds.max);
    fact("weight", &bounds(&session.weight, "kg"));
    fact("systolic", &bounds(&session.systolic, "mmHg"));
    fact("saturation", &bounds(&session.spo2, "%"));
    fact("heart rate", &bounds(&session.heart_rate, "a minute"));
    let mut routes = fitting(["route", "dose at most", "bioavailability", "source of the figure"]);
    for route in &session.routes {
        let source = route.bioavailability.as_ref().map_or_else(none, |figure| figure.source.clone());
        let figure = bioavailability(route).unwrap_or_else(none);
        routes.add_row([route.code.id.clone(), route.dose_max.to_string(), figure, source]);
    }
    print("", &routes);
}

/// The words for severity and relatedness, and the kinds in the order of the text.
fn one_events(events: &EventRules) {
    fact("severity", &events.severities.join(", "));
    fact("relatedness", &events.relatedness.join(", "));
    fact("onset", &format!("at most {} minutes after a dose", events.onset_minutes_max));
    let mut kinds = fitting(["kind", "onset", "codes"]);
    for kind in &events.kinds {
        kinds.add_row([kind.code.id.clone(), onset(kind.onset).to_owned(), codes(&kind.code.coding)]);
    }
    print("", &kinds);
}

/// One route: the limit finds slips of units and is no advice.
fn one_route(route: &Route) {
    one_code(&route.code);
    fact("dose", &format!("at most {} in a session", route.dose_max));
    if let Some(figure) = &route.bioavailability {
        fact_if("reaches the blood", bioavailability(route));
        fact("figure from", &figure.source);
    }
}

/// A code with what other systems call it and where it comes from.
fn one_code(code: &Code) {
    fact("code", &code.id);
    fact("coded", &codes(&code.coding));
    fact("source", &code.source);
}

/// How much of a dose reaches the blood, in percent; contradicting sources are said to be so.
fn bioavailability(route: &Route) -> Option<String> {
    let figure = route.bioavailability.as_ref()?;
    let disputed = if figure.disputed { ", disputed" } else { "" };
    let range = if figure.from == figure.to { figure.to.to_string() } else { format!("{}-{}", figure.from, figure.to) };
    Some(format!("{range} %{disputed}"))
}

/// Codes of other systems with the system in front, as `snomed 47625008`.
fn codes(coding: &Coding) -> String {
    let each: Vec<String> = coding.each().map(|(system, code)| format!("{} {code}", system.name())).collect();
    each.join(", ")
}

/// What a field is and what it may hold.
fn held(field: &Field) -> (&'static str, String) {
    match &field.kind {
        FieldKind::Category { values } => ("category", values.join(", ")),
        FieldKind::Flag => ("flag", "yes, no".to_owned()),
        FieldKind::Number { min, max, decimals, unit, .. } => {
            let [min, max] = [*min, *max].map(|end| shown(end, *decimals));
            ("number", format!("{min} to {max} {}", unit.as_deref().unwrap_or_default()).trim_end().to_owned())
        }
    }
}

/// Lowest to highest total, as decimals.
fn range(instrument: &Instrument) -> String {
    let [min, max] = [instrument.min, instrument.max].map(|end| shown(end, instrument.decimals));
    format!("{min} to {max}")
}

/// By how much a responder improves.
fn response(instrument: &Instrument, rule: ResponseRule) -> String {
    match rule {
        ResponseRule::OfBaseline(share) => format!("by {}", percent(share)),
        ResponseRule::Points(points) => format!("by {}", shown(i64::from(points), instrument.decimals)),
        ResponseRule::Bands(bands) => format!("by {}", counted(u64::from(bands), "band")),
    }
}

/// Where remission begins, on the side of recovery; nothing for totals without one.
fn remission(instrument: &Instrument) -> Option<String> {
    let limit = shown(instrument.remission?, instrument.decimals);
    match instrument.better {
        Better::Lower => Some(format!("at most {limit}")),
        Better::Higher => Some(format!("at least {limit}")),
        Better::Neutral => None,
    }
}

/// Which way is recovery.
const fn better(better: Better) -> &'static str {
    match better {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Neutral => "neither",
    }
}

/// When a kind of event is expected.
const fn onset(onset: Onset) -> &'static str {
    match onset {
        Onset::Acute => "acute",
        Onset::Chronic => "chronic",
    }
}

/// A share in percent, to a tenth, cut off: 67/250 is `26.8 %`.
fn percent(share: Fraction) -> String {
    let tenths = u64::from(share.num) * 1_000 / u64::from(share.den.max(1));
    let (whole, rest) = (tenths / 10, tenths % 10);
    if rest == 0 { format!("{whole} %") } else { format!("{whole}.{rest} %") }
}

/// A scaled number as a decimal.
fn shown(scaled: i64, decimals: u8) -> String {
    sumac_protocol::dictionary::decimal_text(scaled, decimals)
}

/// What stands where there is nothing.
fn none() -> String {
    "–".to_owned()
}

/// A table that breaks its cells rather than be too wide.
fn fitting<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(COLUMNS).unwrap_or(80)).set_header(header);
    table
}

/// A table without trailing spaces, which copying would carry along.
fn print(before: &str, table: &Table) {
    line(before);
    for row in table.to_string().lines() {
        line(row.trim_end());
    }
}

/// A fact under its name, in as many rows as it takes; nothing where there is nothing to say.
fn fact(name: &str, says: &str) {
    let words = says.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in rows(&words, &format!("{name:<NAME_COLUMNS$}"), &" ".repeat(NAME_COLUMNS)) {
        line(&row);
    }
}

/// A fact that the dictionary may not have.
fn fact_if(name: &str, says: Option<String>) {
    if let Some(says) = says {
        fact(name, &says);
    }
}

/// Columns that the name of a fact takes.
const NAME_COLUMNS: usize = 23;
