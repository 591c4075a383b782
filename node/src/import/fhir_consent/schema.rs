//! The elements of a Consent with their exact types: what has another type, or is not known, is never taken as absent.
//!
//! An element that a reader passes over may be the one that says no. So every level names the elements that it knows,
//! and each of them is of its declared type or the resource is not understood.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::meaning::No;

/// An element with parts, of which every name is known.
pub(super) struct Element<'v> {
    parts: &'v Map<String, Value>,
    place: String,
}

impl<'v> Element<'v> {
    /// Takes a value apart.
    pub(super) fn of(value: &'v Value, place: &str, known: &[&str]) -> Result<Self, No> {
        let parts = value.as_object().ok_or_else(|| No::unclear(format!("`{place}` is no object")))?;
        match parts.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(No::unclear(format!("`{place}.{name}` is not known, and may change what it says"))),
            None => Ok(Self { parts, place: place.to_owned() }),
        }
    }

    /// Where a part stands.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// Whether a part is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// A part as it stands.
    pub(super) fn value(&self, name: &str) -> Option<&'v Value> {
        self.parts.get(name)
    }

    /// A part that may be absent, of its type.
    pub(super) fn part<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, No> {
        let typed = |value: &Value| serde_json::from_value(value.clone());
        self.value(name).map(typed).transpose().map_err(|why| No::unclear(format!("`{}`: {why}", self.place(name))))
    }

    /// The values of a list that may be absent, and is never empty.
    pub(super) fn values(&self, name: &str) -> Result<&'v [Value], No> {
        match self.value(name) {
            None => Ok(&[]),
            Some(Value::Array(values)) if !values.is_empty() => Ok(values),
            Some(_) => Err(No::unclear(format!("`{}` is no list of something", self.place(name)))),
        }
    }

    /// A list that may be absent, each of its type.
    pub(super) fn list<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, No> {
        self.values(name)?;
        Ok(self.part(name)?.unwrap_or_default())
    }
}

/// A CodeableConcept: different codes for one thing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Concept {
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(default)]
    pub(super) coding: Vec<Coding>,
    #[serde(rename = "text")]
    _text: Option<String>,
}

/// A Coding.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Coding {
    #[serde(rename = "id")]
    _id: Option<String>,
    system: Option<String>,
    #[serde(rename = "version")]
    _version: Option<String>,
    code: Option<String>,
    #[serde(rename = "display")]
    _display: Option<String>,
    #[serde(rename = "userSelected")]
    _user_selected: Option<bool>,
}

impl Coding {
    /// Its system; empty where it names none.
    pub(super) fn system(&self) -> &str {
        self.system.as_deref().unwrap_or_default()
    }

    /// Its code; empty where it has none, which is no code of any system.
    pub(super) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// Its code, if it is of a system of this name.
    pub(super) fn code_of(&self, system: &[&str]) -> Option<&str> {
        system.contains(&self.system()).then(|| self.code()).filter(|code| !code.is_empty())
    }
}

/// A Period.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Period {
    #[serde(rename = "id")]
    _id: Option<String>,
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
}

/// Where something stands that FHIR does not allow anywhere and that could hide what was meant: null.
pub(super) fn null_in(value: &Value, place: &str) -> Option<String> {
    match value {
        Value::Null => Some(place.to_owned()),
        Value::Array(values) => values.iter().find_map(|inner| null_in(inner, place)),
        Value::Object(parts) => parts.iter().find_map(|(name, inner)| null_in(inner, &format!("{place}.{name}"))),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
