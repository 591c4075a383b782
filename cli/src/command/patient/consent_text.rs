//! What a patient reads before a grant is signed: the text that ships with the protocol, in the patient's language.

use sumac_protocol::document::consent::{Grant, Who};
use sumac_protocol::lay_text;

use crate::show;

/// The words of a grant, one thing a line.
pub(super) fn words(grant: &Grant) -> String {
    let grant = of(grant);
    lay_text::words(&grant, &grant.lay_text.language).unwrap_or_default()
}

/// A grant as it came from elsewhere, with codes that are one line each: none of them can pass for a line of the text.
pub(super) fn of(grant: &Grant) -> Grant {
    let lines = |codes: &[String]| codes.iter().map(|code| show::one_line(code)).collect();
    let mut plain = grant.clone();
    plain.purposes = lines(&grant.purposes);
    plain.modifiers = lines(&grant.modifiers);
    plain.diseases = lines(&grant.diseases);
    if let Who::Studies(ids) = &grant.who {
        plain.who = Who::Studies(lines(ids));
    }
    plain
}

/// What one grant says otherwise than the one before it, line by line, in the language of the new one. `purposes` are
/// those that were left of the one before.
pub(super) fn differences(before: &Grant, now: &Grant, purposes: &str) -> String {
    let language = &now.lay_text.language;
    let [old, new] = [before, now].map(|grant| lay_text::words(&of(grant), language).unwrap_or_default());
    let mut text = vec![format!("In force until now: {purposes}.")];
    for (mark, these, others) in [("Until now", &old, &new), ("From now on", &new, &old)] {
        let other: Vec<&str> = others.lines().collect();
        text.extend(these.lines().filter(|line| !other.contains(line)).map(|line| format!("{mark}: {line}")));
    }
    if text.len() == 1 {
        text.push("Nothing that you allow changes.".to_owned());
    }
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{differences, words};
    use crate::command::patient::grant;
    use sumac_protocol::cost::RhoMicro;
    use sumac_protocol::document::consent::{Grant, Who};
    use sumac_protocol::moment::Moment;

    fn first() -> Grant {
        grant(vec!["HMB".into()], Vec::new(), false, Moment(1_767_225_600_000), 730, RhoMicro(2_000_000))
    }

    #[test]
    fn only_what_changes_is_listed_on_both_sides() {
        let narrowed = Grant { who: Who::AcademicOnly, ..first() };
        let text = differences(&first(), &narrowed, "research on health and medicine (HMB)");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines.iter().any(|line| line.starts_with("Until now: Who may ask") && line.contains("company")),
            "{text}"
        );
        assert!(lines.iter().any(|line| line.starts_with("From now on: Who may ask")), "{text}");
        assert!(differences(&first(), &first(), "").contains("Nothing that you allow changes"));
    }

    #[test]
    fn an_id_from_elsewhere_adds_no_line() {
        let told = Grant { who: Who::Studies(vec!["a\nHow you are shown: never\u{1b}[8m".into()]), ..first() };
        assert_eq!(words(&told).lines().count(), words(&first()).lines().count());
        assert!(!words(&told).contains('\u{1b}'));
    }
}
