//! What is left of a grant: its purposes without those that were revoked since.

use std::collections::BTreeSet;

use super::matching::covers;
use super::terms::{Held, Terms};
use super::{Contradiction, Grant, NoReason, Statement, Who};
use crate::cost::RhoMicro;
use crate::document::disease::includes;
use crate::document::duo::Permission;
use crate::document::study::{Purpose, Study};
use crate::envelope::Verified;

/// Where a patient stands at one moment. Only [`Standing::Granted`] allows anything.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "complete: every other case is one of these, and means no")]
pub enum Standing<'a> {
    /// There is no statement, or none that ever granted anything.
    None,
    /// A grant is in force.
    Granted(Permit<'a>),
    /// A grant is there, but its time, or the moment it was signed at, lies ahead.
    NotYet,
    /// A grant is there, and its time is over.
    Expired,
    /// The patient withdrew.
    Withdrawn,
    /// The patient withdrew and asked for everything to be destroyed.
    Erased,
    /// The last grant does not continue the statements before it.
    Contradictory(Contradiction),
}

impl Standing<'_> {
    /// A word for it that is never changed: `none`, `granted`, `not_yet`, `expired`, `withdrawn`, `erased` or
    /// `contradictory`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Granted(_) => "granted",
            Self::NotYet => "not_yet",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Erased => "erased",
            Self::Contradictory(_) => "contradictory",
        }
    }
}

/// A grant in force, less what was revoked since.
#[derive(Debug, Clone)]
pub struct Permit<'a> {
    pub(super) statement: &'a Verified<Statement>,
    pub(super) grant: &'a Grant,
    pub(super) purposes: Purposes,
}

impl<'a> Permit<'a> {
    /// The statement that granted.
    #[must_use]
    pub const fn statement(&self) -> &'a Verified<Statement> {
        self.statement
    }

    /// What it granted, before anything was revoked.
    #[must_use]
    pub const fn grant(&self) -> &'a Grant {
        self.grant
    }

    /// The patient's own cap on privacy cost in any 365 days.
    #[must_use]
    pub const fn rho_year(&self) -> RhoMicro {
        self.grant.rho_year
    }

    /// Whether a study may use this patient's records, as far as the patient is concerned. The rule
    /// is that of [`super::grant_covers`], for what is left of the purposes.
    ///
    /// # Errors
    /// The first [`NoReason`] that is found.
    pub fn covers(&self, study: &Study) -> Result<(), NoReason> {
        covers(self.grant, &self.purposes, study)
    }

    /// The permissions that are allowed: each that a study could name and be covered, as far as purposes go. Where parts
    /// were revoked, these are fewer than the grant's purposes include.
    #[must_use]
    pub fn allows(&self) -> Vec<Permission> {
        let reached =
            |narrow: &Permission| self.purposes.granted.iter().any(|broad| self.purposes.reaches(*broad, *narrow));
        ALL.into_iter().filter(reached).collect()
    }

    /// Whether none of the grant's purposes was revoked since, not even in part.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.allows() == Self { purposes: Purposes::all_of(self.grant), ..self.clone() }.allows()
    }

    /// What would be left if these purposes were revoked too; as in [`super::Revoke`], none means all.
    #[must_use]
    pub fn without(&self, purposes: Option<&[String]>) -> Self {
        let mut left = self.clone();
        left.purposes.revoke(purposes);
        left
    }

    /// What is left of its purposes, as shorthands: those of the grant that are left whole, and the widest that are left
    /// of the others. GRU without HMB leaves POA. Whoever shows a grant in force shows these.
    #[must_use]
    pub fn purposes_left(&self) -> Vec<String> {
        self.purposes.left()
    }

    /// The permit without its patient.
    pub(super) fn held(&self) -> Held {
        let from = self.grant.not_before.max(self.statement.made_at);
        Held { terms: Terms::of(self.grant, self.purposes.clone()), from, until: self.grant.not_after }
    }

    /// Whether `new` allows anything that this permit does not. Codes of purposes are compared letter by letter,
    /// so a grant that says less in other words counts as wider; a disease may become a kind of itself.
    pub(super) fn is_widened_by(&self, new: &Grant) -> bool {
        let old = self.grant;
        let within = |new: &[String], old: &[String]| new.iter().all(|code| old.contains(code));
        let askers = match (&new.who, &old.who) {
            (_, Who::AnyStudy) | (Who::AcademicOnly, Who::AcademicOnly) => true,
            (Who::Studies(new), Who::Studies(old)) => within(new, old),
            (Who::AnyStudy | Who::AcademicOnly, Who::Studies(_))
            | (Who::AnyStudy | Who::Studies(_), Who::AcademicOnly) => false,
        };
        let narrower = askers
            && within(&new.purposes, &self.purposes.left())
            && new.diseases.iter().all(|new| old.diseases.iter().any(|old| includes(old, new)))
            && within(&old.modifiers, &new.modifiers)
            && new.categories.iter().all(|category| old.categories.contains(category))
            && new.disclosure <= old.disclosure
            && new.not_before >= old.not_before
            && new.not_after <= old.not_after
            && new.rho_year <= old.rho_year;
        !narrower
    }
}

