//! Names as people type them: what counts as the same name, and which known name a wrong one is near.

/// A name without what people write differently: capitals, hyphens and underscores. `PHQ-9`,
/// `phq_9` and `phq9` are one name.
#[must_use]
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The known name that a wrong one was probably meant to be: the same but for capitals, spaces,
/// hyphens and underscores, or at most two letters typed wrong and fewer than half of them. Names
/// of more than 64 bytes are near nothing: comparing them would cost the product of their lengths.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let short = |name: &str| name.len() <= NAME_BYTES_MAX;
    let bare = |name: &str| fold(name).replace(' ', "");
    let wrong = Some(wrong).filter(|wrong| short(wrong)).map(bare)?;
    known
        .into_iter()
        .filter(|name| short(name))
        .map(|name| (name, bare(name)))
        .map(|(name, bare)| (distance(&wrong, &bare), bare.len(), name))
        .filter(|(edits, length, _)| *edits <= 2 && edits * 2 < *length)
        .min_by_key(|(edits, _, name)| (*edits, *name))
        .map(|(.., name)| name.to_owned())
}

/// The names that there are, for whoever wrote another: the first twelve between these quotes, and
/// how many more.
#[must_use]
pub(crate) fn listed(names: &[String], quote: &str) -> String {
    let shown: Vec<String> = names.iter().take(LISTED_MAX).map(|name| format!("{quote}{name}{quote}")).collect();
    match names.len().saturating_sub(LISTED_MAX) {
        0 => shown.join(", "),
        more => format!("{}, … and {more} more", shown.join(", ")),
    }
}

/// A longer list would bury the sentence that it stands in.
const LISTED_MAX: usize = 12;

/// Longest id or category value, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// How many letters must be added, dropped, changed or swapped with their neighbour (optimal string
/// alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&above, j) + usize::from(x != y)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, fold, listed, nearest};

    #[test]
    fn capitals_hyphens_and_underscores_do_not_make_another_name() {
        assert_eq!(fold("PHQ-9"), fold("phq_9"));
        assert_ne!(fold("PHQ-9"), fold("PHQ-8"));
    }

    #[test]
    fn a_typing_error_finds_the_name_that_was_meant() {
        let known = ["HAMD17", "HAMA", "PGI-I", "arm", "sex", "PHQ-9 day 28", ""];
        let cases = [
            ("hmad17", Some("HAMD17"), "two letters swapped"),
            ("hamd", Some("HAMA"), "one letter is nearer than two"),
            ("pgi", Some("PGI-I"), "one letter short"),
            ("ram", Some("arm"), "swapped"),
            ("six", Some("sex"), "one of three letters"),
            ("phq9_day28", Some("PHQ-9 day 28"), "spaces and hyphens"),
            ("weight", None, "nothing like it"),
            ("", None, "nothing at all"),
            ("xy", None, "short words are near too much"),
        ];
        for (wrong, want, why) in cases {
            assert_eq!(nearest(wrong, known).as_deref(), want, "{wrong}: {why}");
        }
        let long = "a".repeat(100_000);
        assert_eq!(nearest(&long, known), None);
        assert_eq!(nearest("arm", [long.as_str(), "ram"]).as_deref(), Some("ram"));
    }

    #[test]
    fn a_long_list_says_how_much_of_it_is_left_out() {
        let names = |n: usize| (1..=n).map(|n| format!("n{n}")).collect::<Vec<_>>();
        assert_eq!(listed(&names(2), "'"), "'n1', 'n2'");
        assert!(listed(&names(12), "").ends_with("n11, n12"));
        assert!(listed(&names(21), "").ends_with("n11, n12, … and 9 more"));
    }

    #[test]
    fn distance_counts_a_swap_once() {
        for (a, b, want) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }
}
