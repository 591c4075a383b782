//! Changed copies of good bytes: bits, lengths, pieces of others, and whole fields of CBOR or JSON.

use ciborium::Value;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value as Json;

/// A source of changed copies that grows from a seed.
#[derive(Debug)]
pub struct Mutants {
    rng: StdRng,
    /// Good bytes whose pieces are put into others.
    donors: Vec<Vec<u8>>,
}

impl Mutants {
    /// Mutants with pieces of these.
    #[must_use]
    pub fn new(seed: u64, donors: Vec<Vec<u8>>) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), donors }
    }

    /// A changed copy; now and then it comes out the same.
    pub fn of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let donor = self.donor();
        let changed = match self.rng.random_range(0..2) {
            0 => self.fields(bytes, &donor).or_else(|| self.members(bytes, &donor)),
            _ => None,
        };
        let mut changed = changed.unwrap_or_else(|| self.raw(bytes, &donor));
        if self.rng.random_range(0..8) == 0 {
            changed = self.raw(&changed, &donor);
        }
        changed
    }

    fn donor(&mut self) -> Vec<u8> {
        let at = self.rng.random_range(0..self.donors.len().max(1));
        self.donors.get(at).cloned().unwrap_or_default()
    }

    fn place(&mut self, bytes: &[u8]) -> usize {
        self.rng.random_range(0..bytes.len().max(1)).min(bytes.len())
    }

    /// A part of at most 64 bytes.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let from = self.place(bytes);
        from..(from + self.rng.random_range(1..64)).min(bytes.len())
    }

    fn raw(&mut self, bytes: &[u8], donor: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        let at = self.place(bytes);
        match self.rng.random_range(0..10) {
            0..3 => {
                for _ in 0..self.rng.random_range(1..4) {
                    let at = self.place(bytes);
                    let bit = self.rng.random_range(0..8_u8);
                    changed.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
                }
            }
            3 => changed.truncate(at),
            4 => drop(changed.drain(self.part(bytes))),
            5 => {
                let part = bytes[self.part(bytes)].to_vec();
                drop(changed.splice(at..at, part));
            }
            6 => {
                let (part, gone) = (self.part(donor), self.part(bytes));
                drop(changed.splice(gone, donor[part].to_vec()));
            }
            7 => {
                changed.truncate(at);
                changed.extend(&donor[self.place(donor)..]);
            }
            8 => {
                let head = HEADS[self.rng.random_range(0..HEADS.len())];
                let until = (at + usize::from(self.rng.random::<bool>())).min(bytes.len());
                drop(changed.splice(at..until, head.to_vec()));
            }
            _ => {
                let opening = [b'[', b'{', 0x81, 0xa1, 0xc1, b'"'][self.rng.random_range(0..6)];
                drop(changed.splice(at..at, vec![opening; self.rng.random_range(1..3_000)]));
            }
        }
        changed
    }

    /// Changes one node of CBOR.
    fn fields(&mut self, bytes: &[u8], donor: &[u8]) -> Option<Vec<u8>> {
        let read = |bytes: &[u8]| ciborium::from_reader::<Value, _>(bytes).ok();
        let (mut value, donor) = (read(bytes)?, read(donor));
        let mut nodes = 0_usize;
        walk(&mut value, &mut |_| nodes += 1);
        let (target, mut at) = (self.rng.random_range(0..nodes), 0);
        let strange = self.strange();
        let (what, one, two) = (self.rng.random_range(0..5), self.rng.random::<u16>(), self.rng.random::<u16>());
        walk(&mut value, &mut |node| {
            at += 1;
            if at == target + 1 {
                match (node, what) {
                    (Value::Map(pairs), 0) if !pairs.is_empty() => {
                        let (one, two) = (usize::from(one) % pairs.len(), usize::from(two) % pairs.len());
                        let (first, second) = (pairs[one].1.clone(), pairs[two].1.clone());
                        (pairs[one].1, pairs[two].1) = (second, first);
                    }
                    (Value::Map(pairs), 1) if !pairs.is_empty() => {
                        pairs.push(pairs[usize::from(one) % pairs.len()].clone());
                    }
                    (Value::Map(pairs), 2) if !pairs.is_empty() => drop(pairs.remove(usize::from(one) % pairs.len())),
                    (Value::Map(pairs), 3) => {
                        // Whatever the donor has under the same name: a signature, a payload, a list of them.
                        for (name, inside) in pairs {
                            let found = donor.as_ref().and_then(|donor| under(donor, name));
                            found.into_iter().for_each(|found| *inside = found.clone());
                        }
                    }
                    (Value::Array(list), 0) => list.reverse(),
                    (Value::Array(list), 1) if !list.is_empty() => {
                        list.push(list[usize::from(one) % list.len()].clone());
                    }
                    (Value::Array(list), 2) => drop(list.pop()),
                    // One character of a name, of a signature or of what was signed.
                    (Value::Text(text), 0..4) if !text.is_empty() => *text = other_text(text, one, two),
                    (Value::Bytes(bytes), 0..4) if !bytes.is_empty() => {
                        let at = usize::from(one) % bytes.len();
                        bytes[at] ^= 1 << (two % 8);
                    }
                    (node, _) => *node = strange.clone(),
                }
            }
        });
        let mut written = Vec::new();
        ciborium::into_writer(&value, &mut written).ok()?;
        Some(written)
    }

    fn strange(&mut self) -> Value {
        match self.rng.random_range(0..8) {
            0 => Value::from(u64::MAX),
            1 => Value::from(-1),
            2 => Value::Float(f64::NAN),
            3 => Value::Null,
            4 => Value::Text("9".repeat(70_000)),
            5 => Value::Bytes(vec![0; 33]),
            6 => (0..200).fold(Value::Null, |inside, _| Value::Array(vec![inside])),
            _ => Value::Array(vec![Value::Null; 5_000]),
        }
    }

    /// Changes one member of JSON.
    fn members(&mut self, bytes: &[u8], donor: &[u8]) -> Option<Vec<u8>> {
        let Json::Object(mut object) = serde_json::from_slice(bytes).ok()? else { return None };
        let donor: Option<Json> = serde_json::from_slice(donor).ok();
        let names: Vec<String> = object.keys().cloned().collect();
        let name = names.get(self.rng.random_range(0..names.len().max(1)))?;
        match self.rng.random_range(0..4) {
            0 => drop(object.remove(name)),
            1 => drop(object.insert(name.clone(), donor.as_ref()?.get(name)?.clone())),
            2 => drop(object.insert(name.clone(), Json::from(u64::MAX))),
            _ => {
                let text = serde_json::to_string(&object).ok()?;
                let twice = format!("{{{}:0,{}", serde_json::to_string(name).ok()?, text.strip_prefix('{')?);
                return Some(twice.into_bytes());
            }
        }
        serde_json::to_vec(&object).ok()
    }
}

