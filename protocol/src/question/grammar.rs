//! From `sqlparser`'s tree to ours. Every clause and option of theirs is named here and refused if it
//! is set, so that a newer version of the library with more of them does not compile unnoticed.

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectFlavor, SelectItem,
    SetExpr, Spanned, Statement, TableFactor, TableWithJoins, UnaryOperator, Value,
};
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token};

use crate::plan::Relation;

use super::flaw::{Flaw, QuestionError};
use super::source::{DEPTH_MAX, Source};
use super::syntax::{Node, Selected, Sentence, Span};
use super::words;

mod call;

/// The dialect: SQL with named arguments, and none of the extensions of any database.
#[derive(Debug)]
pub(super) struct Courses;

impl Dialect for Courses {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_'
    }
}

/// Reads a question into a tree.
pub(super) fn parse(source: &Source<'_>) -> Result<Sentence, QuestionError> {
    let tokens = source.tokens.clone();
    let mut parser = Parser::new(&Courses).with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|error| broken(source, &error))?;
    let rest = parser.next_token();
    if rest.token != Token::EOF {
        let message = format!("the question ends before `{}`", rest.token);
        return Err(QuestionError::at(source.bytes(rest.span), Flaw::Syntax { message }));
    }
    let Statement::Query(query) = statement else {
        return Err(unsupported(0..source.text.len(), "anything but a SELECT"));
    };
    Tree { source }.sentence(&query)
}

/// Whether a word can stand as a name everywhere in a question, so that a dictionary may use it.
pub(crate) fn is_nameable(word: &str) -> bool {
    if words::refused(word).is_some() || words::is_structure(word) {
        return false;
    }
    let text = format!("SELECT mean({word}) FROM courses WHERE {word} AND {word} IN (1) GROUP BY {word}");
    let Ok(sentence) = Source::read(&text).and_then(|source| parse(&source)) else {
        // Identifying names are refused apart from this, with their own reason.
        return words::is_identifying(&crate::dictionary::fold(word));
    };
    let is_word = |node: &Node| matches!(node, Node::Word { name, .. } if name == word);
    let selected = sentence
        .selected
        .first()
        .is_some_and(|selected| matches!(&selected.of, Node::Call(call) if call.positional.iter().all(is_word)));
    selected && sentence.groups.iter().all(is_word) && matches!(sentence.filter, Some(Node::All(_)))
}

fn broken(source: &Source<'_>, error: &ParserError) -> QuestionError {
    let end = source.text.trim_end().len();
    match error {
        ParserError::RecursionLimitExceeded => QuestionError::at(0..end, Flaw::TooDeep { most: DEPTH_MAX }),
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            let (message, place) = message.split_once(" at Line: ").unwrap_or((message, ""));
            let mut numbers = place.split(", Column: ").map(|number| number.trim().parse::<u64>());
            let at = match (numbers.next(), numbers.next()) {
                (Some(Ok(line)), Some(Ok(column))) => source.offset(Location { line, column }),
                (_, _) => None,
            };
            let at = at.unwrap_or(end);
            let message = message.replace("Expected:", "expected").replace("Expected", "expected");
            let message = message.replace("found: EOF", "found the end").replace("found:", "found");
            let token = found(source, at, &message);
            QuestionError::at(token.unwrap_or(at..at), Flaw::Syntax { message })
        }
    }
}

/// The token that an error of the library is about: the one at its place, unless the message names the
/// one before it, as some of them do.
fn found(source: &Source<'_>, at: usize, message: &str) -> Option<Span> {
    let spans: Vec<Span> = source.tokens.iter().map(|token| source.bytes(token.span)).collect();
    let here = spans.iter().position(|span| span.start == at);
    let named = message.rsplit_once("found ").map(|(_, word)| word);
    let names = |place: usize| spans.get(place).and_then(|span| source.text.get(span.clone())) == named;
    let before = here.unwrap_or(spans.len()).checked_sub(1);
    let place = before.filter(|before| !here.is_some_and(names) && names(*before)).or(here)?;
    spans.get(place).cloned()
}

fn unsupported(span: Span, what: &'static str) -> QuestionError {
    QuestionError::at(span, Flaw::Unsupported { what })
}

struct Tree<'a> {
    source: &'a Source<'a>,
}

