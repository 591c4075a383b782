//! One element of a resource with its path, so that whatever is wrong can be found again.

use serde_json::Value;

use super::reject::FhirWhy;

/// An element and where it stands, as in `Observation.component[1].valueQuantity`.
#[derive(Debug, Clone)]
pub(super) struct Element<'v> {
    /// What stands there.
    value: &'v Value,
    path: String,
}

/// What is wrong with an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) path: String,
    /// What stood there; empty if nothing did, or if it is more than one value.
    pub(super) value: String,
    pub(super) why: FhirWhy,
}

impl<'v> Element<'v> {
    /// The resource as a whole.
    pub(super) fn root(value: &'v Value, kind: &str) -> Self {
        Self { value, path: kind.to_owned() }
    }

    /// The element of this name below, if it is there.
    pub(super) fn child(&self, name: &str) -> Result<Option<Self>, Flaw> {
        let Value::Object(object) = self.value else { return Err(self.shape("an object")) };
        let there = object.get(name).filter(|value| !value.is_null());
        Ok(there.map(|value| Self { value, path: format!("{}.{name}", self.path) }))
    }

    /// The elements of a list below; none if it is not there.
    pub(super) fn each(&self, name: &str) -> Result<Vec<Self>, Flaw> {
        let Some(list) = self.child(name)? else { return Ok(Vec::new()) };
        let Value::Array(values) = list.value else { return Err(list.shape("a list")) };
        let at = |(i, value)| Self { value, path: format!("{}[{i}]", list.path) };
        Ok(values.iter().enumerate().map(at).collect())
    }

    /// A text below, without spaces around it; an empty one is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'v str>, Flaw> {
        self.child(name)?.map_or(Ok(None), |child| child.as_text())
    }

    /// This element as text; an empty one is none.
    pub(super) fn as_text(&self) -> Result<Option<&'v str>, Flaw> {
        let Value::String(text) = self.value else { return Err(self.shape("a text")) };
        let text = text.trim();
        Ok((!text.is_empty()).then_some(text))
    }

    /// Yes or no below.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Flaw> {
        let Some(child) = self.child(name)? else { return Ok(None) };
        child.value.as_bool().map(Some).ok_or_else(|| child.shape("true or false"))
    }

    /// The digits of a number below.
    pub(super) fn number(&self, name: &str) -> Result<Option<String>, Flaw> {
        let Some(child) = self.child(name)? else { return Ok(None) };
        let Value::Number(number) = child.value else { return Err(child.shape("a number")) };
        Ok(Some(number.to_string()))
    }

    /// The value of the first extension of this name.
    pub(super) fn extension(&self, url: &str) -> Result<Option<Self>, Flaw> {
        for extension in self.each("extension")? {
            if extension.text("url")? == Some(url) {
                return Ok(Some(extension));
            }
        }
        Ok(None)
    }

    /// What must be there.
    pub(super) fn needed<T>(&self, name: &'static str, found: Option<T>) -> Result<T, Flaw> {
        found.ok_or_else(|| {
            let path = format!("{}.{name}", self.path);
            Flaw { path, value: String::new(), why: FhirWhy::Absent }
        })
    }

    /// Something wrong with this element, with its text if it is one value.
    pub(super) fn flaw(&self, why: impl Into<FhirWhy>) -> Flaw {
        let value = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => self.value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        };
        Flaw { path: self.path.clone(), value, why: why.into() }
    }

    /// Another type of JSON than belongs here.
    fn shape(&self, want: &'static str) -> Flaw {
        self.flaw(FhirWhy::Shape { want })
    }
}
