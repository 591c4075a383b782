//! CarePlan: categories of the course that a code system of that name tells, as the schedule. What
//! stands in a title or description is free text and is not read.

use std::collections::BTreeMap;

use sumac_protocol::record::FieldValue;

use super::super::codes::Concept;
use super::super::element::{Element, Flaw};
use super::super::facts::Fact;
use super::super::tally::Aside;
use super::{Context, Found};

/// Fields of the course, from the categories of a plan in force.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    if !matches!(root.text("status")?, Some("active" | "completed")) {
        return Ok(Some(Aside::Status));
    }
    let mut fields = BTreeMap::new();
    for category in root.each("category")? {
        for (field, coded) in context.codes.fields_named(&Concept::read(&category)?) {
            let code = found.code("field", coded);
            fields.insert(field.to_owned(), FieldValue::Category(code));
        }
    }
    if fields.is_empty() {
        return Ok(Some(Aside::NoKnownCode));
    }
    found.facts.push(Fact::Plan(fields));
    Ok(None)
}
