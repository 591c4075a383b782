//! An answer drawn: which plot follows from what was asked.
//!
//! Counts, rates and frequencies are bars from zero; means, quantiles, spreads, correlations and coefficients dots, all
//! with their 95 % intervals; trajectories lines; survival steps with the number at risk below; histograms columns.
//! Groups differ by colour (Okabe and Ito's, which the colour-blind tell apart), by marker and by dash, so that a
//! drawing can be read in black and white.

mod axis;
mod curves;
mod histogram;
mod ink;
mod rows;

use maud::{Markup, html};
use sumac_protocol::answer::Answer;
use sumac_protocol::plan::EstimateKind;

use super::about::{About, Asked};
use super::number::places;
use super::spot::{At, Spot, spots};
use super::words::{group_name, price};
use crate::failure::Failure;
use ink::{GREY, Style, lines_of, px, text};

/// How files of plots are called.
pub(super) const ENDINGS: [&str; 2] = ["svg", "png"];

/// Width of a drawing for a page or a journal's two columns, in px.
pub(super) const WIDE: f64 = 720.0;
/// Width of a drawing for a telephone, in px.
pub(super) const NARROW: f64 = 340.0;

/// A part of a drawing, from its own upper edge.
struct Panel {
    /// In the units of the drawing, from its own top.
    height: f64,
    /// Its lines and words, from its own upper left corner.
    drawn: Markup,
}

/// A group with its numbers as they are drawn: shares in percent. None where it is held back.
struct Drawn {
    /// As it is shown everywhere.
    name: String,
    /// None where the group is held back.
    spots: Option<Vec<Spot>>,
}

/// All of an answer as an SVG file.
pub(super) fn svg(answer: &Answer, about: &About) -> String {
    let mut panels: Vec<Panel> = Vec::new();
    for at in 0..about.asked.len() {
        panels.extend(panels_of(answer, about, at, WIDE));
    }
    panels.push(footer(answer, about));
    let drawn = stacked(&panels, WIDE, &about.setting.study, true);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", drawn.into_string())
}

/// One estimate, to stand within a page.
pub(super) fn inline(answer: &Answer, about: &About, at: usize, width: f64) -> Markup {
    let label = about.asked.get(at).map(Asked::title).unwrap_or_default();
    stacked(&panels_of(answer, about, at, width), width, &label, false)
}

/// All of an answer as a PNG file: two and a half times as fine as the SVG, which is 300 dots an inch at 6 inches.
///
/// # Errors
/// A bug: what was drawn here can be read.
pub(super) fn png(answer: &Answer, about: &About) -> Result<Vec<u8>, Failure> {
    use resvg::{tiny_skia, usvg};
    let failed = |why: &str| Failure::bug(format!("the plot cannot be drawn: {why}"));
    let mut options = usvg::Options { font_family: ink::FONT.to_owned(), ..usvg::Options::default() };
    let fonts = options.fontdb_mut();
    for font in ink::FONTS {
        fonts.load_font_data(font.to_vec());
    }
    let tree = usvg::Tree::from_str(&svg(answer, about), &options).map_err(|why| failed(&why.to_string()))?;
    let size = tree.size();
    // A drawing of very many groups is drawn less fine, before it is too large for any viewer.
    let scale = (PNG_SIDE_MAX / size.height()).clamp(0.1, PNG_SCALE);
    let whole = size.to_int_size().scale_by(scale).ok_or_else(|| failed("it has no size"))?;
    let mut pixels = tiny_skia::Pixmap::new(whole.width(), whole.height()).ok_or_else(|| failed("it is too large"))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|why| failed(&why.to_string()))
}

/// Pixels of a PNG for each of the SVG.
const PNG_SCALE: f32 = 2.5;
/// Largest height of a PNG, in pixels.
const PNG_SIDE_MAX: f32 = 20_000.0;

/// The panels of one estimate.
fn panels_of(answer: &Answer, about: &About, at: usize, width: f64) -> Vec<Panel> {
    let Some(asked) = about.asked.get(at) else { return Vec::new() };
    let groups = answer.groups.iter().map(|group| {
        let numbers = group.shown(at).map(spots);
        let drawn = |spot: Spot| if asked.is_share() && spot.at != At::Median { spot.in_percent() } else { spot };
        let name = group_name(&group.key);
        Drawn { name, spots: numbers.map(|numbers| numbers.into_iter().map(drawn).collect()) }
    });
    let groups: Vec<Drawn> = groups.collect();
    match asked.of {
        EstimateKind::Histogram { .. } => histogram::panels(asked, &groups, width),
        EstimateKind::Trajectory | EstimateKind::Survival => curves::panels(asked, &groups, width),
        EstimateKind::Linear | EstimateKind::Logistic => rows::of_columns(asked, &groups, width),
        EstimateKind::Count
        | EstimateKind::Mean
        | EstimateKind::Rate
        | EstimateKind::Sum
        | EstimateKind::Variance
        | EstimateKind::Stddev
        | EstimateKind::Quantile { .. }
        | EstimateKind::Correlation
        | EstimateKind::EventsPer { .. }
        | _ => vec![rows::of_groups(asked, &groups, width)],
    }
}

