//! Functions with their arguments.

use sqlparser::ast::{
    Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentList, FunctionArguments, Spanned,
};

use crate::question::flaw::{Flaw, QuestionError};
use crate::question::syntax::{Call, Named, Node, Span};

use super::{Tree, unsupported};

impl Tree<'_> {
    pub(super) fn function(&self, function: &Function) -> Result<Node, QuestionError> {
        let Function {
            name,
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(list),
            filter: None,
            null_treatment: None,
            over: None,
            within_group,
        } = function
        else {
            return Err(unsupported(self.source.bytes(function.span()), "a function of this form"));
        };
        let Some(ident) = self.simple(name) else {
            return Err(unsupported(self.source.bytes(name.span()), "a name with a point in it"));
        };
        let name_span = self.source.bytes(ident.span);
        let span = self.source.call(&name_span);
        let FunctionArgumentList { duplicate_treatment: None, args, clauses } = list else {
            return Err(unsupported(span, "a function of this form"));
        };
        if !clauses.is_empty() || !within_group.is_empty() {
            return Err(unsupported(span, "a function of this form"));
        }
        let mut call = Call { name: ident.value.clone(), name_span, span, positional: Vec::new(), named: Vec::new() };
        for arg in args {
            self.argument(arg, &mut call)?;
        }
        Ok(Node::Call(call))
    }

    fn argument(&self, arg: &FunctionArg, call: &mut Call) -> Result<(), QuestionError> {
        match arg {
            FunctionArg::Named { name, arg, operator: FunctionArgOperator::RightArrow } => {
                let name_span = self.source.bytes(name.span);
                let value = self.argument_value(arg, call)?;
                call.named.push(Named { name: name.value.clone(), name_span, value });
            }
            FunctionArg::Unnamed(_) if !call.named.is_empty() => {
                let span = self.source.bytes(arg.span());
                let message = "an argument without a name stands behind one with a name".to_owned();
                return Err(QuestionError::at(span, Flaw::Syntax { message }));
            }
            FunctionArg::Unnamed(value) => {
                let value = self.argument_value(value, call)?;
                call.positional.push(value);
            }
            FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {
                let span = self.source.bytes(arg.span());
                return Err(unsupported(span, "an argument that is not written `name => value`"));
            }
        }
        Ok(())
    }

    fn argument_value(&self, value: &FunctionArgExpr, call: &Call) -> Result<Node, QuestionError> {
        match value {
            FunctionArgExpr::Expr(expr) => self.node(expr),
            FunctionArgExpr::Wildcard => Ok(Node::Star { span: self.star(&call.span) }),
            FunctionArgExpr::QualifiedWildcard(_) | FunctionArgExpr::WildcardWithOptions(_) => {
                Err(unsupported(call.span.clone(), "a `*` with a name or options"))
            }
        }
    }

    /// The library gives `*` no place: it is the first one within the call.
    fn star(&self, call: &Span) -> Span {
        let within = self.source.text.get(call.clone()).unwrap_or_default();
        within.find('*').map_or(call.clone(), |at| call.start + at..call.start + at + 1)
    }
}
