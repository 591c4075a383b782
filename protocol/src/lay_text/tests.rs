use super::{LANGUAGES, SHIPPED, TEMPLATES, VERSION, digest, holds, shown, words, words_of};
use crate::cost::RhoMicro;
use crate::document::consent::{Disclosure, Grant, LayText, Who};
use crate::document::duo::{MODIFIERS, PERMISSIONS};
use crate::document::study::ConsentCategory;
use crate::moment::{Millis, Moment};

/// A grant that says everything there is to say.
fn grant() -> Grant {
    Grant {
        purposes: PERMISSIONS.iter().map(|(code, _)| (*code).to_owned()).collect(),
        modifiers: MODIFIERS.iter().map(|(code, ..)| (*code).to_owned()).collect(),
        diseases: vec!["MONDO:0002009".into(), "MONDO:9999999".into()],
        categories: vec![
            ConsentCategory::Demographics,
            ConsentCategory::Treatment,
            ConsentCategory::Outcomes,
            ConsentCategory::AdverseEvents,
        ],
        who: Who::Studies(vec!["tide-1".into(), "tide-2".into()]),
        disclosure: Disclosure::ExactAlso,
        not_before: Moment(1_767_225_600_000),
        not_after: Moment(1_767_225_600_000) + Millis(730 * Millis::DAY.0),
        rho_year: RhoMicro(2_000_000),
        lay_text: LayText { version: VERSION.into(), language: "en".into(), digest: digest("") },
    }
}

#[test]
fn every_text_that_ships_can_be_read_and_there_is_one_for_each_language() {
    assert_eq!(TEMPLATES.len(), SHIPPED.len());
    for language in LANGUAGES {
        assert!(words(&grant(), language).is_some(), "{language}");
    }
    for (version, language) in [("1", "en"), (VERSION, "fr"), ("", ""), (VERSION, "EN")] {
        assert_eq!(words_of(version, &grant(), language), None, "{version} {language}");
    }
}

#[test]
fn both_languages_say_every_element_of_a_grant_and_leave_no_place_open() {
    for language in LANGUAGES {
        let text = words(&grant(), language).unwrap();
        let codes = PERMISSIONS.iter().map(|(code, _)| *code).chain(MODIFIERS.iter().map(|(code, ..)| *code));
        let codes = codes.map(|code| format!("({code})"));
        let rest = ["MONDO:0002009", "MONDO:9999999", "tide-1, tide-2", "2026-01-01", "2028-01-01", "ρ 2 ", " 20 "];
        for said in codes.chain(rest.map(str::to_owned)) {
            assert!(text.contains(&said), "{language}: `{said}` is missing in\n{text}");
        }
        assert!(!text.contains(['{', '}']), "{language}: {text}");
        for template in TEMPLATES.iter().filter(|template| template.language == language) {
            let tables = template.purpose.len() + template.modifier.len();
            assert_eq!(tables, PERMISSIONS.len() + MODIFIERS.len(), "{language}: no word for a code that is none");
        }
    }
}

