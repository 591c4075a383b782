//! An answer as a page: one file without scripts and without anything from elsewhere, for a browser or a printer.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sumac_protocol::answer::{Answer, Found};
use sumac_protocol::plan::Mode;

use super::about::{About, Endpoint};
use super::block::{Block, Shown, block};
use super::number::{fixed, span};
use super::plot;
use super::words::{compare, group_name, method, price, warnings};
use crate::show::harmless::harmless;

/// The whole page.
pub(super) fn page(answer: &Answer, about: &About) -> String {
    let title = crate::show::one_line(&about.setting.study);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        p.above { "Answer of the federation " (crate::show::one_line(&about.setting.federation)) }
                        h1 { (title) }
                        (facts(answer))
                    }
                    (question(about))
                    (notes(answer, about))
                    @for at in 0..about.asked.len() { (estimate(answer, about, at)) }
                    (comparisons(answer, about))
                    (missing(answer, about))
                    (made(answer, about))
                    (verifying(answer))
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// What one wants to know first.
fn facts(answer: &Answer) -> Markup {
    let shown = answer.groups.iter().filter(|group| !group.suppressed).count();
    let privacy = match (answer.mode, answer.epsilon) {
        (Mode::Dp, Some(epsilon)) => format!("ε {epsilon:.2}"),
        (Mode::Dp, None) => "noised".to_owned(),
        (Mode::Exact, _) => "exact".to_owned(),
    };
    html! {
        ul.facts {
            li { b { (answer.operators.counted) " of " (answer.operators.asked) } " operators counted" }
            li { b { (shown) " of " (answer.groups.len()) } " groups shown" }
            li { b { (privacy) } @if answer.mode == Mode::Dp { " for each patient counted" } @else { ", no differential privacy" } }
        }
    }
}

/// The question as it was asked, and in words as every node read it.
fn question(about: &About) -> Markup {
    html! {
        section {
            h2 { "The question" }
            ul { @for line in &about.words { li { (crate::show::one_line(line)) } } }
            pre { (harmless(&about.text)) }
        }
    }
}

/// What to know before reading the figures.
fn notes(answer: &Answer, about: &About) -> Markup {
    let warnings = warnings(answer, about);
    html! {
        @if !warnings.is_empty() {
            section.notes {
                h2 { "Before you read the figures" }
                ul { @for warning in &warnings { li { (warning) } } }
            }
        }
    }
}

/// An estimate: drawn, and as a table.
fn estimate(answer: &Answer, about: &About, at: usize) -> Markup {
    let (Some(block), Some(asked)) = (block(answer, about, at), about.asked.get(at)) else { return html! {} };
    html! {
        section {
            h2 { (block.title) }
            div.wide { (plot::inline(answer, about, at, plot::WIDE)) }
            div.narrow { (plot::inline(answer, about, at, plot::NARROW)) }
            (table(&block))
            @for below in &block.below { p.quiet { (below) } }
            p.quiet { "How it is estimated: " (method(asked, answer.mode)) "." }
        }
    }
}

/// A table with headings that a screen reader tells; numbers stand to the right.
fn table(block: &Block) -> Markup {
    let shown = |at: usize| {
        let column = block.columns.get(at).filter(|column| column.shown != Shown::Terminal);
        column.filter(|_| block.rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty())))
    };
    let columns: Vec<usize> = (0..block.columns.len()).filter(|at| shown(*at).is_some()).collect();
    let class = |at: usize| block.columns.get(at).filter(|column| column.right).map(|_| "n");
    html! {
        div.scroll {
            table {
                thead { tr { @for at in &columns {
                    th scope="col" class=[class(*at)] { (block.columns.get(*at).map_or("", |column| column.heading)) }
                } } }
                tbody { @for row in &block.rows { tr { @for at in &columns {
                    td class=[class(*at)] { (row.get(*at).map_or("", String::as_str)) }
                } } } }
            }
        }
    }
}

/// What the groups say about each other, test by test, with what such a test cannot say.
fn comparisons(answer: &Answer, about: &About) -> Markup {
    let asked = |name: &str| about.asked.iter().find(|asked| asked.name == name);
    html! {
        @if !answer.comparisons.is_empty() {
            section {
                h2 { "Between the groups" }
                ul { @for comparison in &answer.comparisons { li { (compare(comparison, asked(&comparison.name))) } } }
                p.quiet { "Noise is part of every standard error. No correction is made for several comparisons." }
            }
        }
    }
}

