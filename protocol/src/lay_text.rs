//! What a patient reads before a grant is signed: what the grant says, in plain words.
//!
//! A grant carries the digest of the exact words. They follow from its other fields and from a text that ships here, so
//! anybody who holds the grant can write them out again and compare. Texts are for readers of about 12 years, one file a
//! version and language; one that was ever shown is never changed, for old grants are checked against it for ever.

use std::sync::LazyLock;

use crate::digest::{Digest, Label};
use crate::document::consent::{Disclosure, Grant, LayText, Who};
use crate::document::disease::disease;
use crate::document::study::ConsentCategory;
use template::Template;

mod template;
#[cfg(test)]
mod tests;

/// The version that new grants show.
pub const VERSION: &str = "2";

/// The languages of [`VERSION`].
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// A usual price of an answer, by which the words say what a cap is worth, in millionths of ρ.
const USUAL_MICRO: u64 = 100_000;

/// The words of a grant in the newest version, one thing a line; none in a language that has no text.
#[must_use]
pub fn words(grant: &Grant, language: &str) -> Option<String> {
    words_of(VERSION, grant, language)
}

/// The words of a grant as a certain version says them; none if there is no such text.
#[must_use]
pub fn words_of(version: &str, grant: &Grant, language: &str) -> Option<String> {
    TEMPLATES
        .iter()
        .find(|text| text.version == version && text.language == language)
        .map(|template| write(template, grant))
}

/// What a grant that is shown in this language has to carry as its explanation; none in a language that has no text.
#[must_use]
pub fn shown(grant: &Grant, language: &str) -> Option<LayText> {
    let digest = digest(&words(grant, language)?);
    Some(LayText { version: VERSION.to_owned(), language: language.to_owned(), digest })
}

/// Whether the explanation that a grant carries is the one that its other fields make. A version or language that is not
/// known here cannot be checked, so it does not hold.
#[must_use]
pub fn holds(grant: &Grant) -> bool {
    let LayText { version, language, digest: carried } = &grant.lay_text;
    words_of(version, grant, language).is_some_and(|words| digest(&words) == *carried)
}

/// The name of the words under [`Label::LayText`].
#[must_use]
pub fn digest(words: &str) -> Digest {
    Digest::of(Label::LayText, &[words.as_bytes()])
}

fn write(text: &Template, grant: &Grant) -> String {
    let known = |table: &std::collections::BTreeMap<String, String>, code: &str| {
        let words = table.get(code).cloned().unwrap_or_default();
        format!("{words} ({code})")
    };
    let purpose = |code: &String| known(&text.purpose, code).replace("{diseases}", &diseases(grant, &text.language));
    let purposes: Vec<String> = grant.purposes.iter().map(purpose).collect();
    let categories: Vec<&str> = grant.categories.iter().map(|category| text.category.of(*category)).collect();
    let conditions: Vec<String> = grant.modifiers.iter().map(|code| known(&text.modifier, code)).collect();
    let who = match &grant.who {
        Who::AnyStudy if grant.modifiers.iter().any(|code| matches!(code.as_str(), "NPU" | "NPUNCU")) => {
            text.who_may.any_study_of_no_company.clone()
        }
        Who::AnyStudy => text.who_may.any_study.clone(),
        Who::AcademicOnly => text.who_may.academic_only.clone(),
        Who::Studies(ids) => text.who_may.studies.replace("{ids}", &ids.join(", ")),
    };
    let disclosure = match grant.disclosure {
        Disclosure::DpOnly => &text.disclosure.dp_only,
        Disclosure::ExactAlso => &text.disclosure.exact_also,
    };
    let time = text.time.replace("{from}", &grant.not_before.to_string());
    let mut lines = vec![
        text.opening.clone(),
        text.what_for.replace("{list}", &purposes.join("; ")),
        text.who.replace("{who}", &who),
        text.categories.replace("{list}", &categories.join("; ")),
        disclosure.clone(),
        time.replace("{until}", &grant.not_after.to_string()),
        text.cap.replace("{cap}", &grant.rho_year.to_string()).replace("{worth}", &worth(text, grant)),
    ];
    if !conditions.is_empty() {
        lines.push(text.conditions.replace("{list}", &conditions.join("; ")));
    }
    lines.push(text.closing.clone());
    lines.join("\n")
}

/// The diseases of a grant by name and code, or by code alone where the name is not known.
fn diseases(grant: &Grant, language: &str) -> String {
    let name = |code: &String| match disease(code) {
        Some(known) if language.starts_with("de") => format!("{} ({code})", known.german),
        Some(known) => format!("{} ({code})", known.english),
        None => code.clone(),
    };
    grant.diseases.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn worth(text: &Template, grant: &Grant) -> String {
    match grant.rho_year.0 / USUAL_MICRO {
        0 => text.worth_none.clone(),
        1 => text.worth_one.clone(),
        n => text.worth.replace("{n}", &n.to_string()),
    }
}

impl template::Categories {
    fn of(&self, category: ConsentCategory) -> &str {
        match category {
            ConsentCategory::Demographics => &self.demographics,
            ConsentCategory::Treatment => &self.treatment,
            ConsentCategory::Outcomes => &self.outcomes,
            ConsentCategory::AdverseEvents => &self.adverse_events,
        }
    }
}

/// Every text, as it was shipped. One that does not parse is left out, and a test sees it.
static TEMPLATES: LazyLock<Vec<Template>> =
    LazyLock::new(|| SHIPPED.iter().filter_map(|text| toml::from_str(text).ok()).collect());

const SHIPPED: [&str; 2] = [include_str!("../lay_texts/2.en.toml"), include_str!("../lay_texts/2.de.toml")];