impl Tree<'_> {
    fn whole(&self, what: &'static str) -> QuestionError {
        unsupported(0..self.source.text.trim_end().len(), what)
    }

    fn sentence(&self, query: &Query) -> Result<Sentence, QuestionError> {
        let Query {
            with: None,
            body,
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } = query
        else {
            return Err(self.whole("a clause around the SELECT"));
        };
        let (SetExpr::Select(select), true, true) = (&**body, locks.is_empty(), pipe_operators.is_empty()) else {
            return Err(self.whole("a clause around the SELECT"));
        };
        let (from, selection, group_by) = self.only_known_clauses(select)?;
        self.check_table(from)?;
        let (groups, groups_span) = self.groups(group_by)?;
        Ok(Sentence {
            selected: select.projection.iter().map(|item| self.selected(item)).collect::<Result<_, _>>()?,
            filter: selection.map(|filter| self.node(filter)).transpose()?,
            groups,
            groups_span,
        })
    }

    fn only_known_clauses<'s>(
        &self,
        select: &'s Select,
    ) -> Result<(&'s [TableWithJoins], Option<&'s Expr>, &'s GroupByExpr), QuestionError> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct: None,
            select_modifiers: None,
            top: None,
            top_before_distinct: false,
            projection: _,
            exclude: None,
            into: None,
            from,
            lateral_views,
            prewhere: None,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having: None,
            named_window,
            qualify: None,
            window_before_qualify: false,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        } = select
        else {
            return Err(self.whole("a clause that is not SELECT, FROM, WHERE or GROUP BY"));
        };
        let none = optimizer_hints.is_empty()
            && lateral_views.is_empty()
            && connect_by.is_empty()
            && cluster_by.is_empty()
            && distribute_by.is_empty()
            && sort_by.is_empty()
            && named_window.is_empty();
        if !none {
            return Err(self.whole("a clause that is not SELECT, FROM, WHERE or GROUP BY"));
        }
        Ok((from, selection.as_ref(), group_by))
    }

    fn check_table(&self, from: &[TableWithJoins]) -> Result<(), QuestionError> {
        let mut tables = from.iter();
        let Some(TableWithJoins { relation, joins }) = tables.next() else {
            let end = self.source.text.trim_end().len();
            return Err(QuestionError::at(end..end, Flaw::NoFrom {}));
        };
        let wrong = |span: Span| {
            let name = self.source.text.get(span.clone()).unwrap_or_default().to_owned();
            QuestionError::at(span, Flaw::NoSuchTable { name })
        };
        if let Some(second) = tables.next() {
            return Err(wrong(self.source.bytes(second.span())));
        }
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } = relation
        else {
            return Err(wrong(self.source.bytes(relation.span())));
        };
        if let Some(alias) = alias {
            return Err(wrong(self.source.bytes(alias.span())));
        }
        let named = self.simple(name).is_some_and(|name| name.value.eq_ignore_ascii_case("courses"));
        if named && joins.is_empty() && with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() {
            return Ok(());
        }
        Err(wrong(self.source.bytes(relation.span())))
    }

    fn groups(&self, group_by: &GroupByExpr) -> Result<(Vec<Node>, Span), QuestionError> {
        let GroupByExpr::Expressions(fields, modifiers) = group_by else {
            return Err(self.whole("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(self.whole("a modifier of GROUP BY"));
        }
        let nodes: Vec<Node> = fields.iter().map(|field| self.node(field)).collect::<Result<_, _>>()?;
        let span = match (nodes.first(), nodes.last()) {
            (Some(first), Some(last)) => first.span().start..last.span().end,
            (None, _) | (_, None) => 0..0,
        };
        Ok((nodes, span))
    }

    fn selected(&self, item: &SelectItem) -> Result<Selected, QuestionError> {
        match item {
            SelectItem::UnnamedExpr(expr) => Ok(Selected { of: self.node(expr)?, name: None }),
            SelectItem::ExprWithAlias { expr, alias } => {
                let span = self.source.bytes(alias.span);
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if alias.value.is_empty() || alias.value.len() > 64 || !alias.value.chars().all(fits) {
                    return Err(QuestionError::at(span, Flaw::BadName { name: alias.value.clone() }));
                }
                Ok(Selected { of: self.node(expr)?, name: Some((alias.value.clone(), span)) })
            }
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                Err(QuestionError::at(self.source.bytes(item.span()), Flaw::Star {}))
            }
            SelectItem::ExprWithAliases { .. } => Err(unsupported(self.source.bytes(item.span()), "a list of names")),
        }
    }

    /// An expression. AND and OR chains of any length become flat lists, so depth stays bounded.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's list; what is not named is refused")]
    fn node(&self, expr: &Expr) -> Result<Node, QuestionError> {
        let span = || self.source.bytes(expr.span());
        let boxed = |expr: &Expr| self.node(expr).map(Box::new);
        match expr {
            Expr::Identifier(Ident { value, .. }) => Ok(Node::Word { name: value.clone(), span: span() }),
            Expr::Value(value) => self.value(&value.value, span()),
            Expr::Nested(inner) => self.node(inner),
            Expr::Function(function) => self.function(function),
            Expr::Tuple(items) => {
                let items = items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?;
                Ok(Node::List { items, span: span() })
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(Node::Not(boxed(expr)?)),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => self.negative(expr),
            Expr::BinaryOp { op: BinaryOperator::And, .. } => Ok(Node::All(self.chain(expr, &BinaryOperator::And)?)),
            Expr::BinaryOp { op: BinaryOperator::Or, .. } => Ok(Node::Any(self.chain(expr, &BinaryOperator::Or)?)),
            Expr::BinaryOp { left, op, right } => match relation(op) {
                Some(relation) => Ok(Node::Compare { relation, left: boxed(left)?, right: boxed(right)? }),
                None => Err(QuestionError::at(span(), Flaw::Arithmetic {})),
            },
            Expr::InList { expr, list, negated } => {
                let values = list.iter().map(|value| self.node(value)).collect::<Result<_, _>>()?;
                Ok(Node::Among { of: boxed(expr)?, values, negated: *negated })
            }
            Expr::Between { expr, negated, low, high } => {
                Ok(Node::Between { of: boxed(expr)?, low: boxed(low)?, high: boxed(high)?, negated: *negated })
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => Ok(Node::Star { span: span() }),
            Expr::CompoundIdentifier(_) => Err(unsupported(span(), "a name with a point in it")),
            Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => {
                Err(unsupported(span(), "a question within the question"))
            }
            Expr::TypedString(_) | Expr::Interval(_) => {
                let word = self.source.text.get(span()).unwrap_or_default().to_owned();
                Err(QuestionError::at(span(), Flaw::Identifying { word }))
            }
            _ => Err(unsupported(span(), "this expression")),
        }
    }

    fn chain(&self, expr: &Expr, joined_by: &BinaryOperator) -> Result<Vec<Node>, QuestionError> {
        let (mut parts, mut left_most) = (Vec::new(), expr);
        while let Expr::BinaryOp { left, op, right } = left_most
            && op == joined_by
        {
            parts.push(self.node(right)?);
            left_most = left;
        }
        parts.push(self.node(left_most)?);
        parts.reverse();
        Ok(parts)
    }

    fn negative(&self, expr: &Expr) -> Result<Node, QuestionError> {
        let Node::Number { text, span } = self.node(expr)? else {
            return Err(QuestionError::at(self.source.bytes(expr.span()), Flaw::Arithmetic {}));
        };
        // The sign belongs to the number: it is the nearest minus before it.
        let start = self.source.text.get(..span.start).and_then(|before| before.rfind('-')).unwrap_or(span.start);
        if text.starts_with('-') {
            return Err(QuestionError::at(start..span.end, Flaw::Arithmetic {}));
        }
        Ok(Node::Number { text: format!("-{text}"), span: start..span.end })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's list; what is not named is refused")]
    fn value(&self, value: &Value, span: Span) -> Result<Node, QuestionError> {
        match value {
            Value::Number(text, false) => Ok(Node::Number { text: text.clone(), span }),
            Value::SingleQuotedString(value) => Ok(Node::Text { value: value.clone(), span }),
            Value::Boolean(yes) => Ok(Node::Truth { yes: *yes, span }),
            _ => Err(unsupported(span, "a value of this form")),
        }
    }

    /// A name without a point in it.
    fn simple<'n>(&self, name: &'n ObjectName) -> Option<&'n Ident> {
        match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => Some(ident),
            [] | [..] => None,
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list; what is not named is refused")]
fn relation(op: &BinaryOperator) -> Option<Relation> {
    match op {
        BinaryOperator::Eq => Some(Relation::Equal),
        BinaryOperator::NotEq => Some(Relation::Unequal),
        BinaryOperator::Lt => Some(Relation::Below),
        BinaryOperator::LtEq => Some(Relation::AtMost),
        BinaryOperator::Gt => Some(Relation::Above),
        BinaryOperator::GtEq => Some(Relation::AtLeast),
        _ => None,
    }
}
