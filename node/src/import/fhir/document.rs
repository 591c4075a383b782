//! A file that is one resource, or one Bundle of them.
//!
//! The text is in memory; of a Bundle, one entry at a time becomes a tree.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::failure::FhirImportError;
use super::files::{FhirFile, Resource, key};
use super::limits::VALUES_MAX;
use super::reference::Aliases;
use super::tree::{self, Tree};

/// Hands over each resource of the text, and tells whether a search has a next page.
pub(super) fn each<E: From<FhirImportError>>(
    file: &FhirFile,
    text: &[u8],
    take: &mut impl FnMut(Resource<'_>) -> Result<(), E>,
) -> Result<bool, E> {
    let kind: Kind = serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => FhirImportError::NotFhir { path: file.path.clone(), place: "line 1".to_owned() },
        Category::Io | Category::Syntax | Category::Eof => file.not_json(&error, 1),
    })?;
    if kind.kind.as_deref() == Some("Bundle") {
        return bundle(file, text, take);
    }
    let value = tree::parse(text).map_err(|error| file.not_json(&error, 1))?;
    take(file.resource(1, None, value, &Aliases::default(), || "line 1".to_owned())?)?;
    Ok(false)
}

/// Goes over the text twice: first for the addresses of all entries, then entry by entry.
/// So references to entries further down are known. Other kinds of Bundle are an error.
fn bundle<E: From<FhirImportError>>(
    file: &FhirFile,
    text: &[u8],
    take: &mut impl FnMut(Resource<'_>) -> Result<(), E>,
) -> Result<bool, E> {
    let head: Head = serde_json::from_slice(text).map_err(|error| file.not_json(&error, 1))?;
    let kind = head.kind.unwrap_or_default();
    if !matches!(kind.as_str(), "collection" | "transaction" | "batch" | "searchset") {
        return Err(FhirImportError::BundleKind { path: file.path.clone(), kind }.into());
    }
    let mut aliases = Aliases::default();
    let mut urls = Vec::new();
    for EntryHead { full_url, resource } in head.entry.unwrap_or_default() {
        if let (Some(url), Some(ResourceHead { kind: Some(kind), id })) = (&full_url, resource) {
            aliases.learn(url, &key(&kind, id.as_deref(), Some(url), String::new));
        }
        urls.push(full_url);
    }
    let mut place = 0_u64;
    let mut stopped = None;
    let mut each = |value: Option<Value>| {
        let url = urls.get(usize::try_from(place).unwrap_or(usize::MAX)).and_then(Option::as_deref);
        place = place.saturating_add(1);
        let Some(value) = value else { return true };
        let resource = file.resource(place, url, value, &aliases, || format!("entry {place}"));
        let taken = resource.map_err(E::from).and_then(&mut *take);
        taken.map_err(|error| stopped = Some(error)).is_ok()
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Entries::Bundle(&mut each).deserialize(&mut reader).and_then(|()| reader.end());
    match (stopped, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(file.not_json(&error, 1).into()),
        (None, Ok(())) => Ok(head.link.unwrap_or_default().iter().any(|link| link.relation.as_deref() == Some("next"))),
    }
}

/// A reader of a Bundle, of its list of entries, or of one entry. Each resource is handed to the
/// function, which says whether to go on.
enum Entries<'f, F> {
    /// Expects an object; everything but its `entry` is skipped.
    Bundle(&'f mut F),
    /// Expects an array; reads one entry at a time and holds none.
    List(&'f mut F),
    /// Expects an object. Without a resource, or with null, the function gets none.
    Entry(&'f mut F),
}

impl<'de, F: FnMut(Option<Value>) -> bool> DeserializeSeed<'de> for Entries<'_, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        match self {
            Self::Bundle(_) | Self::Entry(_) => from.deserialize_map(self),
            Self::List(_) => from.deserialize_seq(self),
        }
    }
}

impl<'de, F: FnMut(Option<Value>) -> bool> Visitor<'de> for Entries<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bundle(_) => "a Bundle",
            Self::List(_) => "a list of entries",
            Self::Entry(_) => "an entry",
        })
    }

    /// Fails with "stopped" once the function wants no more; the caller knows its reason.
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        match self {
            Self::Bundle(each) => {
                while let Some(name) = object.next_key::<String>()? {
                    if name == "entry" {
                        object.next_value_seed(Entries::List(&mut *each))?;
                    } else {
                        object.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(())
            }
            Self::Entry(each) => {
                let mut resource = None;
                while let Some(name) = object.next_key::<String>()? {
                    if name == "resource" {
                        let mut left = VALUES_MAX;
                        resource = Some(object.next_value_seed(Tree::new(&mut left))?).filter(|r| !r.is_null());
                    } else {
                        object.next_value::<IgnoredAny>()?;
                    }
                }
                if each(resource) { Ok(()) } else { Err(A::Error::custom("stopped")) }
            }
            Self::List(_) => Err(A::Error::custom("expected a list of entries")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self::List(each) = self else { return Err(A::Error::custom("expected an object")) };
        while list.next_element_seed(Entries::Entry(&mut *each))?.is_some() {}
        Ok(())
    }
}

/// Read first, to tell a Bundle from a resource without building a tree.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "resourceType")]
    kind: Option<String>,
}

/// What must be known of a Bundle before its first entry is handed over.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// A link `next` means that this is not the whole result of the search.
    link: Option<Vec<PageLink>>,
    /// As many as there are entries, in their order, so that places agree.
    entry: Option<Vec<EntryHead>>,
}

/// A link to another page of a search.
#[derive(Deserialize)]
struct PageLink {
    relation: Option<String>,
}

/// How an entry is called.
#[derive(Deserialize)]
struct EntryHead {
    /// An entry without one cannot be referred to by its address.
    #[serde(rename = "fullUrl")]
    full_url: Option<String>,
    resource: Option<ResourceHead>,
}

/// How a resource is called.
#[derive(Deserialize)]
struct ResourceHead {
    #[serde(rename = "resourceType")]
    kind: Option<String>,
    id: Option<String>,
}
