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
    Deny {
        why: String,
        /// When that was said, at the latest; none where it does not say.
        at: Option<Moment>,
    },
    /// It allows nothing, and keeps others from allowing anything.
    NoGrant {
        /// The stable word for it.
        came_to: &'static str,
        why: String,
    },
    /// It allowed something once, and was ended since.
    Ended(String),
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
    /// When the oldest of what it was read from was said.
    pub(super) given: Moment,
    /// Never before that.
    pub(super) from: Moment,
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
    /// It allows nothing, for a reason that is no withdrawal: a stable word and the reason.
    Grant(&'static str, String),
}

impl No {
    /// It says what cannot be understood.
    pub(super) const fn unclear(why: String) -> Self {
        Self::Grant(NOT_UNDERSTOOD, why)
    }

    /// Its time lies ahead or is over.
    pub(super) const fn not_in_force(why: String) -> Self {
        Self::Grant("not-in-force", why)
    }

    /// It is about something else than the use for research.
    pub(super) const fn no_research(why: String) -> Self {
        Self::Grant("permits-no-research", why)
    }

    /// The meaning of a resource that was dated so.
    pub(super) fn said(self, at: Option<Moment>) -> Meaning {
        match self {
            Self::Denied(why) => Meaning::Deny { why, at },
            Self::Grant(came_to, why) => Meaning::NoGrant { came_to, why },
        }
    }
}

impl Meaning {
    /// The stable word for it.
    pub(super) const fn came_to(&self) -> &'static str {
        match self {
            Self::Permit(_) => "permit",
            Self::Deny { .. } => "deny",
            Self::NoGrant { came_to, .. } => came_to,
            Self::Ended(_) => "ended",
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
            Self::Deny { why, .. } | Self::NoGrant { why, .. } | Self::Ended(why) | Self::Elsewhere(why) => why.clone(),
        }
    }
}

/// The word for what cannot be understood.
pub(super) const NOT_UNDERSTOOD: &str = "not-understood";
