//! Lines, letters and colours that all plots share.

use maud::{Markup, html};

/// Letters.
pub(super) const INK: &str = "#1a1a1a";
/// Letters of less weight, and axes.
pub(super) const GREY: &str = "#5a5a5a";
/// Lines behind the marks.
pub(super) const GRID: &str = "#e2e2e2";

/// Okabe and Ito's colours (2008), without those too light for lines on white: told apart by the colour-blind, and of
/// different lightness side by side.
pub(super) const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000"];
/// Dashes, so that lines differ without colour.
const DASHES: [&str; 6] = ["none", "7 3", "2 2.5", "9 3 2 3", "4 2", "1 3"];

/// The family that drawings ask for: the same letters everywhere if it is there, else much the same.
pub(super) const FAMILIES: &str = "Roboto, Arial, Helvetica, sans-serif";
/// The first of them, which is built in.
pub(super) const FONT: &str = "Roboto";
/// Its files: Roboto, Apache License 2.0.
pub(super) const FONTS: [&[u8]; 2] =
    [include_bytes!("../../../../fonts/Roboto-Regular.ttf"), include_bytes!("../../../../fonts/Roboto-Bold.ttf")];

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The name of an estimate.
    Title,
    /// What it is.
    Quiet,
    /// A name beside a mark.
    Label,
    /// The same, ending at the place.
    LabelEnd,
    /// A number at an axis, in the middle of the place.
    Tick,
    /// The same, ending at the place.
    TickEnd,
    /// What an axis is of, in the middle of the place.
    Axis,
    /// What stands below.
    Small,
}

impl Style {
    /// Size in px, weight, colour and anchor.
    const fn look(self) -> (f64, &'static str, &'static str, &'static str) {
        match self {
            Self::Title => (14.0, "bold", INK, "start"),
            Self::Quiet => (12.0, "normal", GREY, "start"),
            Self::Label => (12.0, "normal", INK, "start"),
            Self::LabelEnd => (12.0, "normal", INK, "end"),
            Self::Tick => (11.0, "normal", GREY, "middle"),
            Self::TickEnd => (11.0, "normal", GREY, "end"),
            Self::Axis => (12.0, "normal", INK, "middle"),
            Self::Small => (11.0, "normal", GREY, "start"),
        }
    }
}

/// A line of text with its base line at y.
pub(super) fn text(x: f64, y: f64, says: &str, style: Style) -> Markup {
    let (size, weight, fill, anchor) = style.look();
    html! {
        text x=(px(x)) y=(px(y)) font-size=(size) font-weight=(weight) fill=(fill) text-anchor=(anchor) { (says) }
    }
}

/// A straight line.
pub(super) fn rule([x1, y1]: [f64; 2], [x2, y2]: [f64; 2], stroke: &str, width: f64) -> Markup {
    html! { line x1=(px(x1)) y1=(px(y1)) x2=(px(x2)) y2=(px(y2)) stroke=(stroke) stroke-width=(width) {} }
}

/// A line between many points, in the look of a group.
pub(super) fn path(points: &[[f64; 2]], group: usize) -> Markup {
    let along: Vec<String> = points.iter().map(|[x, y]| format!("{} {}", px(*x), px(*y))).collect();
    let (colour, dash) = (colour(group), DASHES.get(group % DASHES.len()).copied().unwrap_or("none"));
    html! {
        @if !along.is_empty() {
            path d={ "M" (along.join(" L")) } fill="none" stroke=(colour) stroke-width="2" stroke-dasharray=(dash)
                stroke-linejoin="round" {}
        }
    }
}

/// The colour of a group.
pub(super) fn colour(group: usize) -> &'static str {
    COLOURS.get(group % COLOURS.len()).copied().unwrap_or(INK)
}

/// The marker of a group: another shape for each.
pub(super) fn marker(group: usize, x: f64, y: f64) -> Markup {
    let fill = colour(group);
    let polygon = |points: &[[f64; 2]]| {
        let at: Vec<String> = points.iter().map(|[dx, dy]| format!("{},{}", px(x + dx), px(y + dy))).collect();
        html! { polygon points=(at.join(" ")) fill=(fill) stroke="#ffffff" stroke-width="0.8" {} }
    };
    match group % COLOURS.len() {
        0 => html! { circle cx=(px(x)) cy=(px(y)) r="4.2" fill=(fill) stroke="#ffffff" stroke-width="0.8" {} },
        1 => polygon(&[[-4.0, -4.0], [4.0, -4.0], [4.0, 4.0], [-4.0, 4.0]]),
        2 => polygon(&[[0.0, -5.0], [4.8, 4.0], [-4.8, 4.0]]),
        3 => polygon(&[[0.0, -5.4], [5.4, 0.0], [0.0, 5.4], [-5.4, 0.0]]),
        4 => polygon(&[[0.0, 5.0], [4.8, -4.0], [-4.8, -4.0]]),
        _ => html! { circle cx=(px(x)) cy=(px(y)) r="3.6" fill="#ffffff" stroke=(fill) stroke-width="1.8" {} },
    }
}

/// An interval lying down, with its ends.
pub(super) fn whisker_across(y: f64, from: f64, to: f64) -> Markup {
    html! {
        (rule([from, y], [to, y], INK, 1.4))
        (rule([from, y - 4.0], [from, y + 4.0], INK, 1.4))
        (rule([to, y - 4.0], [to, y + 4.0], INK, 1.4))
    }
}

/// An interval standing up, with its ends.
pub(super) fn whisker_up(x: f64, from: f64, to: f64, stroke: &str, reach: f64) -> Markup {
    html! {
        (rule([x, from], [x, to], stroke, 1.2))
        (rule([x - reach, from], [x + reach, from], stroke, 1.2))
        (rule([x - reach, to], [x + reach, to], stroke, 1.2))
    }
}

/// A coordinate with a tenth of a pixel; never anything else than a number.
pub(super) fn px(at: f64) -> String {
    let at = if at.is_finite() { at } else { 0.0 };
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// A place in a list as a number to calculate with.
pub(super) fn place(at: usize) -> f64 {
    u32::try_from(at).map_or(0.0, f64::from)
}

/// About how wide a text is in the built-in font, in px.
pub(super) fn width_of(says: &str, size: f64) -> f64 {
    let of = |sign: char| match sign {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' | ' ' | '·' => 0.26,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | 'I' | '/' => 0.36,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '—' => 0.88,
        'A'..='Z' | '&' => 0.66,
        '\0'..='\u{24f}' | '\u{370}'..='\u{52f}' | '−' | '–' => 0.56,
        _ => 1.0,
    };
    says.chars().map(of).sum::<f64>() * size
}

/// As much of a text as fits, with `…` where there is more.
pub(super) fn fitted(says: &str, width: f64, size: f64) -> String {
    if width_of(says, size) <= width {
        return says.to_owned();
    }
    let mut kept = String::new();
    for sign in says.chars() {
        if width_of(&kept, size) + width_of("…", size) + width_of("W", size) > width {
            break;
        }
        kept.push(sign);
    }
    kept.trim_end().to_owned() + "…"
}

/// A text in lines that fit, broken between words; what is a single word too long for a line is cut short.
pub(super) fn lines_of(says: &str, width: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in says.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width_of(line, size) + width_of(word, size) + size * 0.3 <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fitted(line, width, size)).collect()
}
