//! A node's wish to be listed in a charter: everything that stewards need to write its entry, signed with the node's own
//! key, so that nobody can ask in another's name.
//!
//! It gives no right. Whether this key belongs to that organisation is for people to find out, by comparing the key over
//! another channel, before they sign a charter that lists it.

use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::document::charter::{CharterError, Member, Role, check};
use crate::envelope::{Document, DocumentError, Envelope, Verified};
use crate::moment::Moment;
use crate::principal::Principal;

/// What a node asks to be listed as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The node's key, which signs.
    pub key: Principal,
    /// What people are to call it; one line, unique in the charter.
    pub name: String,
    /// The organisation behind it. Equal spelling means the same organisation.
    pub operator: String,
    /// What it is to do; at least one role, none twice.
    pub roles: Vec<Role>,
    /// Multiaddresses at which it can be dialled. A hub needs one.
    pub addresses: Vec<String>,
    /// Most patients it will ever hold: 1 to 10,000,000 for a contributor.
    pub patients_max: u64,
    /// When it was written, by the node's clock: of two the later one is meant.
    pub made_at: Moment,
}

impl Document for Join {
    const KIND: Kind = Kind::Join;
}

impl Join {
    /// Whether the request agrees with itself and with what a charter may list.
    ///
    /// # Errors
    /// [`JoinError::Entry`] or [`JoinError::HubWithoutAddress`].
    pub fn check(&self) -> Result<(), JoinError> {
        check::one_member(&self.member(), &[self.key].into())?;
        if self.roles.contains(&Role::Hub) && self.addresses.is_empty() {
            return Err(JoinError::HubWithoutAddress);
        }
        Ok(())
    }

    /// The entry that a charter would list. Staff keys come later, from the clinic itself.
    #[must_use]
    pub fn member(&self) -> Member {
        Member {
            key: self.key,
            name: self.name.clone(),
            operator: self.operator.clone(),
            roles: self.roles.clone(),
            addresses: self.addresses.clone(),
            patients_max: self.patients_max,
            staff: Vec::new(),
        }
    }
}

/// Takes a request that the key which it names has signed.
///
/// # Errors
/// [`JoinError`].
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub fn admit_join(envelope: &Envelope) -> Result<Verified<Join>, JoinError> {
    let join = envelope.claim::<Join>()?.verify_named(|join| join.key)?;
    join.check()?;
    Ok(join)
}

/// Why a request to be listed is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub enum JoinError {
    /// No request, or not signed by the key it names.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// An entry that no charter may list.
    #[error(transparent)]
    Entry(#[from] CharterError),
    /// A hub that nobody could dial.
    #[error("it asks for the role `hub`, and names no address")]
    HubWithoutAddress,
}

impl JoinError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::Entry(why) => why.code(),
            Self::HubWithoutAddress => "join-hub-address",
        }
    }

    /// What whoever asks to be listed can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::Entry(why) => why.remedy(),
            Self::HubWithoutAddress => "name where clinics can dial it, as /dns/hub.example.org/tcp/4800".into(),
        }
    }
}