/// The purposes of a grant and those revoked since.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Purposes {
    granted: BTreeSet<Permission>,
    revoked: BTreeSet<Permission>,
}

impl Purposes {
    /// All purposes that a grant names. Codes that are unknown allow nothing.
    pub(super) fn all_of(grant: &Grant) -> Self {
        let granted = grant.purposes.iter().filter_map(|code| Permission::from_code(code)).collect();
        Self { granted, revoked: BTreeSet::new() }
    }

    /// Ends some purposes. `None`, nothing, or an unknown code among them ends all. A purpose that
    /// the grant lists ends alone: GRU out of GRU and HMB leaves HMB. One that it does not list ends
    /// what it includes: GRU out of HMB leaves nothing.
    pub(super) fn revoke(&mut self, codes: Option<&[String]>) {
        let named: Option<BTreeSet<Permission>> =
            codes.and_then(|codes| codes.iter().map(|code| Permission::from_code(code)).collect());
        match named {
            Some(named) if !named.is_empty() => {
                let unlisted: Vec<Permission> = named.difference(&self.granted).copied().collect();
                self.granted.retain(|granted| !unlisted.iter().any(|revoked| revoked.includes(*granted)));
                self.revoked.extend(named);
            }
            Some(_) | None => self.granted.clear(),
        }
    }

    /// Whether nothing at all is left.
    pub(super) fn is_empty(&self) -> bool {
        !self.granted.iter().any(|broad| ALL.iter().any(|narrow| self.reaches(*broad, *narrow)))
    }

    /// The shorthands of what is left: granted purposes that are left whole, and the widest parts of the others.
    fn left(&self) -> Vec<String> {
        let reached = |narrow: &Permission| self.granted.iter().any(|broad| self.reaches(*broad, *narrow));
        let whole = |granted: &Permission| self.granted.contains(granted) && reached(granted);
        let parts: Vec<Permission> = ALL.into_iter().filter(|part| reached(part)).collect();
        let widest = |part: &Permission| !parts.iter().any(|wider| wider != part && wider.includes(*part));
        let left = parts.iter().filter(|part| whole(part) || widest(part));
        left.map(|permission| permission.code().to_owned()).collect()
    }

    /// Whether every purpose that a study declares is allowed, for its diseases.
    pub(super) fn allow(&self, diseases: &[String], declared: &Purpose) -> Result<(), NoReason> {
        let wanted: Vec<Permission> = declared.duo.iter().filter_map(|code| Permission::from_code(code)).collect();
        if wanted.is_empty() {
            return Err(NoReason::Purpose { code: String::new() });
        }
        for narrow in wanted {
            let mut through = self.granted.iter().filter(|broad| self.reaches(**broad, narrow)).peekable();
            if through.peek().is_none() {
                return Err(NoReason::Purpose { code: narrow.code().to_owned() });
            }
            if through.all(|broad| *broad == Permission::DiseaseSpecific) {
                let strange = declared.disease.iter().find(|code| !diseases.iter().any(|broad| includes(broad, code)));
                if strange.is_some() || declared.disease.is_empty() {
                    return Err(NoReason::Disease { code: strange.cloned().unwrap_or_default() });
                }
            }
        }
        Ok(())
    }

    /// Whether a study's permission is reached through one of the grant's. A revoked permission is
    /// gone itself; and it cuts a broader one off from everything comparable with it: whoever
    /// allowed GRU and then revoked HMB does not mean DS research, nor research that may turn out to
    /// be HMB, but still population origins.
    fn reaches(&self, broad: Permission, narrow: Permission) -> bool {
        let cut =
            |revoked: &Permission| broad.includes(*revoked) && (narrow.includes(*revoked) || revoked.includes(narrow));
        broad.includes(narrow) && !self.revoked.iter().any(cut)
    }
}

const ALL: [Permission; 5] = [
    Permission::NoRestriction,
    Permission::GeneralResearch,
    Permission::HealthMedicalBiomedical,
    Permission::DiseaseSpecific,
    Permission::PopulationOrigins,
];
