//! A row for each group: a bar or a dot with its interval, and the figures beside it.

use maud::{Markup, html};

use super::axis::Scale;
use super::ink::{self, GREY, INK, Style, fitted, place, px, rule, text, whisker_across, width_of};
use super::{Drawn, EDGE, Panel, axis_label, figures, heading, written_places};
use crate::show::answer::about::Asked;
use crate::show::answer::spot::{At, Spot};

/// A name and its number; none where it is held back.
struct Row<'a> {
    /// A group, or a column of a regression.
    name: String,
    /// None where nothing is shown of it.
    spot: Option<&'a Spot>,
}

/// One panel with a row for each group.
pub(super) fn of_groups(asked: &Asked, groups: &[Drawn], width: f64) -> Panel {
    let row = |group: &'_ Drawn| (group.name.clone(), group.spots.as_ref().and_then(|spots| spots.first().cloned()));
    let rows: Vec<(String, Option<Spot>)> = groups.iter().map(row).collect();
    let rows: Vec<Row<'_>> = rows.iter().map(|(name, spot)| Row { name: name.clone(), spot: spot.as_ref() }).collect();
    panel(asked, &rows, "", width)
}

/// A panel for each group, with a row for each column of its regression. The constant is left out: it is the value where
/// every column is 0, which is rarely of interest and often far from the others.
pub(super) fn of_columns(asked: &Asked, groups: &[Drawn], width: f64) -> Vec<Panel> {
    let one = |group: &Drawn| {
        let more = if groups.len() > 1 { format!(": {}", group.name) } else { String::new() };
        let mut rows = Vec::new();
        match &group.spots {
            None => rows.push(Row { name: group.name.clone(), spot: None }),
            Some(spots) => rows.extend(spots.iter().filter_map(|spot| match &spot.at {
                At::Column(name) if name != "const" => {
                    Some(Row { name: crate::show::one_line(name), spot: Some(spot) })
                }
                At::Column(_) | At::Whole | At::Day(_) | At::Bin(..) | At::Median => None,
            })),
        }
        panel(asked, &rows, &more, width)
    };
    groups.iter().map(one).collect()
}

/// Where the parts of a row stand.
struct Place {
    /// Height of a row.
    tall: f64,
    /// From where to where marks are drawn.
    area: [f64; 2],
    /// Whether names and figures stand above the mark, for want of width.
    above: bool,
}

/// One panel: a row for each group, with its name, its interval and its number.
fn panel(asked: &Asked, rows: &[Row<'_>], more: &str, width: f64) -> Panel {
    let head = heading(asked, more, width);
    let spots = || rows.iter().filter_map(|row| row.spot);
    let places = written_places(asked, spots());
    let beside = |row: &Row<'_>| row.spot.map_or_else(|| "held back: too few".into(), |s| beside(s, asked, places));
    let widest = |of: &dyn Fn(&Row<'_>) -> String| rows.iter().map(|row| width_of(&of(row), 12.0)).fold(0.0, f64::max);
    let above = width < 500.0;
    let place_of = if above {
        Place { tall: 40.0, area: [EDGE, width - EDGE], above }
    } else {
        let left = (widest(&|row| row.name.clone()) + EDGE + 12.0).clamp(70.0, width * 0.3);
        let right = (widest(&beside) + EDGE + 12.0).clamp(80.0, width * 0.42);
        Place { tall: 24.0, area: [left, width - right], above }
    };
    let zero = asked.begins_at_zero().then_some(0.0);
    let whole = asked.is_share().then_some([0.0, 100.0]);
    let ends = spots().flat_map(|spot| [spot.value, spot.low, spot.high]).flatten().chain(zero);
    let scale = whole.map_or_else(|| Scale::around(ends, place_of.area), |whole| Scale::between(whole, place_of.area));
    let (top, bottom) = (head.height + 4.0, head.height + 8.0 + place_of.tall * place(rows.len().max(1)));
    let drawn = html! {
        (head.drawn)
        (scale.across(bottom, top, &axis_label(asked)))
        @if !asked.begins_at_zero() && scale.holds(0.0) {
            line x1=(px(scale.at(0.0))) x2=(px(scale.at(0.0))) y1=(px(top)) y2=(px(bottom)) stroke=(GREY)
                stroke-width="1" stroke-dasharray="3 3" {}
        }
        @if rows.is_empty() { (text(place_of.area[0], top + 18.0, "nothing to draw", Style::Quiet)) }
        @for (at, row) in rows.iter().enumerate() {
            (one(row, &beside(row), asked, &scale, &place_of, width, top + place_of.tall * place(at)))
        }
    };
    let label_lines = ink::lines_of(&axis_label(asked), (place_of.area[1] - place_of.area[0]).max(180.0), 12.0).len();
    Panel { height: bottom + 38.0 + 14.0 * place(label_lines), drawn }
}

/// One row from its upper edge.
fn one(row: &Row<'_>, beside: &str, asked: &Asked, scale: &Scale, at: &Place, width: f64, top: f64) -> Markup {
    let [from, to] = at.area;
    let (mark, words) = if at.above { (top + 28.0, top + 15.0) } else { (top + 12.0, top + 16.0) };
    let style = if row.spot.is_some() { Style::Label } else { Style::Quiet };
    let beside_width = width_of(beside, 12.0);
    html! {
        @if at.above {
            (text(from, words, &fitted(&row.name, to - from - beside_width - 10.0, 12.0), style))
            (text(to, words, beside, Style::LabelEnd))
        } @else {
            (text(from - 10.0, words, &fitted(&row.name, from - EDGE - 10.0, 12.0), Style::LabelEnd))
            (text(to + 12.0, words, &fitted(beside, width - to - 14.0, 12.0), style))
        }
        @if let Some(spot) = row.spot {
            @if let Some(value) = spot.value.filter(|_| asked.begins_at_zero()) {
                rect x=(px(scale.at(0.0))) y=(px(mark - 6.0)) width=(px((scale.at(value) - scale.at(0.0)).max(0.0)))
                    height="12" fill="#56b4e9" stroke=(INK) stroke-width="0.6" {}
            }
            @if let Some([low, high]) = spot.interval().filter(|[low, high]| high > low) {
                (whisker_across(mark, scale.at(low), scale.at(high)))
            }
            @if let Some(value) = spot.value {
                @if asked.begins_at_zero() {
                    (rule([scale.at(value), mark - 6.0], [scale.at(value), mark + 6.0], INK, 1.6))
                } @else {
                    (ink::marker(0, scale.at(value), mark))
                }
            }
        }
    }
}

/// Value, interval, and what is counted of how many.
fn beside(spot: &Spot, asked: &Asked, places: usize) -> String {
    let places = match &spot.at {
        At::Column(_) => written_places(asked, [spot].into_iter()),
        At::Whole | At::Day(_) | At::Bin(..) | At::Median => places,
    };
    let value = figures(spot, asked, places);
    match (spot.events, spot.against, spot.n, &spot.at) {
        (Some(events), Some(sessions), ..) => format!("{value}, {events} in {sessions}"),
        (Some(events), None, Some(n), _) => format!("{value}, {events} of {n}"),
        (None, _, Some(n), At::Whole) => format!("{value}, n {n}"),
        _ => value,
    }
}