/// The heading of a panel: the estimate's name, and below it what it is. With its height.
fn heading(asked: &Asked, more: &str, width: f64) -> Panel {
    let name = ink::fitted(&crate::show::one_line(&asked.name), width - 2.0 * EDGE, 14.0);
    let below = lines_of(&format!("{}{more}", asked.title()), width - 2.0 * EDGE, 12.0);
    let drawn = html! {
        (text(EDGE, 22.0, &name, Style::Title))
        @for (row, line) in below.iter().enumerate() {
            (text(EDGE, 39.0 + 15.0 * ink::place(row), line, Style::Quiet))
        }
    };
    Panel { height: 34.0 + 15.0 * ink::place(below.len()), drawn }
}

/// Free space at the sides, in px.
const EDGE: f64 = 14.0;

/// What a drawing has to say of itself where it stands alone.
fn footer(answer: &Answer, about: &About) -> Panel {
    let held: Vec<String> = answer.groups.iter().filter(|g| g.suppressed).map(|g| group_name(&g.key)).collect();
    let mut says = vec!["Whiskers and bands are 95 % intervals, for sampling and noise together.".to_owned()];
    if !held.is_empty() {
        let (few, all) = (held.len(), answer.groups.len());
        says.push(format!("{few} of {all} groups are held back: too few courses."));
    }
    says.push(format!(
        "{}. {} of {} operators counted; {}. Sumac release {}.",
        crate::show::one_line(&about.setting.study),
        answer.operators.counted,
        answer.operators.asked,
        price(answer),
        answer.release
    ));
    let lines = says.iter().flat_map(|says| lines_of(says, WIDE - 2.0 * EDGE, 11.0)).collect::<Vec<_>>();
    let drawn = html! {
        line x1=(px(EDGE)) x2=(px(WIDE - EDGE)) y1="6" y2="6" stroke=(GREY) stroke-width="0.5" {}
        @for (row, line) in lines.iter().enumerate() {
            (text(EDGE, 24.0 + 14.0 * ink::place(row), line, Style::Small))
        }
    };
    Panel { height: 30.0 + 14.0 * ink::place(lines.len()), drawn }
}

/// Panels below each other on white.
fn stacked(panels: &[Panel], width: f64, label: &str, alone: bool) -> Markup {
    let height: f64 = panels.iter().map(|panel| panel.height).sum::<f64>().max(1.0);
    let mut upper = 0.0;
    let placed = panels.iter().map(|panel| {
        let at = upper;
        upper += panel.height;
        (at, &panel.drawn)
    });
    let placed: Vec<(f64, &Markup)> = placed.collect();
    html! {
        svg xmlns=[alone.then_some("http://www.w3.org/2000/svg")] viewBox={ "0 0 " (px(width)) " " (px(height)) }
            width=(px(width)) height=(px(height)) role="img" aria-label=(crate::show::one_line(label))
            font-family=(ink::FAMILIES) {
            rect width=(px(width)) height=(px(height)) fill="#ffffff" {}
            @for (at, drawn) in placed {
                g transform={ "translate(0 " (px(at)) ")" } { (drawn) }
            }
        }
    }
}

/// The text beside a mark: value and interval.
fn figures(spot: &Spot, asked: &Asked, places: usize) -> String {
    let minus = |value: f64| super::number::fixed(value, places).replace('-', "−");
    let unit = if asked.is_share() { " %" } else { "" };
    let value = spot.value.map_or_else(|| "–".to_owned(), |value| format!("{}{unit}", minus(value)));
    let ends = spot.interval().map_or_else(String::new, |[low, high]| format!(" ({} to {})", minus(low), minus(high)));
    format!("{value}{ends}")
}

/// Decimal places of what is written beside marks.
fn written_places<'a>(asked: &Asked, spots: impl Iterator<Item = &'a Spot>) -> usize {
    match asked.of {
        EstimateKind::Count => 0,
        _ if asked.is_share() => 1,
        EstimateKind::Mean
        | EstimateKind::Rate
        | EstimateKind::Sum
        | EstimateKind::Variance
        | EstimateKind::Stddev
        | EstimateKind::Quantile { .. }
        | EstimateKind::Histogram { .. }
        | EstimateKind::Correlation
        | EstimateKind::Linear
        | EstimateKind::Logistic
        | EstimateKind::Survival
        | EstimateKind::EventsPer { .. }
        | EstimateKind::Trajectory
        | _ => places(spots.flat_map(|spot| [spot.value, spot.low, spot.high]).flatten()),
    }
}

/// What stands at an axis: what is measured, and its unit.
fn axis_label(asked: &Asked) -> String {
    let what = match asked.of {
        EstimateKind::Mean => format!("mean {}", asked.what),
        EstimateKind::Variance => format!("variance of {}", asked.what),
        EstimateKind::Stddev => format!("SD of {}", asked.what),
        EstimateKind::Sum => format!("sum of {}", asked.what),
        EstimateKind::Correlation => return "Pearson's correlation".to_owned(),
        EstimateKind::Count => return "courses".to_owned(),
        EstimateKind::EventsPer { .. } => format!("{} {}", asked.what, asked.unit),
        EstimateKind::Survival => return format!("without {} (%)", asked.awaited()),
        EstimateKind::Rate => return format!("courses with {} (%)", asked.what),
        EstimateKind::Linear => return format!("coefficient ({} for one unit of the column)", asked.unit),
        EstimateKind::Logistic => return "logarithm of the odds ratio".to_owned(),
        EstimateKind::Quantile { .. } | EstimateKind::Histogram { .. } | EstimateKind::Trajectory | _ => {
            asked.what.clone()
        }
    };
    if asked.unit.is_empty() || what.ends_with(&asked.unit) { what } else { format!("{what} ({})", asked.unit) }
}
