//! Curves over days: means with their intervals, or the share without event in steps, with the number at risk below.

use maud::{Markup, html};

use super::axis::Scale;
use super::ink::{self, COLOURS, GREY, Style, colour, fitted, marker, path, place, px, text, whisker_up, width_of};
use super::{Drawn, EDGE, Panel, axis_label, heading};
use crate::show::answer::about::Asked;
use crate::show::answer::number::of_count;
use crate::show::answer::spot::{At, Spot};
use sumac_protocol::plan::EstimateKind;

/// A group that is shown, with its place in the panel.
struct Curve<'a> {
    /// The group's.
    name: &'a str,
    /// In the order of time.
    days: Vec<(f64, &'a Spot)>,
}

/// As many panels as the groups need: six curves are told apart, more are not.
pub(super) fn panels(asked: &Asked, groups: &[Drawn], width: f64) -> Vec<Panel> {
    let curves = groups.iter().filter_map(|group| {
        let days = group.spots.as_ref()?.iter().filter_map(|spot| match &spot.at {
            At::Day(day) => Some((f64::from(*day), spot)),
            At::Whole | At::Bin(..) | At::Column(_) | At::Median => None,
        });
        Some(Curve { name: &group.name, days: days.collect() })
    });
    let curves: Vec<Curve<'_>> = curves.collect();
    let chunks = curves.chunks(COLOURS.len());
    let all = curves.len().div_ceil(COLOURS.len());
    let mut panels: Vec<Panel> = chunks
        .enumerate()
        .map(|(at, chunk)| {
            let more = if all > 1 { format!(" (panel {} of {all})", at + 1) } else { String::new() };
            panel(asked, chunk, &curves, &more, width)
        })
        .collect();
    if panels.is_empty() {
        let head = heading(asked, ": every group is held back", width);
        panels.push(Panel { height: head.height + 12.0, ..head });
    }
    panels
}

/// One panel; its axes are those of all curves, so that panels can be compared.
fn panel(asked: &Asked, curves: &[Curve<'_>], all: &[Curve<'_>], more: &str, width: f64) -> Panel {
    let steps = asked.of == EstimateKind::Survival;
    let head = heading(asked, more, width);
    let (legend, legend_height) = legend(curves, head.height, width);
    let top = head.height + legend_height + 10.0;
    // The names of the table below stand left of the axis.
    let names = curves.iter().map(|curve| width_of(curve.name, 11.0)).fold(0.0, f64::max);
    let left = if steps { (names + EDGE + 40.0).clamp(62.0, width * 0.3) } else { 62.0 };
    let [right, bottom] = [width - EDGE - 8.0, top + 230.0];
    let points = || all.iter().flat_map(|curve| &curve.days);
    let first = if steps { Some(0.0) } else { None };
    let days = points().map(|(day, _)| *day).chain(first);
    let across = if steps { [left, right] } else { [left + 14.0, right - 14.0] };
    let across = Scale::of_days(days, across);
    let up = if steps {
        Scale::between([0.0, 100.0], [bottom, top])
    } else {
        Scale::around(points().flat_map(|(_, spot)| [spot.value, spot.low, spot.high]).flatten(), [bottom, top])
    };
    let below = if steps { at_risk(curves, &across, bottom + 52.0, left) } else { (html! {}, 0.0) };
    let drawn = html! {
        (head.drawn)
        (legend)
        (up.up(left, right, &axis_label(asked)))
        (across.across(bottom, top, "days since the first dose"))
        @if steps { (half(&up, left, right)) }
        @for (at, curve) in curves.iter().enumerate() {
            @if steps {
                (stairs(curve, at, curves.len(), &across, &up))
            } @else {
                (line(curve, at, curves.len(), &across, &up))
            }
        }
        (below.0)
    };
    Panel { height: bottom + 48.0 + below.1, drawn }
}

