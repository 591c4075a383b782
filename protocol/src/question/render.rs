//! An error as it stands on a screen: the line, a caret underline, and the remedy.

use super::QuestionError;

/// Widest line of a rendered error, in characters.
const WIDTH: usize = 80;

impl QuestionError {
    /// The error with the line of the question it is about, at most 80 columns wide.
    ///
    /// ```text
    /// error[unknown-name]: `hmad17` is not a name of the dictionary
    ///   1 | SELECT mean(baseline(hmad17)) FROM courses
    ///     |                      ^^^^^^
    ///   = did you mean `HAMD17`?
    /// ```
    #[must_use]
    pub fn render(&self, text: &str) -> String {
        let mut lines = wrapped(&format!("error[{}]: {self}", self.code()), "  ");
        lines.extend(self.pointed(text));
        lines.extend(wrapped(&format!("  = {}", self.remedy()), "    "));
        lines.join("\n")
    }

    /// The line in question and its underline.
    fn pointed(&self, text: &str) -> [String; 2] {
        let start = floor(text, self.span.start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let number = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = text.get(line_start..start).unwrap_or_default().chars().count();
        let end = floor(text, self.span.end.min(line_start + line.len()));
        let length = text.get(start..end).map_or(1, |marked| marked.chars().count().max(1));

        let head = format!("{number:>3} | ");
        let room = WIDTH - head.chars().count().min(WIDTH / 2);
        // A long line is cut so that the underline begins in the first half.
        let skip = if column + length > room { column.saturating_sub(room / 4) } else { 0 };
        let shown: String = line.chars().skip(skip).take(room).map(printable).collect();
        let carets = "^".repeat(length.min(room.saturating_sub(column - skip)).max(1));
        let margin = " ".repeat(head.chars().count() - 2);
        let below = format!("{margin}| {}{carets}", " ".repeat(column - skip));
        [format!("{head}{shown}").trim_end().to_owned(), below]
    }
}

/// One column for every character, and nothing that moves the cursor or turns the line around.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        plain if plain.is_ascii_graphic() || plain == ' ' => plain,
        _ => '?',
    }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let lead: String = text.chars().take_while(|c| *c == ' ').collect();
    for (place, word) in text.split_whitespace().enumerate() {
        // A word that fills more than a line is cut, so that nothing can scroll the remedy away.
        let word: String = word.chars().take(WIDTH - indent.len()).collect();
        let Some(last) = lines.last_mut() else { continue };
        if place == 0 {
            *last = format!("{lead}{word}");
        } else if last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{indent}{word}"));
        } else {
            last.push(' ');
            last.push_str(&word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{QuestionError, WIDTH};
    use crate::question::Flaw;

    fn error(span: std::ops::Range<usize>) -> QuestionError {
        let near = Some("HAMD17".to_owned());
        QuestionError {
            span,
            flaw: Flaw::UnknownName { name: "hmad17".into(), near, fields: vec![], instruments: vec![] },
        }
    }

    #[test]
    fn an_error_shows_the_line_a_caret_and_the_remedy() {
        let text = "SELECT count(*),\n  mean(baseline(hmad17))\nFROM courses";
        let at = text.find("hmad17").unwrap();
        let want = "error[unknown-name]: `hmad17` is not a name of the dictionary\n  \
                    2 |   mean(baseline(hmad17))\n    |                 ^^^^^^\n  = did you mean `HAMD17`?";
        assert_eq!(error(at..at + 6).render(text), want);
    }

    #[test]
    fn nothing_in_a_question_widens_or_breaks_the_screen() {
        let long = format!("SELECT {}hmad17{} FROM courses", "x".repeat(3000), "y".repeat(3000));
        let nasty = "SELECT \u{1b}[2J\u{202e} é hmad17";
        let cases = [
            (long.clone(), 3007..3013),
            (long.clone(), 0..long.len()),
            (nasty.to_owned(), 7..8),
            (nasty.to_owned(), 12..13),
            ("é".to_owned(), 1..1),
            (String::new(), 0..0),
            ("a".to_owned(), 90..99),
            ("a\r\nb\n".to_owned(), 4..9),
        ];
        for (text, span) in cases {
            let shown = error(span.clone()).render(&text);
            assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{span:?}: {shown}");
            assert!(shown.chars().all(|c| c == '\n' || c.is_ascii_graphic() || c == ' '), "{span:?}: {shown:?}");
            assert!(shown.contains('^'), "{span:?}: {shown}");
        }
        assert!(error(3007..3013).render(&long).contains("hmad17y"), "the cut line still shows the place");
    }
}
