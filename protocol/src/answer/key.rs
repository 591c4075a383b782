//! A group's key: a JSON object whose order is that of `GROUP BY`.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Field and value, outermost first. Shown as its values with `|` between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(clippy::exhaustive_structs, reason = "complete: a list of pairs")]
pub struct GroupKey(pub Vec<(String, String)>);

impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (_, value)) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("|")?;
            }
            f.write_str(value)?;
        }
        Ok(())
    }
}

impl Serialize for GroupKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (field, value) in &self.0 {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for GroupKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = GroupKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields and their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GroupKey, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(GroupKey(pairs))
    }
}
