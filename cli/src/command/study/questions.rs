//! A file of several questions, each ended by `;`, as an exact study plans them.
//!
//! A plan is asked letter for letter, so that what people write for reading is brought to one form: comments fall away, and
//! spaces and line breaks become one space. That changes no meaning, which is checked.

use std::ops::Range;
use std::path::Path;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::plan::Mode;
use sumac_protocol::question;

use crate::failure::Failure;
use crate::files;

/// The questions of a file, in one form each. The first that cannot be asked is told with its place in the file.
pub(super) fn read(path: &Path, charter: &Charter) -> Result<Vec<String>, Failure> {
    let text = files::read(path)?;
    let dictionary =
        Dictionary::parse(&charter.dictionary).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    let mut questions = Vec::new();
    for (range, question) in split(&text) {
        let written = text.get(range.clone()).unwrap_or_default();
        let meant = question::compile(written, &dictionary, Mode::Exact).map_err(|mut why| {
            why.span = why.span.start.saturating_add(range.start)..why.span.end.saturating_add(range.start);
            files::named(path, Failure::question(why.code(), &why.render(&text)))
        })?;
        let same =
            question::compile(&question, &dictionary, Mode::Exact).is_ok_and(|plan| plan.digest() == meant.digest());
        if !same {
            return Err(Failure::bug(format!("{}: `{question}` came to mean something else", path.display())));
        }
        questions.push(question);
    }
    if questions.is_empty() {
        let remedy = "write questions into it, each ended by `;`";
        return Err(Failure::refused(
            "plan-empty",
            &format!("{}: no question stands here", path.display()),
            remedy.into(),
        ));
    }
    Ok(questions)
}

/// What the letters of a file belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A question.
    Question,
    /// A text in these quotes, in which everything stays.
    Quotes(char),
    /// A comment to the end of its line.
    Line,
    /// A comment until it is closed.
    Block,
}

/// The questions of a text: where each stands, and the question in one form. What holds nothing but spaces and comments
/// is no question.
fn split(text: &str) -> Vec<(Range<usize>, String)> {
    let (mut found, mut question, mut start, mut within) = (Vec::new(), String::new(), 0, Within::Question);
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        let next = signs.peek().map(|(_, next)| *next);
        within = match (within, sign, next) {
            (Within::Question, ';', _) => {
                found.push((start..at, std::mem::take(&mut question)));
                start = at.saturating_add(1);
                Within::Question
            }
            (Within::Question, '-', Some('-')) => Within::Line,
            (Within::Question, '/', Some('*')) => {
                // Behind it, `*/` begins anew: `/*/` opens a comment and does not close it.
                signs.next();
                Within::Block
            }
            (Within::Line, '\n', _) => {
                space(&mut question);
                Within::Question
            }
            (Within::Block, '*', Some('/')) => {
                signs.next();
                space(&mut question);
                Within::Question
            }
            (Within::Line | Within::Block, ..) => within,
            (Within::Quotes(quote), ..) => {
                question.push(sign);
                if sign == quote { Within::Question } else { within }
            }
            (Within::Question, '\'' | '"', _) => {
                question.push(sign);
                Within::Quotes(sign)
            }
            (Within::Question, ..) => {
                if sign.is_whitespace() {
                    space(&mut question);
                } else {
                    question.push(sign);
                }
                Within::Question
            }
        };
    }
    found.push((start..text.len(), question));
    let trimmed = found.into_iter().map(|(range, question)| (range, question.trim_end().to_owned()));
    trimmed.filter(|(_, question)| !question.is_empty()).collect()
}

/// A space, where something stands before it and none does yet.
fn space(question: &mut String) {
    if !question.is_empty() && !question.ends_with(' ') {
        question.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn questions(text: &str) -> Vec<String> {
        split(text).into_iter().map(|(_, question)| question).collect()
    }

    #[test]
    fn questions_end_at_semicolons_that_are_theirs() {
        let cases: [(&str, &[&str], &str); 9] = [
            ("a; b", &["a", "b"], "the last needs none"),
            ("a;\n\n;  ;b;", &["a", "b"], "nothing is no question"),
            ("x = 'a;b'; c", &["x = 'a;b'", "c"], "within quotes it is a letter"),
            ("x = 'it''s;'; c", &["x = 'it''s;'", "c"], "a doubled quote closes and opens"),
            ("-- a; b\nc; -- d", &["c"], "a comment is no question"),
            ("a /* ; */ b", &["a b"], "nor is one in the middle"),
            ("a /*/ ; */ b; c", &["a b", "c"], "a comment that looks closed"),
            ("x = '--'; y = '/*'", &["x = '--'", "y = '/*'"], "no comment within quotes"),
            ("", &[], "an empty file"),
        ];
        for (text, want, why) in cases {
            assert_eq!(questions(text), want, "{why}");
        }
    }

    #[test]
    fn line_breaks_and_indents_become_one_space_and_texts_stay() {
        assert_eq!(
            questions("SELECT  count(*)\n\tFROM courses -- all\n  WHERE x = 'a  b'\r\n;"),
            ["SELECT count(*) FROM courses WHERE x = 'a  b'"]
        );
    }

    #[test]
    fn each_question_is_found_again_in_the_text() {
        let text = "a; /* é */ b ;c";
        let places: Vec<&str> = split(text).into_iter().map(|(range, _)| &text[range]).collect();
        assert_eq!(places, ["a", " /* é */ b ", "c"]);
    }
}
