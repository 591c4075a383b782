//! Which resource a reference means: one spelling for each, whoever refers to it and how.

use std::collections::BTreeMap;

use super::element::{Element, Flaw};

/// A resource's name inside one import: `Patient/p1`, or its full URL where it has no id.
pub(super) type Key = String;

/// Where the full URLs of one Bundle lead.
#[derive(Debug, Default)]
pub(super) struct Aliases(BTreeMap<String, Key>);

impl Aliases {
    /// Notes that an entry's full URL means this resource.
    pub(super) fn learn(&mut self, full_url: &str, key: &str) {
        self.0.insert(full_url.to_owned(), key.to_owned());
    }

    /// The one spelling of a reference.
    pub(super) fn key(&self, reference: &str) -> Key {
        self.0.get(reference).cloned().unwrap_or_else(|| plain(reference))
    }

    /// The resource that the Reference of this name below means, if it is told by `reference`.
    pub(super) fn of(&self, parent: &Element<'_>, name: &str) -> Result<Option<Key>, Flaw> {
        let Some(child) = parent.child(name)? else { return Ok(None) };
        Ok(child.text("reference")?.map(|reference| self.key(reference)))
    }

    /// All of a list of References below.
    pub(super) fn all_of(&self, parent: &Element<'_>, name: &str) -> Result<Vec<Key>, Flaw> {
        let each = parent.each(name)?;
        let keys = each.iter().map(|one| Ok(one.text("reference")?.map(|reference| self.key(reference))));
        Ok(keys.collect::<Result<Vec<_>, Flaw>>()?.into_iter().flatten().collect())
    }
}

/// `https://host/fhir/Patient/p1/_history/2` is `Patient/p1`; what has no type and id stays as it is.
fn plain(reference: &str) -> Key {
    let whole = reference.split("/_history/").next().unwrap_or(reference);
    if whole.starts_with("urn:") || whole.starts_with('#') {
        return whole.to_owned();
    }
    let mut parts = whole.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(id), Some(kind)) if kind.starts_with(|c: char| c.is_ascii_uppercase()) => format!("{kind}/{id}"),
        _ => whole.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Aliases;

    #[test]
    fn one_resource_has_one_spelling() {
        let mut aliases = Aliases::default();
        aliases.learn("urn:uuid:1", "Patient/p1");
        let cases = [
            ("urn:uuid:1", "Patient/p1"),
            ("Patient/p1", "Patient/p1"),
            ("https://clinic.example/fhir/Patient/p1", "Patient/p1"),
            ("Patient/p1/_history/3", "Patient/p1"),
            ("urn:uuid:2", "urn:uuid:2"),
            ("#inside", "#inside"),
            ("p1", "p1"),
            ("", ""),
        ];
        for (reference, key) in cases {
            assert_eq!(aliases.key(reference), key);
        }
    }
}
