//! What checking a question needs at every place: the dictionary, the mode, and names.

use crate::dictionary::{Decimal, DecimalFlaw, Dictionary, Field, Instrument, nearest, show};
use crate::plan::Mode;

use super::flaw::{Flaw, QuestionError};
use super::syntax::{Node, Span};
use super::words;

pub(super) struct Reader<'a> {
    pub(super) dictionary: &'a Dictionary,
    pub(super) mode: Mode,
}

/// The range and unit of a measure, for numbers that are compared with it.
pub(super) struct Scale<'a> {
    pub(super) of: &'a str,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) decimals: u8,
}

impl Reader<'_> {
    /// The field of a name, or why it is none.
    pub(super) fn field(&self, name: &str, span: &Span) -> Result<&Field, QuestionError> {
        if let Some(field) = self.dictionary.field(name) {
            return Ok(field);
        }
        if self.dictionary.instrument(name).is_some() {
            let flaw = Flaw::WrongKind {
                what: format!("the instrument `{name}`"),
                wanted: "a field",
                instead: format!("say when: `baseline({name})`, `score({name}, day => 28, from => 14, to => 31)`"),
            };
            return Err(QuestionError::at(span.clone(), flaw));
        }
        Err(self.unknown(name, span))
    }

    /// The instrument that a function's first argument names.
    pub(super) fn instrument(&self, node: &Node) -> Result<&Instrument, QuestionError> {
        let Node::Word { name, span } = node else {
            let wanted = "an instrument";
            let instead = "name the instrument first, without quotes".to_owned();
            return Err(QuestionError::at(node.span(), Flaw::WrongKind { what: node.kind().into(), wanted, instead }));
        };
        if let Some(instrument) = self.dictionary.instrument(name) {
            return Ok(instrument);
        }
        if self.dictionary.field(name).is_some() {
            let flaw = Flaw::WrongKind {
                what: format!("the field `{name}`"),
                wanted: "an instrument",
                instead: "use a field by its name alone, without a function".to_owned(),
            };
            return Err(QuestionError::at(span.clone(), flaw));
        }
        Err(self.unknown(name, span))
    }

    /// The error for a name that the dictionary does not have.
    pub(super) fn unknown(&self, name: &str, span: &Span) -> QuestionError {
        if words::is_identifying(&crate::dictionary::fold(name)) {
            return QuestionError::at(span.clone(), Flaw::Identifying { word: name.to_owned() });
        }
        let instruments = self.dictionary.instruments().iter().map(|instrument| instrument.id.clone());
        let fields = self.dictionary.fields().iter().map(|field| field.id.clone());
        let (instruments, fields): (Vec<_>, Vec<_>) = (instruments.collect(), fields.collect());
        let near = nearest(name, instruments.iter().chain(&fields).map(String::as_str));
        let flaw = Flaw::UnknownName { name: name.to_owned(), near, fields, instruments };
        QuestionError::at(span.clone(), flaw)
    }

    /// A number in the units of a scale, within it.
    pub(super) fn number_on(&self, scale: &Scale<'_>, node: &Node) -> Result<i64, QuestionError> {
        let value = self.number_in_units(scale, node)?;
        if (scale.min..=scale.max).contains(&value) {
            return Ok(value);
        }
        let [value, min, max] = [value, scale.min, scale.max].map(|number| show(number, scale.decimals));
        Err(QuestionError::at(node.span(), Flaw::OutOfRange { value, of: scale.of.to_owned(), min, max }))
    }

    /// A number in the units of a scale, wherever it lies.
    pub(super) fn number_in_units(&self, scale: &Scale<'_>, node: &Node) -> Result<i64, QuestionError> {
        let decimal = self.decimal(node)?;
        decimal.scaled(scale.decimals).map_err(|flaw| {
            let text = written(node);
            let of = scale.of.to_owned();
            QuestionError::at(
                node.span(),
                match flaw {
                    DecimalFlaw::TooPrecise => Flaw::TooPrecise { text, of, decimals: scale.decimals },
                    DecimalFlaw::Empty | DecimalFlaw::Comma | DecimalFlaw::NotDecimal | DecimalFlaw::TooLong => {
                        Flaw::NotANumber { text }
                    }
                },
            )
        })
    }

    pub(super) fn decimal(&self, node: &Node) -> Result<Decimal, QuestionError> {
        let Node::Number { text, span } = node else {
            let instead = "write digits, without quotes".to_owned();
            let flaw = Flaw::WrongKind { what: node.kind().to_owned(), wanted: "a number", instead };
            return Err(QuestionError::at(node.span(), flaw));
        };
        Decimal::parse(text).map_err(|_| QuestionError::at(span.clone(), Flaw::NotANumber { text: text.clone() }))
    }
}

fn written(node: &Node) -> String {
    match node {
        Node::Number { text, .. } => text.clone(),
        Node::Word { .. }
        | Node::Text { .. }
        | Node::Truth { .. }
        | Node::Star { .. }
        | Node::List { .. }
        | Node::Call(_)
        | Node::Not(_)
        | Node::All(_)
        | Node::Any(_)
        | Node::Compare { .. }
        | Node::Among { .. }
        | Node::Between { .. } => node.kind().to_owned(),
    }
}