/// A text with another character at one place.
fn other_text(text: &str, at: u16, by: u16) -> String {
    let at = usize::from(at) % text.chars().count();
    let other = char::from(b'A' + u8::try_from(by % 26).unwrap_or(0));
    text.chars().enumerate().map(|(place, kept)| if place == at { other } else { kept }).collect()
}

/// Every node of a value, the outer ones first.
fn walk(value: &mut Value, see: &mut impl FnMut(&mut Value)) {
    see(value);
    if let Value::Map(pairs) = value {
        pairs.iter_mut().for_each(|(_, inside)| walk(inside, see));
    } else if let Value::Array(list) = value {
        list.iter_mut().for_each(|inside| walk(inside, see));
    }
}

/// What stands under a name, wherever it comes first.
fn under<'v>(value: &'v Value, name: &Value) -> Option<&'v Value> {
    if let Value::Map(pairs) = value {
        let here = pairs.iter().find(|(key, _)| key == name).map(|(_, found)| found);
        return here.or_else(|| pairs.iter().find_map(|(_, inside)| under(inside, name)));
    }
    value.as_array()?.iter().find_map(|inside| under(inside, name))
}

/// Lengths that are not there, in CBOR.
const HEADS: [&[u8]; 6] = [
    &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    &[0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9a, 0x3f, 0xff, 0xff, 0xff],
];
