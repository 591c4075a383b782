//! What a Consent means for research, before several are put together.

use std::collections::BTreeSet;

use sumac_protocol::document::duo::Permission;
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::moment::Moment;

/// What one resource means for research.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// It allows something.
    Permit(Permit),
    /// It rules research out.
    Deny(String),
    /// It is about research, or may be, and cannot be understood; so it means no.
    NotUnderstood(String),
    /// It says nothing about research.
    Elsewhere(String),
}

/// What is allowed. Every list is what is left; none is empty unless nothing is allowed.
#[derive(Debug, Clone)]
pub(super) struct Permit {
    pub(super) purposes: BTreeSet<Permission>,
    pub(super) modifiers: BTreeSet<String>,
    pub(super) diseases: BTreeSet<String>,
    pub(super) categories: BTreeSet<ConsentCategory>,
    /// None: from now on.
    pub(super) from: Option<Moment>,
    /// None: the resource names no end.
    pub(super) until: Option<Moment>,
    /// The resources as they were read, for the digest of what was shown.
    pub(super) shown: String,
}

/// Why a resource is no permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum No {
    /// It says no.
    Denied(String),
    /// It says what cannot be understood.
    Unclear(String),
}

impl From<No> for Meaning {
    fn from(no: No) -> Self {
        match no {
            No::Denied(why) => Self::Deny(why),
            No::Unclear(why) => Self::NotUnderstood(why),
        }
    }
}

impl Meaning {
    /// The stable word for it.
    pub(super) const fn came_to(&self) -> &'static str {
        match self {
            Self::Permit(_) => "permit",
            Self::Deny(_) => "deny",
            Self::NotUnderstood(_) => "not-understood",
            Self::Elsewhere(_) => "not-about-research",
        }
    }

    /// The reason in words.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Permit(permit) => {
                let codes: Vec<&str> = permit.purposes.iter().map(|purpose| purpose.code()).collect();
                let conditions: String = permit.modifiers.iter().map(|code| format!(", only {code}")).collect();
                format!("it permits {}{conditions}", codes.join(", "))
            }
            Self::Deny(why) | Self::NotUnderstood(why) | Self::Elsewhere(why) => why.clone(),
        }
    }
}
