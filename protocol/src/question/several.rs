//! A file of several questions.

use std::iter;
use std::ops::Range;

use sqlparser::tokenizer::{Location, Token, Tokenizer};

use super::grammar::Courses;

/// Where each question of a text begins and ends, in bytes: up to the next semicolon that stands in no quotes and no
/// comment. What holds nothing but spaces and comments is left out. A text whose signs cannot be told apart, such as one
/// with an open quote, is one question: [`super::compile`] says what is wrong with it.
#[must_use]
pub fn several(text: &str) -> Vec<Range<usize>> {
    let Ok(tokens) = Tokenizer::new(&Courses, text).tokenize_with_location() else {
        return iter::once(0..text.len()).collect();
    };
    let (mut questions, mut from, mut asks) = (Vec::new(), 0, false);
    for token in tokens {
        if token.token == Token::SemiColon {
            let (at, next) = (byte(text, token.span.start), byte(text, token.span.end));
            if asks {
                questions.push(from..at);
            }
            (from, asks) = (next, false);
        } else if !matches!(token.token, Token::Whitespace(_)) {
            asks = true;
        }
    }
    if asks {
        questions.push(from..text.len());
    }
    questions
}

/// A question in one form: comments fall away, and spaces and line breaks become one space, which changes no meaning. A text
/// whose signs cannot be told apart stays as it is.
#[must_use]
pub fn plainly(text: &str) -> String {
    let Ok(tokens) = Tokenizer::new(&Courses, text).tokenize_with_location() else {
        return text.trim().to_owned();
    };
    let (mut plain, mut apart) = (String::new(), false);
    for token in tokens {
        if matches!(token.token, Token::Whitespace(_)) {
            apart = !plain.is_empty();
            continue;
        }
        if std::mem::take(&mut apart) {
            plain.push(' ');
        }
        let written = byte(text, token.span.start)..byte(text, token.span.end);
        plain.push_str(text.get(written).unwrap_or_default());
    }
    plain
}

/// The byte at a line and column, which count characters from 1.
fn byte(text: &str, at: Location) -> usize {
    let before = usize::try_from(at.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let begin: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let line = text.get(begin..).unwrap_or_default();
    let columns = usize::try_from(at.column.saturating_sub(1)).unwrap_or(usize::MAX);
    begin + line.char_indices().nth(columns).map_or(line.len(), |(offset, _)| offset)
}

#[cfg(test)]
mod tests {
    use super::{plainly, several};

    #[test]
    fn a_file_is_cut_at_semicolons_that_stand_in_no_quotes_and_no_comment() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            (" -- nothing; but a comment\n ;; ; ", &[]),
            ("SELECT count(*) FROM courses", &["SELECT count(*) FROM courses"]),
            ("a;b", &["a", "b"]),
            ("-- one; two\na;\n\n-- three\nb;\n", &["-- one; two\na", "\n\n-- three\nb"]),
            ("x = 'a;b' ; /* ; */ y", &["x = 'a;b' ", " /* ; */ y"]),
            ("é = 'ü;'; ñ;\nz", &["é = 'ü;'", " ñ", "\nz"]),
            ("a = 'open; b; c", &["a = 'open; b; c"]),
        ];
        for (text, want) in cases {
            let got: Vec<&str> = several(text).into_iter().map(|at| &text[at]).collect();
            assert_eq!(got, want, "{text}");
        }
    }
    #[test]
    fn one_form_has_no_comments_and_single_spaces_outside_of_quotes() {
        for (text, want, why) in [
            (
                "SELECT  count(*)\n\tFROM courses -- all\n  WHERE x = 'a  b'\r\n",
                "SELECT count(*) FROM courses WHERE x = 'a  b'",
                "texts stay",
            ),
            ("-- why\na /* ; */ b -- end", "a b", "comments fall away"),
            ("a /*/ ; */ b", "a b", "a comment that looks closed"),
            ("x = '--'", "x = '--'", "no comment within quotes"),
            ("x = 'it''s'", "x = 'it''s'", "a doubled quote"),
            ("é = 'ü'\n\n, ñ<=2", "é = 'ü' , ñ<=2", "what stood together stands together"),
            (" a = 'open", "a = 'open", "nobody can tell what this is"),
        ] {
            assert_eq!(plainly(text), want, "{why}");
        }
    }
}
