//! What one charter changes of another, in words: what a steward reads before signing, and what decides whether a clinic
//! follows by itself or waits for a person.
//!
//! A clinic waits where the next charter asks more of its patients than the one they consented under: a lower floor, other
//! stewards in the majority, or new members who add shares up.

mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::dictionary::Dictionary;
use crate::document::charter::{Charter, Label, Member, Role};
use crate::principal::Principal;

/// Everything that differs between two charters, in the order in which people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharterChanges {
    list: Vec<CharterChange>,
    waits: Vec<String>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: what a reader has to see")]
pub struct CharterChange {
    /// What it is about.
    pub area: Area,
    /// The difference, as a clause: "Harbour joins, run by Harbour Clinic, as contributor".
    pub says: String,
    /// Which way it moves what protects patients.
    pub sense: Sense,
}

/// The part of a charter that a difference is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: the parts of a charter")]
pub enum Area {
    /// Its name and label.
    Federation,
    /// Who signs charters and studies.
    Stewards,
    /// Who belongs.
    Members,
    /// Who adds shares up.
    Committees,
    /// What may be studied.
    Studies,
    /// The floor below which nothing goes.
    Policy,
    /// What can be recorded and asked.
    Dictionary,
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Federation => "federation",
            Self::Stewards => "stewards",
            Self::Members => "members",
            Self::Committees => "committees",
            Self::Studies => "studies",
            Self::Policy => "policy",
            Self::Dictionary => "dictionary",
        })
    }
}

/// Which way a difference moves what protects patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: more, less or neither")]
pub enum Sense {
    /// It protects them more.
    Tighter,
    /// It protects them less.
    Looser,
    /// Neither, or not to be told from the charters alone.
    Neither,
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tighter => "tighter",
            Self::Looser => "LOOSER",
            Self::Neither => "",
        })
    }
}

impl CharterChanges {
    /// What `after` changes of `before`. Neither epoch nor the digest of the charter before counts as a change.
    #[must_use]
    pub fn between(before: &Charter, after: &Charter) -> Self {
        let mut list = federation(before, after);
        list.extend(stewards(before, after));
        list.extend(members(before, after));
        list.extend(committees(before, after));
        list.extend(studies(before, after));
        list.extend(policy::changes(&before.policy, &after.policy));
        list.extend(dictionary(before, after));
        let waits = waits(before, after, &list);
        Self { list, waits }
    }

    /// The differences.
    #[must_use]
    pub fn list(&self) -> &[CharterChange] {
        &self.list
    }

    /// Why a clinic takes this charter into use on the word of a person only, a clause each. Empty where it follows by
    /// itself.
    #[must_use]
    pub fn waits(&self) -> &[String] {
        &self.waits
    }
}

fn change(area: Area, sense: Sense, says: String) -> CharterChange {
    CharterChange { area, says, sense }
}

fn federation(before: &Charter, after: &Charter) -> Vec<CharterChange> {
    let mut list = Vec::new();
    if before.name != after.name {
        let says = format!("the federation is called `{}`, and was `{}`", after.name, before.name);
        list.push(change(Area::Federation, Sense::Neither, says));
    }
    if before.label != after.label {
        let word = |label: Option<Label>| match label {
            Some(Label::TestData) => "`test-data`",
            Some(Label::Synthetic) => "`synthetic`",
            None => "no label",
        };
        let sense = match (before.is_test_data(), after.is_test_data()) {
            (false, true) => Sense::Looser,
            (true, false) => Sense::Tighter,
            (true, true) | (false, false) => Sense::Neither,
        };
        let says = format!("answers carry {}, and carried {}", word(after.label), word(before.label));
        list.push(change(Area::Federation, sense, says));
    }
    list
}

fn stewards(before: &Charter, after: &Charter) -> Vec<CharterChange> {
    let (were, are) = (before.steward_set(), after.steward_set());
    let joins = are.difference(&were).map(|key| format!("{key} becomes a steward"));
    let leaves = were.difference(&are).map(|key| format!("{key} is no steward any more"));
    let mut list: Vec<_> = joins.chain(leaves).map(|says| change(Area::Stewards, Sense::Neither, says)).collect();
    if (before.threshold, were.len()) != (after.threshold, are.len()) {
        let says = format!(
            "{} of {} stewards must sign, and {} of {} had to",
            after.threshold,
            are.len(),
            before.threshold,
            were.len()
        );
        let sense = match after.threshold.cmp(&before.threshold) {
            std::cmp::Ordering::Less => Sense::Looser,
            std::cmp::Ordering::Greater => Sense::Tighter,
            std::cmp::Ordering::Equal => Sense::Neither,
        };
        list.push(change(Area::Stewards, sense, says));
    }
    list
}

fn members(before: &Charter, after: &Charter) -> Vec<CharterChange> {
    let joins = after.members.iter().filter(|member| before.member(&member.key).is_none()).map(|member| {
        let holds =
            if member.is(Role::Contributor) { format!(", with room for {}", people(member)) } else { String::new() };
        let says =
            format!("{} joins, run by {}, as {}{holds}: {}", member.name, member.operator, roles(member), member.key);
        change(Area::Members, Sense::Neither, says)
    });
    let leaves = before.members.iter().filter(|member| after.member(&member.key).is_none()).map(|member| {
        let says = format!("{} leaves, run by {}, {}: {}", member.name, member.operator, roles(member), member.key);
        change(Area::Members, Sense::Neither, says)
    });
    let stays = before.members.iter().filter_map(|was| Some((was, after.member(&was.key)?)));
    let changed = stays.flat_map(|(was, is)| {
        let clauses = one_member(was, is).into_iter();
        clauses.map(|says| change(Area::Members, Sense::Neither, format!("{}: {says}", was.name)))
    });
    joins.chain(leaves).chain(changed).collect()
}

