//! The name that a wrong one was probably meant to be.

/// The known name nearest to a wrong one: the same but for capitals, spaces, hyphens and underscores,
/// or at most two letters typed wrong and fewer than half of them.
pub(super) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wrong = fold(wrong);
    let comparable =
        known.into_iter().filter(|name| wrong.len() <= COMPARED_BYTES_MAX && name.len() <= COMPARED_BYTES_MAX);
    comparable
        .map(|name| (strsim::osa_distance(&wrong, &fold(name)), name))
        .filter(|(edits, name)| *edits <= 2 && edits * 2 < fold(name).len().max(1))
        .min()
        .map(|(_, name)| name.to_owned())
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Longer names are near nothing; comparing them would cost the product of their lengths.
const COMPARED_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typing_error_finds_the_column_that_was_meant() {
        let known = ["course_id", "arm", "sex", "PHQ-9 day 28"];
        let cases = [
            ("courseid", Some("course_id"), "an underscore less"),
            ("Course_ID", Some("course_id"), "capitals"),
            ("cuorse_id", Some("course_id"), "two letters swapped"),
            ("phq9_day28", Some("PHQ-9 day 28"), "spaces and hyphens"),
            ("ram", Some("arm"), "swapped"),
            ("pseudonym", None, "nothing like it"),
            ("", None, "nothing at all"),
        ];
        for (wrong, want, why) in cases {
            assert_eq!(nearest(wrong, known).as_deref(), want, "{wrong}: {why}");
        }
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None, "a long one is near nothing");
    }
}
