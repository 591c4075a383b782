//! What a patient reads before a grant is signed: what the grant says, in plain words.
//!
//! The grant carries the digest of these words. They follow from its other fields, so anybody who
//! holds the grant can write them out again and compare.

use sumac_protocol::document::consent::{Disclosure, Grant, Who};
use sumac_protocol::document::study::ConsentCategory;

use crate::show;

/// The words of a grant, one thing a line.
pub(super) fn words(grant: &Grant) -> String {
    let purposes: Vec<String> = grant.purposes.iter().map(|code| purpose(code, &grant.diseases)).collect();
    let categories: Vec<&str> = grant.categories.iter().copied().map(category).collect();
    let how = match grant.disclosure {
        Disclosure::DpOnly => "How answers show you: only in sums with noise added, which hides your part.",
        Disclosure::ExactAlso => {
            "How answers show you: in sums with noise added, which hides your part; and, where a study is exact, \
             also in sums without noise, where only the number of patients hides it."
        }
    };
    let conditions = grant.modifiers.join(", ");
    let mut lines = vec![
        OPENING.to_owned(),
        format!("What for: {}.", purposes.join("; ")),
        format!("Who may ask: {}.", who(&grant.who)),
        format!("What of your record may be used: {}.", categories.join("; ")),
        how.to_owned(),
        format!("From {} until {}.", grant.not_before, grant.not_after),
        format!(
            "Every answer with noise gives a little away about you, and its price says how much at the most. Within \
             any 365 days all answers with you in them may cost {} together, or less where the federation's charter \
             says so: that is {}. After that you are left out.",
            grant.rho_year,
            show::worth(grant.rho_year)
        ),
    ];
    if !conditions.is_empty() {
        lines.push(format!("Only studies that meet these conditions: {conditions}."));
    }
    lines.push(CLOSING.to_owned());
    lines.join("\n")
}

/// A purpose in words, with its code. A code that is none of these is refused before it is signed.
fn purpose(code: &str, diseases: &[String]) -> String {
    let words = match code {
        "NRES" => "anything".to_owned(),
        "GRU" => "any research".to_owned(),
        "HMB" => "health and medical research".to_owned(),
        "DS" => format!("research on the diseases {}", diseases.join(", ")),
        "POA" => "research on where people come from".to_owned(),
        _ => String::new(),
    };
    format!("{words} ({code})")
}

/// Who may ask, in words.
fn who(who: &Who) -> String {
    match who {
        Who::AnyStudy => "any study for this purpose that the stewards have put in force, also of companies".to_owned(),
        Who::AcademicOnly => "studies of universities and other places of research, no others".to_owned(),
        Who::Studies(ids) => format!("these studies and no others: {}", ids.join(", ")),
    }
}

/// A kind of record, in words.
fn category(category: ConsentCategory) -> &'static str {
    match category {
        ConsentCategory::Demographics => "who you are in general, as age and sex",
        ConsentCategory::Treatment => "your treatment",
        ConsentCategory::Outcomes => "how you did, as scores",
        ConsentCategory::AdverseEvents => "side effects",
    }
}

/// What is the same in every grant.
const OPENING: &str = "\
You allow this clinic to count you in when researchers ask about treatment results.
Only sums over many patients leave the clinic; nobody else sees your record.";
/// The same, at the end.
const CLOSING: &str = "\
You can take this back at any time: then you are not counted in any later answer.
Answers that were given before cannot be taken back.";