/// Who has no value, and what observed cases and intention to treat say of the same endpoint.
fn missing(answer: &Answer, about: &About) -> Markup {
    let of = |is: &dyn Fn(&Endpoint) -> bool| {
        let asked = about.asked.iter().enumerate().filter(|(_, asked)| asked.endpoint.as_ref().is_some_and(is));
        asked.map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let gone = of(&|endpoint| *endpoint == Endpoint::Missing);
    let pairs = of(&|endpoint| matches!(endpoint, Endpoint::Observed(_))).into_iter().filter_map(|observed| {
        let same = |other: &Endpoint| match (other, about.asked.get(observed)?.endpoint.as_ref()?) {
            (Endpoint::IntentionToTreat(one), Endpoint::Observed(other)) => Some(one == other),
            _ => None,
        };
        let treated = of(&|endpoint| same(endpoint).unwrap_or(false));
        treated.first().map(|treated| (observed, *treated))
    });
    let pairs: Vec<(usize, usize)> = pairs.collect();
    html! {
        @if !gone.is_empty() || !pairs.is_empty() {
            section {
                h2 { "Who has no value" }
                @for at in gone { (side_by_side(answer, about, &[(at, "without a value")])) }
                @for (observed, treated) in pairs {
                    (side_by_side(answer, about, &[(observed, "observed cases"), (treated, "intention to treat")]))
                }
            }
        }
    }
}

/// Rates of the same groups beside each other.
fn side_by_side(answer: &Answer, about: &About, rates: &[(usize, &str)]) -> Markup {
    let rate = |group: usize, at: usize| {
        let found = answer.groups.get(group).and_then(|group| group.shown(at));
        let Some(Found::Rate(rate)) = found else { return "held back".to_owned() };
        let value = rate.value.map_or_else(|| "–".to_owned(), |value| format!("{} %", fixed(value * 100.0, 1)));
        let ends = rate.ci95.map(|ends| format!(" ({})", span(ends.map(|end| end * 100.0), 1))).unwrap_or_default();
        format!("{value}{ends}, {} of {}", rate.events, rate.n)
    };
    let title = rates.first().and_then(|(at, _)| about.asked.get(*at)).map(|asked| asked.what.clone());
    html! {
        div.scroll {
            table {
                caption { (title.unwrap_or_default()) }
                thead { tr { th scope="col" { "group" } @for (_, heading) in rates { th.n scope="col" { (heading) } } } }
                tbody { @for (at, group) in answer.groups.iter().enumerate() { tr {
                    td { (group_name(&group.key)) }
                    @for (of, _) in rates { td.n { (rate(at, *of)) } }
                } } }
            }
        }
    }
}

/// How the answer came about and what it cost.
fn made(answer: &Answer, about: &About) -> Markup {
    let setting = &about.setting;
    html! {
        section {
            h2 { "How it was made" }
            dl {
                dt { "Clinics" }
                dd { (answer.operators.counted) " of " (answer.operators.asked) " operators of clinics are in the sum. \
                     Which of them, and what any one contributed, nobody learns." }
                dt { "Committee" }
                dd { (setting.aggregators) " members of different operators added up secret shares; each drew noise of its own \
                     where there is noise." }
                dt { "Price" }
                dd { (price(answer)) }
                dt { "Small groups" }
                dd { "Groups with fewer than " (answer.cohort_min) " courses are held back, so a group that is missing here says \
                     nothing of who is in it." }
                dt { "Intervals" }
                dd { "95 %, for sampling and noise together; the tables tell the two apart. Noise is drawn once and is \
                     part of the answer: asking again costs again." }
                dt { "Approval" }
                dd { (crate::show::one_line(&setting.approval)) }
            }
        }
    }
}

/// How whoever reads the page can check it against the release, without trusting the page.
fn verifying(answer: &Answer) -> Markup {
    html! {
        section {
            h2 { "How to check it" }
            p { "Everything here is computed from signed shares. With the release file and the federation's charter \
                anybody can do it again, without a network:" }
            pre { "sumac verify release-" (answer.release) ".json --charter charter.json --format table" }
            p.quiet { "Release " code { (answer.release) } ", study " code { (crate::show::one_line(&answer.study)) } ". \
                What no check can tell is whether the clinics' records are true." }
        }
    }
}

/// How it looks: for a desk, a telephone and a printer.
const STYLE: &str = "
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f6; color: #1a1a1a; font: 16px/1.5 Roboto, 'Segoe UI', Helvetica, Arial, sans-serif; }
main { max-width: 800px; margin: 0 auto; padding: 24px 40px 48px; background: #fff; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .6rem; }
h2 { font-size: 1.1rem; line-height: 1.35; margin: 2.2rem 0 .6rem; padding-top: 1rem; border-top: 1px solid #dcdfe2; }
h1, h2, li, dd, p { overflow-wrap: anywhere; }
.above { margin: 0; color: #5a5a5a; font-size: .9rem; }
.facts { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; padding: 0; margin: 0; color: #333; }
.facts b { color: #000; }
ul { padding-left: 1.2rem; }
pre { background: #f4f5f6; border-radius: 4px; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; \
font: .85rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; font-size: .85rem; }
.notes { border-left: 4px solid #d55e00; padding-left: 1rem; margin-top: 1.8rem; }
.notes h2 { border: 0; margin-top: 0; padding-top: 0; }
.quiet { color: #5a5a5a; font-size: .88rem; margin: .4rem 0; }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { padding: .32rem .6rem; text-align: left; border-bottom: 1px solid #e6e8ea; vertical-align: top; }
th { border-bottom: 1px solid #5a5a5a; font-weight: 600; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
td:first-child { min-width: 6rem; overflow-wrap: anywhere; }
svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
dl { display: grid; grid-template-columns: 8rem 1fr; gap: .5rem 1rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; }
@media (max-width: 640px) {
  main { padding: 16px 16px 32px; }
  h1 { font-size: 1.35rem; }
  .wide { display: none; }
  .narrow { display: block; }
  dl { grid-template-columns: 1fr; gap: .1rem; }
  dd { margin-bottom: .6rem; }
}
@media print {
  body { background: #fff; font-size: 11pt; }
  main { max-width: none; padding: 0; }
  section { break-inside: avoid-page; }
}
";
