//! Columns for the bins of a histogram: a panel for each group, on the same axes.

use maud::html;

use super::axis::Scale;
use super::ink::{INK, px, whisker_up};
use super::{Drawn, EDGE, Panel, heading};
use crate::show::answer::about::Asked;
use crate::show::answer::spot::{At, Spot};

/// One panel a group that is shown.
pub(super) fn panels(asked: &Asked, groups: &[Drawn], width: f64) -> Vec<Panel> {
    let shown: Vec<(&str, Vec<Bin<'_>>)> =
        groups.iter().filter_map(|g| Some((g.name.as_str(), bins(g.spots.as_ref()?)))).collect();
    let all = || shown.iter().flat_map(|(_, bins)| bins);
    let ends = all()
        .flat_map(|bin| [bin.from, bin.to])
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], end| [low.min(end), high.max(end)]);
    let tallest = all().flat_map(|bin| [bin.spot.value, bin.spot.high]).flatten().chain([0.0]);
    let tallest: Vec<f64> = tallest.collect();
    let mut panels = Vec::new();
    for (name, bins) in &shown {
        let more = if groups.len() > 1 { format!(": {name}") } else { String::new() };
        let head = heading(asked, &more, width);
        let (top, left, right) = (head.height + 6.0, 62.0, width - EDGE - 8.0);
        let bottom = top + if shown.len() > 2 { 110.0 } else { 180.0 };
        let ends = if ends[1] > ends[0] { ends } else { [0.0, 1.0] };
        let across = Scale::between(ends, [left, right]);
        let up = Scale::around(tallest.iter().copied().chain([0.0]), [bottom, top]);
        let label = if asked.unit.is_empty() { asked.what.clone() } else { format!("{} ({})", asked.what, asked.unit) };
        let drawn = html! {
            (head.drawn)
            (up.up(left, right, "courses"))
            (across.across(bottom, top, &label))
            @for bin in bins {
                @let (from, to) = (across.at(bin.from), across.at(bin.to));
                @let height = bottom - up.at(bin.spot.value.unwrap_or(0.0));
                rect x=(px(from)) y=(px(bottom - height)) width=(px((to - from).max(0.5))) height=(px(height.max(0.0)))
                    fill="#56b4e9" stroke=(INK) stroke-width="0.6" {}
                @if let Some([low, high]) = bin.spot.interval().filter(|[low, high]| high > low) {
                    (whisker_up(f64::midpoint(from, to), up.at(low), up.at(high), INK, ((to - from) / 4.0).min(3.0)))
                }
            }
        };
        panels.push(Panel { height: bottom + 52.0, drawn });
    }
    if panels.is_empty() {
        let head = heading(asked, ": every group is held back", width);
        panels.push(Panel { height: head.height + 12.0, ..head });
    }
    panels
}

/// A bin with its ends.
struct Bin<'a> {
    /// Its lowest value.
    from: f64,
    /// The next one's lowest value.
    to: f64,
    /// How many are in it.
    spot: &'a Spot,
}

/// The bins of a group, from the lowest; spots of anything else are passed over.
fn bins(spots: &[Spot]) -> Vec<Bin<'_>> {
    let bin = |spot: &'_ Spot| match &spot.at {
        At::Bin(from, to) => Some((*from, *to)),
        At::Whole | At::Day(_) | At::Column(_) | At::Median => None,
    };
    spots.iter().filter_map(|spot| bin(spot).map(|(from, to)| Bin { from, to, spot })).collect()
}
