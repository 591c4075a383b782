//! Every form of an answer, from answers that never change, and from answers that nobody would wish for.

use std::path::{Path, PathBuf};

use clap::Parser;
use resvg::usvg;
use sumac_protocol::answer::Answer;

use super::about::About;
use super::tidy::Tidy;
use super::{Destination, page, plot, table};

mod fixed;
mod forms;

/// An answer and what it is about, with what is special of it.
struct Case {
    why: &'static str,
    answer: Answer,
    about: About,
}

const TITLE: &str = "Ketamine for depression";
const HOSTILE: &str = "a<b>&\"quoted\"'</svg><script>alert(1)</script>\u{202e}\u{1b}[8m\nnext";

/// Answers that must come out whole in every form.
fn cases() -> Vec<Case> {
    let by = || about_by("paradigm");
    let long = "a-group-whose-name-never-ends-".repeat(12);
    let names: Vec<String> = (1..=100).map(|n| format!("group {n}")).collect();
    let values: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
    let hundred: Vec<(&[&str], bool)> = values.iter().map(|value| (value.as_slice(), false)).collect();
    let of = |groups: &[fixed::Named<'_>]| fixed::answer(&["paradigm"], groups, fixed::ordinary);
    vec![
        Case {
            why: "three groups, one held back",
            answer: of(&[(&["infusion"], false), (&["kap_low"], false), (&["kap_high"], true)]),
            about: by(),
        },
        Case { why: "no groups", answer: fixed::answer(&[], &[(&[], false)], fixed::ordinary), about: about_by("") },
        Case { why: "one group of one", answer: of(&[(&["infusion"], false)]), about: by() },
        Case { why: "no group at all", answer: of(&[]), about: by() },
        Case { why: "everything held back", answer: of(&[(&["infusion"], true), (&["other"], true)]), about: by() },
        Case { why: "a hundred groups", answer: of(&hundred), about: by() },
        Case { why: "very long names", answer: of(&[(&[long.as_str()], false), (&["short"], false)]), about: by() },
        Case {
            why: "names that are markup",
            answer: of(&[(&[HOSTILE], false), (&["="], true)]),
            about: fixed::about("paradigm", HOSTILE),
        },
        Case {
            why: "nobody there",
            answer: fixed::answer(&["paradigm"], &[(&["infusion"], false)], fixed::nothing),
            about: by(),
        },
    ]
}

fn about_by(group_by: &str) -> About {
    fixed::about(group_by, TITLE)
}

#[test]
fn an_answer_of_every_kind_is_shown_as_it_always_was() {
    let Case { answer, about, .. } = cases().swap_remove(0);
    let forms = [
        ("answer.txt", table::lines(&answer, &about).join("\n") + "\n"),
        ("answer.csv", Tidy::of(&answer, &about).csv().unwrap()),
        ("answer.html", page::page(&answer, &about)),
        ("answer.svg", plot::svg(&answer, &about)),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/show/answer/tests/expected");
    for (name, got) in forms {
        let path = folder.join(name);
        if std::env::var_os("SUMAC_WRITE_EXPECTED").is_some() {
            std::fs::write(&path, &got).unwrap();
        }
        let want = std::fs::read_to_string(&path).unwrap();
        for (number, (got, want)) in got.lines().zip(want.lines()).enumerate() {
            assert_eq!(got, want, "line {} of {name}; SUMAC_WRITE_EXPECTED=1 writes it anew", number + 1);
        }
        assert_eq!(got.lines().count(), want.lines().count(), "{name}");
    }
}

#[test]
fn no_form_of_any_answer_has_what_is_no_number_or_what_moves_a_cursor() {
    for Case { why, answer, about } in cases() {
        let (csv, page) = (Tidy::of(&answer, &about).csv().unwrap(), page::page(&answer, &about));
        let forms = [table::lines(&answer, &about).join("\n"), csv, page, plot::svg(&answer, &about)];
        for form in forms {
            let mut words = form.split(|sign: char| !sign.is_alphanumeric());
            assert!(!words.any(|word| matches!(word, "NaN" | "inf")), "{why}");
            assert!(!form.contains(['\u{1b}', '\u{202e}']), "{why}");
        }
        let rows = table::lines(&answer, &about);
        let wide = rows.iter().find(|row| row.chars().count() > 80 && row.split_whitespace().count() > 3);
        assert_eq!(wide, None, "{why}");
    }
}

#[test]
fn every_answer_can_be_drawn_and_read_again() {
    for Case { why, answer, about } in cases() {
        let drawn = plot::svg(&answer, &about);
        let tree = usvg::Tree::from_str(&drawn, &usvg::Options::default()).unwrap();
        assert!(tree.size().width() > 700.0 && tree.size().height() > 30.0, "{why}");
        assert!(!drawn.contains("<script"), "{why}");
        let png = plot::png(&answer, &about).unwrap();
        let pixels = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert!(pixels.pixels().iter().any(|pixel| pixel.red() < 200), "{why}: nothing is drawn");
    }
}

#[test]
fn a_page_is_whole_in_itself_and_takes_names_for_text() {
    for Case { why, answer, about } in cases() {
        let page = page::page(&answer, &about);
        for never in ["<script", "src=", "href", "http://", "https://", "url(", "@import", "<link", "<img", "onload"] {
            assert!(!page.contains(never), "{why}: {never}");
        }
        assert!(page.contains("sumac verify release-"), "{why}: says how to check it");
    }
}

#[test]
fn a_rate_is_never_told_without_what_is_counted_and_of_how_many() {
    for Case { why, answer, about } in cases().into_iter().take(3) {
        let text = table::lines(&answer, &about).join("\n");
        let page = page::page(&answer, &about);
        for form in [text, page, plot::svg(&answer, &about)] {
            assert!(form.contains("51 of 110") && form.contains("52 in 702"), "{why}");
        }
    }
}

#[test]
fn what_noise_hides_and_what_no_lot_made_is_said_once() {
    let Case { mut answer, about, .. } = cases().swap_remove(0);
    let says = |answer: &Answer, about: &About| table::lines(answer, about).join(" ");
    let once = |text: &str, what: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").matches(what).count();
    assert_eq!(once(&says(&answer, &about), "not made by lot"), 1);
    assert_eq!(once(&says(&answer, &about), "most of the interval is noise"), 0);
    let mut randomised = about.clone();
    randomised.setting.randomised = true;
    assert_eq!(once(&says(&answer, &randomised), "not made by lot"), 0);
    for group in &mut answer.groups {
        for estimate in &mut group.estimates {
            if let sumac_protocol::answer::Found::Mean(mean) = &mut estimate.found {
                mean.sd_noise = 2.0;
            }
        }
    }
    assert_eq!(once(&says(&answer, &about), "most of the interval is noise"), 1);
    answer.comparisons.clear();
    assert_eq!(once(&says(&answer, &about), "not made by lot"), 0, "nothing is compared");
}

/// What a command line says of where an answer goes.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    shown: Destination,
}

#[test]
fn a_destination_that_cannot_be_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(folder.path().join("there.csv"), "mine").unwrap();
    let (answer, plot, format) = ("--answer", "--plot", "--format");
    let cases: [(Vec<String>, &str, &str); 10] = [
        (vec![answer.into(), at("a.xlsx")], "answer-destination", "a form that there is not"),
        (vec![answer.into(), at("a")], "answer-destination", "no ending"),
        (vec![answer.into(), at("a.csv"), format.into(), "json".into()], "answer-destination", "another form"),
        (vec![answer.into(), at("a.svg")], "answer-destination", "a plot is no answer"),
        (vec![format.into(), "parquet".into()], "answer-needs-a-file", "a pipe"),
        (vec![plot.into(), at("a.pdf")], "answer-destination", "a plot that there is not"),
        (vec![answer.into(), at("there.csv")], "file", "never overwritten"),
        (vec![answer.into(), at("no/such/folder/a.csv")], "file", "no such folder"),
        (vec![plot.into(), at("release.svg")], "answer-destination", "where the release goes"),
        (vec![plot.into(), at(".png")], "answer-destination", "an ending without a name"),
    ];
    for (words, code, why) in cases {
        let line = Line::try_parse_from([vec!["ask".to_owned()], words].concat()).unwrap_or_else(|why| panic!("{why}"));
        let refused = line.shown.check(&[&folder.path().join("release.svg")]).unwrap_err();
        assert_eq!((refused.code(), refused.exit()), (code, crate::failure::Exit::Refused), "{why}");
    }
    let good = ["ask", answer, &at("a.CSV"), plot, &at("a.png")];
    Line::try_parse_from(good).unwrap_or_else(|why| panic!("{why}")).shown.check(&[]).unwrap();
    let left: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [folder.path().join("there.csv")], "nothing is left behind");
    assert_eq!(std::fs::read_to_string(&left[0]).unwrap(), "mine");
}