/// What differs in the entry of a member that stays, a clause each.
fn one_member(was: &Member, is: &Member) -> Vec<String> {
    let listed = |texts: &[String]| if texts.is_empty() { "none".to_owned() } else { texts.join(", ") };
    let mut clauses = Vec::new();
    let texts = [
        ("is called", &is.name, &was.name),
        ("is run by", &is.operator, &was.operator),
        ("is", &roles(is), &roles(was)),
        ("is dialled at", &listed(&is.addresses), &listed(&was.addresses)),
        ("may hold", &people(is), &people(was)),
    ];
    for (verb, now, then) in texts {
        if now != then {
            clauses.push(format!("{verb} {now}, and before that {then}"));
        }
    }
    let (were, are): (BTreeSet<&Principal>, BTreeSet<&Principal>) =
        (was.staff.iter().collect(), is.staff.iter().collect());
    clauses.extend(are.difference(&were).map(|key| format!("{key} may sign for its staff")));
    clauses.extend(were.difference(&are).map(|key| format!("{key} may no longer sign for its staff")));
    clauses
}

fn people(member: &Member) -> String {
    format!("{} patients", member.patients_max)
}

fn roles(member: &Member) -> String {
    let word = |role: &Role| match role {
        Role::Contributor => "contributor",
        Role::Aggregator => "aggregator",
        Role::Hub => "hub",
    };
    member.roles.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn committees(before: &Charter, after: &Charter) -> Vec<CharterChange> {
    let named = |charter: &Charter, committee: &[Principal]| {
        let name = |key: &Principal| charter.member(key).map_or_else(|| key.short(), |member| member.name.clone());
        committee.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let most = before.committees.len().max(after.committees.len());
    let both = (0..most).map(|place| (place, before.committees.get(place), after.committees.get(place)));
    both.filter(|(_, was, is)| was != is)
        .map(|(place, was, is)| {
            let list = |charter: &Charter, keys: Option<&Vec<Principal>>| {
                keys.map_or_else(|| "nobody".to_owned(), |keys| named(charter, keys))
            };
            let attempt = place.saturating_add(1);
            let (now, then) = (list(after, is), list(before, was));
            let smaller = is.map_or(0, Vec::len) < was.map_or(0, Vec::len);
            let sense = if is.is_some() && smaller { Sense::Looser } else { Sense::Neither };
            change(Area::Committees, sense, format!("committee {attempt} is {now}, and was {then}"))
        })
        .collect()
}

fn studies(before: &Charter, after: &Charter) -> Vec<CharterChange> {
    let fresh = after.studies.iter().filter(|study| !before.studies.contains(study));
    let ended = before.studies.iter().filter(|study| !after.studies.contains(study));
    let begins = fresh.map(|study| format!("the study {} is in force", study.hex()));
    let ends = ended.map(|study| format!("the study {} ends", study.hex()));
    begins.chain(ends).map(|says| change(Area::Studies, Sense::Neither, says)).collect()
}

fn dictionary(before: &Charter, after: &Charter) -> Vec<CharterChange> {
    if before.dictionary == after.dictionary {
        return Vec::new();
    }
    let words = |charter: &Charter| -> Option<BTreeMap<String, String>> {
        let dictionary = Dictionary::parse(&charter.dictionary).ok()?;
        let instruments = dictionary.instruments().iter().map(|i| (i.id.clone(), format!("{i:?}")));
        Some(instruments.chain(dictionary.fields().iter().map(|f| (f.id.clone(), format!("{f:?}")))).collect())
    };
    let (Some(were), Some(are)) = (words(before), words(after)) else {
        let says = "the text is another, and cannot be compared word by word".to_owned();
        return vec![change(Area::Dictionary, Sense::Neither, says)];
    };
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let fresh = names(are.keys().filter(|name| !were.contains_key(*name)).collect());
    let gone = names(were.keys().filter(|name| !are.contains_key(*name)).collect());
    let other = names(
        are.iter().filter(|(name, says)| were.get(*name).is_some_and(|was| was != *says)).map(|(n, _)| n).collect(),
    );
    let rows = [("is new", fresh), ("is gone", gone), ("means something else", other)];
    let mut list: Vec<_> = rows
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(verb, names)| change(Area::Dictionary, Sense::Neither, format!("{names} {verb}")))
        .collect();
    if list.is_empty() {
        let says = "rules, events or codes differ; instruments and fields are the same".to_owned();
        list.push(change(Area::Dictionary, Sense::Neither, says));
    }
    list
}

fn waits(before: &Charter, after: &Charter, list: &[CharterChange]) -> Vec<String> {
    let mut waits: Vec<String> = list
        .iter()
        .filter(|change| change.sense == Sense::Looser)
        .map(|change| format!("it protects patients less: {}", change.says))
        .collect();
    let (were, are) = (before.steward_set(), after.steward_set());
    let (gone, fresh) = (were.difference(&are).count(), are.difference(&were).count());
    if gone.saturating_mul(2) > were.len() || fresh.saturating_mul(2) > are.len() {
        waits.push("it replaces a majority of the stewards".to_owned());
    }
    let was_one = |member: &&Member| before.member(&member.key).is_some_and(|was| was.is(Role::Aggregator));
    let new = after.members.iter().filter(|member| member.is(Role::Aggregator) && !was_one(member));
    let new: Vec<&str> = new.map(|member| member.name.as_str()).collect();
    if !new.is_empty() {
        waits.push(format!("it lets further members add shares up: {}", new.join(", ")));
    }
    waits
}
