//! The charter: who belongs to a federation, and under which rules.
//!
//! One charter is in force at a time; each next one names the one before and is signed by a
//! threshold of the stewards of both ([`crate::charter_chain`]). Everything else binds a charter by
//! its digest, never by its number. What one charter changes of the one before is told in words ([`charter_changes`](crate::charter_changes)).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::principal::Principal;

#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub use error::CharterError;
pub use member::{Member, Role};
pub use policy::Policy;

pub(super) mod check;
mod error;
mod member;
mod policy;

/// Who belongs, who steers, what may be studied, how careful everybody is, and the shared words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// The federation's name, one line.
    pub name: String,
    /// 0 for the genesis charter, then one more each time.
    pub epoch: u64,
    /// The digest of the charter before; none for the genesis charter only.
    pub previous: Option<Digest>,
    /// The keys whose signatures count.
    pub stewards: Vec<Principal>,
    /// How many different stewards must sign: 1 to all of them.
    pub threshold: u32,
    /// Every node of the federation.
    pub members: Vec<Member>,
    /// One to three committees in order of attempt; each lists aggregators of different operators,
    /// in role order.
    pub committees: Vec<Vec<Principal>>,
    /// The digests of the studies in force. A study ends by leaving this list.
    pub studies: Vec<Digest>,
    /// A label that every answer must carry, if any.
    pub label: Option<Label>,
    /// The floor that no study or query may go below.
    pub policy: Policy,
    /// The data dictionary as TOML text, at most 256 KiB.
    pub dictionary: String,
}

/// What kind of records the whole federation holds, where they are not of real patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Label {
    /// Published or invented records for tests: groups of one may be shown.
    TestData,
    /// Records made by a generator, under the rules for real ones.
    Synthetic,
}

impl Document for Charter {
    const KIND: Kind = Kind::Charter;
}

impl Charter {
    /// Whether everything in the charter agrees with itself and with the limits of the protocol.
    /// Says nothing about its signatures or its place in a chain.
    ///
    /// # Errors
    /// The first [`CharterError`] that is found.
    pub fn check(&self) -> Result<(), CharterError> {
        check::check(self)
    }

    /// The member with this key.
    #[must_use]
    pub fn member(&self, key: &Principal) -> Option<&Member> {
        self.members.iter().find(|member| member.key == *key)
    }

    /// The members that hold records, in the order of the charter.
    pub fn contributors(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is(Role::Contributor))
    }

    /// The members that others dial out to, in the order of the charter.
    pub fn hubs(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is(Role::Hub))
    }

    /// The committee of an attempt at a query, in role order. Attempts count from 1; there are as
    /// many as the charter lists committees.
    #[must_use]
    pub fn committee(&self, attempt: u8) -> Option<&[Principal]> {
        let place = usize::from(attempt).checked_sub(1)?;
        self.committees.get(place).map(Vec::as_slice)
    }

    /// The organisation behind a member. Collusion, and the clinics of an answer, are counted in
    /// these.
    #[must_use]
    pub fn operator_of(&self, key: &Principal) -> Option<&str> {
        self.member(key).map(|member| member.operator.as_str())
    }

    /// Whether the charter is labelled `test-data`, which lowers the floors of small groups.
    #[must_use]
    pub fn is_test_data(&self) -> bool {
        self.label == Some(Label::TestData)
    }

    /// The staff keys of a clinic: they may sign enrolments and witness statements. Empty for a key
    /// that is no member.
    #[must_use]
    pub fn staff_of(&self, clinic: &Principal) -> &[Principal] {
        self.member(clinic).map_or(&[], |member| member.staff.as_slice())
    }

    /// The stewards as a set, as signatures are counted.
    #[must_use]
    pub fn steward_set(&self) -> BTreeSet<Principal> {
        self.stewards.iter().copied().collect()
    }

    /// How many of the stewards must sign.
    #[must_use]
    pub fn threshold(&self) -> usize {
        // More stewards than a usize holds never exist; then no number of signatures suffices.
        usize::try_from(self.threshold).unwrap_or(usize::MAX)
    }
}