#[test]
fn a_change_of_anything_that_is_granted_changes_the_words_in_both_languages() {
    type Case = (&'static str, fn(&mut Grant));
    let cases: [Case; 15] = [
        ("a purpose less", |g| drop(g.purposes.pop())),
        ("a condition less", |g| drop(g.modifiers.pop())),
        ("no condition", |g| g.modifiers.clear()),
        ("a disease less", |g| drop(g.diseases.pop())),
        ("another disease", |g| g.diseases = vec!["MONDO:0005146".into()]),
        ("a category less", |g| g.categories.truncate(3)),
        ("any study", |g| g.who = Who::AnyStudy),
        ("academic only", |g| g.who = Who::AcademicOnly),
        ("another study", |g| g.who = Who::Studies(vec!["tide-3".into()])),
        ("only under noise", |g| g.disclosure = Disclosure::DpOnly),
        ("later", |g| g.not_before = g.not_before + Millis::DAY),
        ("longer", |g| g.not_after = g.not_after + Millis::seconds(60)),
        ("a millionth more", |g| g.rho_year.0 += 1),
        ("nearly nothing", |g| g.rho_year = RhoMicro(99_999)),
        ("one answer", |g| g.rho_year = RhoMicro(100_000)),
    ];
    for language in LANGUAGES {
        for (why, change) in cases {
            let mut changed = grant();
            change(&mut changed);
            assert_ne!(words(&changed, language), words(&grant(), language), "{language}: {why}");
        }
    }
}

#[test]
fn an_explanation_holds_for_the_grant_that_it_was_written_for_and_no_other() {
    for language in LANGUAGES {
        let mut grant = grant();
        grant.lay_text = shown(&grant, language).unwrap();
        assert!(holds(&grant), "{language}");
        for (why, change) in [
            ("another cap", (|g: &mut Grant| g.rho_year.0 += 1) as fn(&mut Grant)),
            ("another version", |g| g.lay_text.version = "1".into()),
            ("a language without text", |g| g.lay_text.language = "fr".into()),
            ("other words", |g| g.lay_text.digest = digest("This costs nothing.")),
        ] {
            let mut wrong = grant.clone();
            change(&mut wrong);
            assert!(!holds(&wrong), "{language}: {why}");
        }
    }
    let mut swapped = grant();
    swapped.lay_text = shown(&swapped, "en").unwrap();
    swapped.lay_text.language = "de".into();
    assert!(!holds(&swapped), "the words of the other language");
}

#[test]
fn who_keeps_companies_out_is_not_told_that_companies_may_ask() {
    for (language, company) in [("en", "also of a company"), ("de", "auch von einer Firma")] {
        for (modifiers, may) in
            [(vec![], true), (vec!["NCU"], true), (vec!["NPU"], false), (vec!["IRB", "NPUNCU"], false)]
        {
            let why = format!("{language}: {modifiers:?}");
            let modifiers = modifiers.into_iter().map(str::to_owned).collect();
            let text = words(&Grant { modifiers, who: Who::AnyStudy, ..grant() }, language).unwrap();
            assert_eq!(text.contains(company), may, "{why}\n{text}");
        }
    }
}

/// How hard a text is: words a sentence, letters a word, and words of its longest sentence. What stands in brackets is
/// a code, which is looked at and not read.
fn measure(text: &str) -> (f64, f64, usize) {
    let mut plain = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => (),
        }
    }
    let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
    let sentences: Vec<Vec<&str>> = plain
        .split(['.', ':', ';', '\n'])
        .map(|sentence| sentence.split([' ', ',']).filter(is_word).collect())
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect();
    let words: Vec<&str> = sentences.concat();
    let letters: usize = words.iter().map(|word| word.chars().filter(|c| c.is_alphabetic()).count()).sum();
    let longest = sentences.iter().map(Vec::len).max().unwrap();
    let of = |n: usize, m: usize| f64::from(u32::try_from(n).unwrap()) / f64::from(u32::try_from(m).unwrap());
    (of(words.len(), sentences.len()), of(letters, words.len()), longest)
}

#[test]
fn a_child_of_twelve_can_read_it() {
    let short = Grant {
        purposes: vec!["HMB".into()],
        modifiers: vec!["NPU".into()],
        diseases: vec![],
        who: Who::AnyStudy,
        ..grant()
    };
    for (language, letters_max) in [("en", 5.0), ("de", 6.2)] {
        for grant in [&short, &grant()] {
            let (words, letters, longest) = measure(&super::words(grant, language).unwrap());
            println!("{language}: {words:.1} words a sentence, {letters:.2} letters a word, longest {longest}");
            assert!(words <= 12.0, "{language}: {words:.1} words a sentence");
            assert!(letters <= letters_max, "{language}: {letters:.2} letters a word");
            assert!(longest <= 20, "{language}: a sentence of {longest} words");
        }
    }
}