/// A line with markers and intervals; groups stand a little beside each other, so that none hides another.
fn line(curve: &Curve<'_>, group: usize, groups: usize, across: &Scale, up: &Scale) -> Markup {
    let aside = (place(group) - (place(groups) - 1.0) / 2.0) * 4.0;
    let places = curve.days.iter().filter_map(|(day, spot)| Some([across.at(*day) + aside, up.at(spot.value?)]));
    let places: Vec<[f64; 2]> = places.collect();
    html! {
        (path(&places, group))
        @for (day, spot) in &curve.days {
            @if let Some([low, high]) = spot.interval() {
                (whisker_up(across.at(*day) + aside, up.at(low), up.at(high), colour(group), 3.0))
            }
        }
        @for [x, y] in &places { (marker(group, *x, *y)) }
    }
}

/// Steps down from all; with a band for the interval where there are few.
fn stairs(curve: &Curve<'_>, group: usize, groups: usize, across: &Scale, up: &Scale) -> Markup {
    let along = |of: &dyn Fn(&Spot) -> Option<f64>| {
        let mut level = 100.0;
        let mut points = vec![[across.at(0.0), up.at(level)]];
        for (day, spot) in &curve.days {
            points.push([across.at(*day), up.at(level)]);
            level = of(spot).unwrap_or(level);
            points.push([across.at(*day), up.at(level)]);
        }
        points
    };
    let steps = along(&|spot| spot.value);
    let band: Vec<[f64; 2]> =
        along(&|spot| spot.high).into_iter().chain(along(&|spot| spot.low).into_iter().rev()).collect();
    let band: Vec<String> = band.iter().map(|[x, y]| format!("{},{}", px(*x), px(*y))).collect();
    html! {
        @if groups <= BANDS_MAX && !curve.days.is_empty() {
            polygon points=(band.join(" ")) fill=(colour(group)) fill-opacity="0.16" {}
        }
        (path(&steps, group))
        @if let Some([x, y]) = steps.last() { (marker(group, *x, *y)) }
    }
}

/// Where half is left.
fn half(up: &Scale, left: f64, right: f64) -> Markup {
    let y = px(up.at(50.0));
    html! { line x1=(px(left)) x2=(px(right)) y1=(y) y2=(y) stroke=(GREY) stroke-width="1" stroke-dasharray="3 3" {} }
}

/// Most curves whose bands do not hide each other.
const BANDS_MAX: usize = 3;

/// The names of the groups with their markers and lines, in as many rows as they need.
fn legend(curves: &[Curve<'_>], top: f64, width: f64) -> (Markup, f64) {
    let (mut x, mut y) = (EDGE, top + 10.0);
    let mut placed = Vec::new();
    for (group, curve) in curves.iter().enumerate() {
        let name = fitted(curve.name, width - 2.0 * EDGE - 40.0, 12.0);
        let wide = 56.0 + width_of(&name, 12.0);
        if x > EDGE && x + wide > width - EDGE {
            (x, y) = (EDGE, y + 18.0);
        }
        placed.push((group, x, y, name));
        x += wide;
    }
    if let [only] = curves
        && only.name == "all"
    {
        return (html! {}, 0.0);
    }
    let drawn = html! {
        @for (group, x, y, name) in &placed {
            (path(&[[*x, *y], [x + 26.0, *y]], *group))
            (marker(*group, x + 13.0, *y))
            (text(x + 34.0, y + 4.0, name, Style::Label))
        }
    };
    (drawn, y - top + 10.0)
}

/// How many of each group are still followed at the days of the axis.
fn at_risk(curves: &[Curve<'_>], across: &Scale, top: f64, left: f64) -> (Markup, f64) {
    let on = |curve: &Curve<'_>, day: f64| {
        curve.days.iter().find(|(until, _)| *until >= day).map(|(_, spot)| spot.n.unwrap_or(0))
    };
    let rows = place(curves.len());
    let drawn = html! {
        (text(EDGE, top, "Number at risk", Style::Small))
        @for (group, curve) in curves.iter().enumerate() {
            @let y = top + 17.0 + 16.0 * place(group);
            (marker(group, EDGE + 5.0, y - 4.0))
            @if curve.name != "all" { (text(EDGE + 14.0, y, &fitted(curve.name, left - EDGE - 24.0, 11.0), Style::Small)) }
            @for day in across.marks() {
                @if let Some(n) = on(curve, day) { (text(across.at(day), y, &ink::px(of_count(n)), Style::Tick)) }
            }
        }
    };
    (drawn, 24.0 + 16.0 * rows)
}
