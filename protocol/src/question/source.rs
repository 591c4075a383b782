//! The text of a question and its tokens, with everything refused that can be told without a parser:
//! length, characters, depth, and words that no question has.
//!
//! Reading is bounded here, before the parser: at most `QUERY_BYTES_MAX` bytes, `TOKENS_MAX` tokens
//! and `DEPTH_MAX` open parentheses.

use sqlparser::tokenizer::{Location, Span as SqlSpan, Token, TokenWithSpan, Tokenizer};

use crate::dictionary::fold;
use crate::limits::QUERY_BYTES_MAX;

use super::flaw::{Flaw, QuestionError};
use super::grammar::Courses;
use super::syntax::Span;
use super::words;

/// Most words and signs of one question. Each adds at most one level to the parsed tree, so this
/// also bounds the stack that freeing it takes.
const TOKENS_MAX: usize = 2_048;
/// Most open parentheses at any place.
pub(super) const DEPTH_MAX: usize = 10;

/// A question's text, plain ASCII, with its tokens.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// Where each line begins, in bytes; characters and bytes are the same here.
    lines: Vec<usize>,
    /// Everything but spaces and comments, and a semicolon at the end.
    pub(super) tokens: Vec<TokenWithSpan>,
}

impl<'a> Source<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, QuestionError> {
        if text.len() > QUERY_BYTES_MAX {
            return Err(QuestionError::at(0..text.len(), Flaw::TooLong { bytes: text.len() }));
        }
        check_characters(text)?;
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = [0].into_iter().chain(newlines.map(|(at, _)| at + 1)).collect();
        let mut source = Self { text, lines, tokens: Vec::new() };
        source.tokens = source.tokenize()?;
        source.check_tokens()?;
        Ok(source)
    }

    /// The bytes of a span of the tokenizer; the whole text where it has none.
    pub(super) fn bytes(&self, span: SqlSpan) -> Span {
        match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) if start <= end => start..end,
            (Some(start), _) => start..self.text.len(),
            (None, _) => 0..self.text.len(),
        }
    }

    /// From the token that begins at a byte to the parenthesis that closes the one behind it.
    pub(super) fn call(&self, name: &Span) -> Span {
        let mut depth = 0_usize;
        for token in self.tokens.iter().skip_while(|token| self.bytes(token.span).start < name.end) {
            if token.token == Token::LParen {
                depth += 1;
            } else if token.token == Token::RParen {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return name.start..self.bytes(token.span).end;
                }
            }
        }
        name.start..self.text.len()
    }

    pub(super) fn offset(&self, at: Location) -> Option<usize> {
        let line = usize::try_from(at.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        Some((self.lines.get(line)? + column).min(self.text.len()))
    }

    fn tokenize(&self) -> Result<Vec<TokenWithSpan>, QuestionError> {
        let mut tokens = Tokenizer::new(&Courses, self.text).tokenize_with_location().map_err(|error| {
            let at = self.offset(error.location).unwrap_or_default();
            let flaw = Flaw::Unreadable { message: error.message.to_ascii_lowercase() };
            QuestionError::at(at..(at + 1).min(self.text.len()), flaw)
        })?;
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
        if tokens.last().is_some_and(|token| token.token == Token::SemiColon) {
            tokens.pop();
        }
        Ok(tokens)
    }

    fn check_tokens(&self) -> Result<(), QuestionError> {
        if self.tokens.is_empty() {
            return Err(QuestionError::at(0..self.text.len(), Flaw::Empty {}));
        }
        if let Some(beyond) = self.tokens.get(TOKENS_MAX) {
            return Err(QuestionError::at(self.bytes(beyond.span), Flaw::TooManyWords { most: TOKENS_MAX }));
        }
        let (mut depth, mut selects, mut before) = (0_usize, 0_usize, "");
        for token in &self.tokens {
            let refuse = |flaw| Err(QuestionError::at(self.bytes(token.span), flaw));
            let written = self.text.get(self.bytes(token.span)).unwrap_or_default();
            if token.token == Token::LParen {
                depth += 1;
            } else if token.token == Token::RParen {
                depth = depth.saturating_sub(1);
            } else if token.token == Token::SemiColon {
                return refuse(Flaw::SecondStatement {});
            } else if let Token::Word(word) = &token.token
                && word.quote_style.is_none()
            {
                selects += usize::from(word.value.eq_ignore_ascii_case("select"));
                check_word(&word.value, before, selects).or_else(refuse)?;
            }
            if depth > DEPTH_MAX {
                return refuse(Flaw::TooDeep { most: DEPTH_MAX });
            }
            before = written;
        }
        Ok(())
    }
}

/// What a word is refused for, wherever it stands. Names after `AS` are the researcher's own, and the
/// one after `FROM` is looked at as a table.
fn check_word(word: &str, before: &str, selects: usize) -> Result<(), Flaw> {
    let (is, owned) = (|other: &str| word.eq_ignore_ascii_case(other), word.to_owned());
    if is("select") && selects > 1 {
        return Err(Flaw::RefusedWord { word: owned, instead: "ask one question at a time, with one SELECT" });
    }
    if before.eq_ignore_ascii_case("as") || before.eq_ignore_ascii_case("from") {
        return Ok(());
    }
    if let Some(instead) = words::refused(word) {
        return Err(Flaw::RefusedWord { word: owned, instead });
    }
    if words::is_identifying(&fold(word)) {
        return Err(Flaw::Identifying { word: owned });
    }
    Ok(())
}

fn check_characters(text: &str) -> Result<(), QuestionError> {
    let plain = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\t' | '\r' | '\n');
    let Some((at, odd)) = text.char_indices().find(|(_, c)| !plain(*c)) else { return Ok(()) };
    let instead = match odd {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{b4}' => Some('\''),
        '\u{201c}' | '\u{201d}' | '\u{201e}' => Some('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{a0}' | '\u{2009}' | '\u{202f}' => Some(' '),
        _ => None,
    };
    let shown = format!("U+{:04X}", u32::from(odd));
    Err(QuestionError::at(at..at + odd.len_utf8(), Flaw::Character { shown, instead }))
}
