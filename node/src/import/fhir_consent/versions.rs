//! Several versions of one Consent: the newest counts, and where it cannot be told which that is, none allows anything.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;
use sumac_protocol::moment::{Millis, Moment};

use super::dates::moment;

/// What the versions of a Consent make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// The only one, or the newest.
    Newest,
    /// There is a newer one.
    Older,
    /// It cannot be told whether there is a newer one, or it was deleted.
    Unclear(&'static str),
}

/// What each of these Consents is, in their order. The same again is the same version.
pub(super) fn of(consents: &[&Value], deleted: &[String]) -> Vec<Version> {
    let mut by_id: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for consent in consents {
        by_id.entry(id(consent)).or_default().push(consent);
    }
    let judged = |consent: &&Value| {
        let id = id(consent);
        if id.is_empty() {
            return Version::Newest;
        }
        if deleted.iter().any(|gone| gone == id) {
            return Version::Unclear("an entry of the files deletes it");
        }
        let others = by_id.get(id).into_iter().flatten().filter(|other| ***other != **consent);
        others.fold(Version::Newest, |version, other| match (version, newer(consent, other)) {
            (Version::Older, _) | (_, Some(Ordering::Less)) => Version::Older,
            (Version::Unclear(why), _) => Version::Unclear(why),
            (Version::Newest, Some(Ordering::Greater)) => Version::Newest,
            (Version::Newest, Some(Ordering::Equal) | None) => {
                Version::Unclear("there are two of this id, and it cannot be told which is newer")
            }
        })
    };
    // An older version counts for nothing only where one is the newest.
    let versions: Vec<Version> = consents.iter().map(judged).collect();
    let has_newest = |id_of: &str| {
        let mut all = consents.iter().zip(&versions);
        all.any(|(other, version)| id(other) == id_of && *version == Version::Newest)
    };
    let settled = |(consent, version): (&&Value, &Version)| match version {
        Version::Older if !has_newest(id(consent)) => {
            Version::Unclear("there are several of this id, and it cannot be told which is the newest")
        }
        Version::Newest | Version::Older | Version::Unclear(_) => *version,
    };
    consents.iter().zip(&versions).map(settled).collect()
}

fn id(consent: &Value) -> &str {
    consent.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// Whether one version is newer than the other, by when it was updated and by its number; none where neither tells, where
/// the two disagree, or where they are of different patients.
fn newer(one: &Value, other: &Value) -> Option<Ordering> {
    if one.get("patient") != other.get("patient") {
        return None;
    }
    let updated = |of: &Value| moment(of.pointer("/meta/lastUpdated")?.as_str()?, Millis(0)).ok();
    let number = |of: &Value| of.pointer("/meta/versionId")?.as_str()?.parse::<u64>().ok();
    let by_time = updated(one).zip(updated(other)).map(|(one, other): (Moment, Moment)| one.cmp(&other));
    let by_number = number(one).zip(number(other)).map(|(one, other)| one.cmp(&other));
    match (by_time, by_number) {
        (Some(by_time), Some(by_number)) => (by_time == by_number).then_some(by_time),
        (one, None) | (None, one) => one,
    }
}
