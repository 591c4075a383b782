//! Rust source, told apart into code and comments, so that a rule never trips over a word in a string.

/// One line of a file.
#[derive(Debug, Default, Clone)]
pub(crate) struct Line {
    /// The code, with comments and the insides of strings blanked.
    pub(crate) code: String,
    /// What comments on the line say.
    pub(crate) comment: String,
    /// Whether the line belongs to a doc comment.
    pub(crate) doc: bool,
}

/// Splits a file into lines. Understands nested block comments, raw strings, and the difference between
/// a character and a lifetime.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let mut lexer = Lexer { rest: text.chars().collect(), at: 0, lines: vec![Line::default()] };
    while lexer.step() {}
    lexer.lines
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
    lines: Vec<Line>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Whether what comes next reads `word`.
    fn next_is(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.peek(i) == c)
    }

    fn line(&mut self) -> &mut Line {
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let last = self.lines.len() - 1;
        self.lines.get_mut(last).expect("a line was pushed above")
    }

    /// Takes one character, into code, or a comment, or a blank where a string's inside stands.
    fn take(&mut self, place: Place) {
        let c = self.peek(0);
        self.at += 1;
        if c == '\n' {
            self.lines.push(Line::default());
            return;
        }
        match place {
            Place::Code => self.line().code.push(c),
            Place::Inside => self.line().code.push(' '),
            Place::Comment { doc } => {
                let line = self.line();
                line.comment.push(c);
                line.doc |= doc;
            }
        }
    }

    /// Takes the next thing; false at the end.
    fn step(&mut self) -> bool {
        if self.at >= self.rest.len() {
            return false;
        }
        if self.next_is("//") {
            self.line_comment();
        } else if self.next_is("/*") {
            self.block_comment();
        } else if let Some(hashes) = self.raw_string() {
            self.raw(hashes);
        } else if self.peek(0) == '"' {
            self.string();
        } else if self.peek(0) == '\'' && (self.peek(1) == '\\' || self.peek(2) == '\'') {
            self.character();
        } else {
            self.take(Place::Code);
        }
        true
    }

    fn line_comment(&mut self) {
        let doc = (self.next_is("///") && !self.next_is("////")) || self.next_is("//!");
        while self.at < self.rest.len() && self.peek(0) != '\n' {
            self.take(Place::Comment { doc });
        }
    }

    fn block_comment(&mut self) {
        let doc = (self.next_is("/**") && !self.next_is("/**/")) || self.next_is("/*!");
        let mut depth = 0_u32;
        while self.at < self.rest.len() {
            if self.next_is("/*") {
                depth += 1;
                self.take(Place::Comment { doc });
            } else if self.next_is("*/") {
                depth -= 1;
                self.take(Place::Comment { doc });
            }
            self.take(Place::Comment { doc });
            if depth == 0 {
                return;
            }
        }
    }

    /// How many hashes open the raw string that begins here, if one does.
    fn raw_string(&self) -> Option<usize> {
        let before = self.at.checked_sub(1).and_then(|i| self.rest.get(i)).copied().unwrap_or(' ');
        if self.peek(0) != 'r' || ((before.is_alphanumeric() || before == '_') && !matches!(before, 'b' | 'c')) {
            return None;
        }
        let hashes = (1..).take_while(|i| self.peek(*i) == '#').count();
        (self.peek(1 + hashes) == '"').then_some(hashes)
    }

    fn raw(&mut self, hashes: usize) {
        (0..hashes + 2).for_each(|_| self.take(Place::Code));
        let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        while self.at < self.rest.len() && !self.next_is(&end) {
            self.take(Place::Inside);
        }
        end.chars().for_each(|_| self.take(Place::Code));
    }

    fn string(&mut self) {
        self.take(Place::Code);
        while self.at < self.rest.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.take(Place::Inside);
            }
            self.take(Place::Inside);
        }
        self.take(Place::Code);
    }

    fn character(&mut self) {
        self.take(Place::Code);
        if self.peek(0) == '\\' {
            self.take(Place::Inside);
        }
        self.take(Place::Inside);
        while self.at < self.rest.len() && self.peek(0) != '\'' {
            self.take(Place::Inside);
        }
        self.take(Place::Code);
    }
}

#[derive(Clone, Copy)]
enum Place {
    Code,
    Inside,
    Comment { doc: bool },
}

#[test]
fn code_is_told_from_comments_and_strings() {
    struct Case {
        why: &'static str,
        text: &'static str,
        code: &'static str,
        comment: &'static str,
    }
    let cases = [
        Case { why: "a comment ends the code", text: "a // b", code: "a ", comment: "// b" },
        Case { why: "slashes in a string", text: "\"a // b\" c", code: "\"      \" c", comment: "" },
        Case { why: "an escaped quote", text: r#""\"x" y"#, code: "\"   \" y", comment: "" },
        Case { why: "a raw string", text: "r#\"a\"b\"# c", code: "r#\"   \"# c", comment: "" },
        Case { why: "a raw byte string", text: "br\"\\\" c", code: "br\" \" c", comment: "" },
        Case { why: "a name that ends in r", text: "for \"x\"", code: "for \" \"", comment: "" },
        Case {
            why: "nested block comments",
            text: "a /* b /* c */ d */ e",
            code: "a  e",
            comment: "/* b /* c */ d */",
        },
        Case { why: "a quote as a character", text: "'\"' a", code: "' ' a", comment: "" },
        Case { why: "an escaped character", text: r"'\'' a", code: "'  ' a", comment: "" },
        Case { why: "a lifetime", text: "&'a str", code: "&'a str", comment: "" },
    ];
    for Case { why, text, code, comment } in cases {
        let [line] = lines(text).try_into().expect(why);
        assert_eq!((line.code.as_str(), line.comment.as_str()), (code, comment), "{why}");
    }
}

#[test]
fn doc_comments_are_told_from_others() {
    let doc: Vec<bool> = lines("/// a\n//! b\n// c\n//// d\n/** e\nf */\ng").iter().map(|l| l.doc).collect();
    assert_eq!(doc, [true, true, false, false, true, true, false]);
}
