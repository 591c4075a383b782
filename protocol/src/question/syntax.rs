//! A question as a small tree: everything the dialect can say, with its place in the text.

use std::ops::Range;

use crate::plan::Relation;

use super::arguments::same;

/// A place in the text, in bytes.
pub(super) type Span = Range<usize>;

/// A whole question.
#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) selected: Vec<Selected>,
    pub(super) filter: Option<Node>,
    pub(super) groups: Vec<Node>,
    pub(super) groups_span: Span,
}

/// One expression of the `SELECT` list, with the name after `AS`.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) of: Node,
    pub(super) name: Option<(String, Span)>,
}

impl Selected {
    pub(super) fn span(&self) -> Span {
        self.of.span()
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Word {
        name: String,
        span: Span,
    },
    /// Digits as written, with their sign.
    Number {
        text: String,
        span: Span,
    },
    Text {
        value: String,
        span: Span,
    },
    Truth {
        yes: bool,
        span: Span,
    },
    Star {
        span: Span,
    },
    /// Values in parentheses.
    List {
        items: Vec<Self>,
        span: Span,
    },
    Call(Call),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare {
        relation: Relation,
        left: Box<Self>,
        right: Box<Self>,
    },
    Among {
        of: Box<Self>,
        values: Vec<Self>,
        negated: bool,
    },
    Between {
        of: Box<Self>,
        low: Box<Self>,
        high: Box<Self>,
        negated: bool,
    },
}

/// A function with its arguments.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) name_span: Span,
    /// From the name to the closing parenthesis.
    pub(super) span: Span,
    pub(super) positional: Vec<Node>,
    pub(super) named: Vec<Named>,
}

/// `name => value`.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Word { span, .. }
            | Self::Number { span, .. }
            | Self::Text { span, .. }
            | Self::Truth { span, .. }
            | Self::Star { span }
            | Self::List { span, .. }
            | Self::Call(Call { span, .. }) => span.clone(),
            Self::Not(of) => of.span(),
            Self::All(parts) | Self::Any(parts) => match (parts.first(), parts.last()) {
                (Some(first), Some(last)) => first.span().start..last.span().end,
                (None, _) | (_, None) => 0..0,
            },
            Self::Compare { left, right, .. } => left.span().start..right.span().end,
            Self::Among { of, values, .. } => {
                of.span().start..values.last().map_or_else(|| of.span().end, |last| last.span().end)
            }
            Self::Between { of, high, .. } => of.span().start..high.span().end,
        }
    }

    /// Whether a function of this name is called anywhere in it, however its name is written.
    pub(super) fn calls(&self, function: &str) -> bool {
        match self {
            Self::Call(call) => {
                let mut given = call.positional.iter().chain(call.named.iter().map(|named| &named.value));
                same(function, &call.name) || given.any(|node| node.calls(function))
            }
            Self::Not(of) => of.calls(function),
            Self::List { items, .. } => items.iter().any(|node| node.calls(function)),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|node| node.calls(function)),
            Self::Compare { left, right, .. } => left.calls(function) || right.calls(function),
            Self::Among { of, values, .. } => of.calls(function) || values.iter().any(|node| node.calls(function)),
            Self::Between { of, low, high, .. } => [of, low, high].iter().any(|node| node.calls(function)),
            Self::Word { .. } | Self::Number { .. } | Self::Text { .. } | Self::Truth { .. } | Self::Star { .. } => {
                false
            }
        }
    }

    /// What it is, in a word, for errors.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Word { .. } => "a name",
            Self::Number { .. } => "a number",
            Self::Text { .. } => "a quoted text",
            Self::Truth { .. } => "true or false",
            Self::Star { .. } => "`*`",
            Self::List { .. } => "a list",
            Self::Call(_) => "a function",
            Self::Not(_)
            | Self::All(_)
            | Self::Any(_)
            | Self::Compare { .. }
            | Self::Among { .. }
            | Self::Between { .. } => "a condition",
        }
    }
}
