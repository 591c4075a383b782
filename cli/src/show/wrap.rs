//! Text in rows of at most eighty columns.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use super::COLUMNS;

/// The rows of a text. The first begins with `first`; a row that a long line is broken into begins
/// with `rest`. Rows are broken between words only, and never within backticks: paths and commands
/// stay whole, however long they are. Nor between a sign and its number, as in `ρ 4.4` and `95 %`. A line that fits stays
/// as it is, so a caret stays in its place.
pub(super) fn rows(text: &str, first: &str, rest: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let options = Options::new(COLUMNS)
            .initial_indent(if number == 0 { first } else { "" })
            .subsequent_indent(rest)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation)
            .word_separator(WordSeparator::Custom(words))
            .wrap_algorithm(WrapAlgorithm::FirstFit);
        rows.extend(textwrap::wrap(line, options).into_iter().map(std::borrow::Cow::into_owned));
    }
    rows
}

/// The words of a line, each with the spaces behind it; what stands in backticks is one word, and so are a number and its
/// sign.
fn words(line: &str) -> Box<dyn Iterator<Item = textwrap::core::Word<'_>> + '_> {
    let (mut words, mut start, mut quoted, mut after_space) = (Vec::new(), 0, false, false);
    for (at, sign) in line.char_indices() {
        let before = line.get(start..at).unwrap_or_default().trim_end_matches(' ');
        let bound = sign == '%' || matches!(before, "ρ" | "ε" | "δ" | "(ρ" | "(ε" | "(δ");
        if after_space && sign != ' ' && !quoted && !bound {
            words.push(line.get(start..at).unwrap_or_default());
            start = at;
        }
        if sign == '`' {
            // One that is never closed quotes nothing.
            quoted = !quoted && line.get(at + 1..).is_some_and(|behind| behind.contains('`'));
        }
        after_space = sign == ' ';
    }
    words.push(line.get(start..).unwrap_or_default());
    Box::new(words.into_iter().map(textwrap::core::Word::from))
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn rows_are_as_wide_as_a_terminal_and_no_wider() {
        let wrapped = rows(&["ab"; 40].join(" "), "  ", "    ");
        assert_eq!(wrapped.iter().map(|row| row.chars().count()).collect::<Vec<_>>(), [79, 45]);
        assert!(wrapped.first().is_some_and(|row| row.starts_with("  ab")));
        assert!(wrapped.last().is_some_and(|row| row.starts_with("    ab")));
    }

    #[test]
    fn paths_commands_and_lines_that_fit_stay_whole() {
        let path = format!("/{}", "a".repeat(90));
        assert_eq!(
            rows(&format!("{path}: gone"), "error[file]: ", "  "),
            [format!("error[file]: {path}:"), "  gone".into()]
        );
        let command = format!("`sumac verify {} --charter c.json`", "b ".repeat(30).trim_end());
        let long = format!("{} {command} at once", "say ".repeat(10).trim_end());
        assert_eq!(rows(&long, "", "  ").get(1), Some(&format!("  {command}")), "a command is one word");
        let caret = "no such column\n  |\n  | SELECT   x\n  |          ^";
        assert_eq!(rows(caret, "", "  ").join("\n"), caret);
        assert_eq!(rows("it`s one backtick", "", ""), ["it`s one backtick"]);
        let (figures, words) = ("at ρ 4.4 and 95 % (ε 8.1)", "words ".repeat(11));
        for cut in 0..24 {
            let long = format!("{}{words}{figures} and more of it", "x".repeat(cut));
            let wrapped = rows(&long, "", "  ");
            assert!(wrapped.iter().all(|row| !row.ends_with(['ρ', 'ε', '5'])), "{wrapped:?}");
        }
        assert_eq!(rows("é".repeat(80).as_str(), "", ""), ["é".repeat(80)], "columns, not bytes");
    }
}
