//! Who is in, who is out, and why: read from statements alone, without a look at any record.

use serde::{Deserialize, Serialize};
use sumac_protocol::document::consent::{Grant, History, Standing};
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;

use super::papers::Spoke;
use super::{Clinic, ClinicError};
use crate::store::Row;

/// Where one patient stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingLine {
    /// The pseudonym.
    pub pseudonym: String,
    /// The key that may speak for the patient, if one is enrolled.
    pub key: Option<Principal>,
    /// `none`, `granted`, `not_yet`, `expired`, `withdrawn`, `erased` or `contradictory`; `unreadable` where a document
    /// does not hold, and `suspended` where a recovery of the clinic has to be confirmed, which allow nothing either.
    pub standing: String,
    /// The reason in words.
    pub why: String,
    /// Whether the statement that decides is on paper.
    pub on_paper: bool,
    /// What the grant is for, as DUO codes, less what was revoked since; empty where none is in force.
    pub purposes: Vec<String>,
    /// The grant in force, as it was signed: whom it lets ask, and under which conditions.
    pub grant: Option<Grant>,
    /// When the grant ends.
    pub until: Option<Moment>,
    /// Whole days that are left of it, rounded down.
    pub days_left: Option<u64>,
}

impl Clinic {
    /// Where every patient stands, in order of arrival. One patient whose documents do not hold is listed as such and
    /// holds up nobody else.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub fn standings(&self) -> Result<Vec<StandingLine>, ClinicError> {
        let now = self.clock.now();
        self.store().rows().into_iter().map(|row| self.standing_line(row, now)).collect()
    }

    /// Where one patient stands at this moment.
    pub(super) fn standing_line(&self, row: Row, now: Moment) -> Result<StandingLine, ClinicError> {
        let (pseudonym, key) = (self.pseudonym(row)?, self.keys_of(row)?.map(|keys| keys.newest()));
        let line = |code: &str, why: String| StandingLine {
            pseudonym: pseudonym.clone(),
            key,
            standing: code.to_owned(),
            why,
            on_paper: false,
            purposes: Vec::new(),
            grant: None,
            until: None,
            days_left: None,
        };
        match self.spoke(row) {
            Ok(None) => Ok(line("none", "no key is enrolled, and nothing was witnessed".into())),
            Ok(Some(spoke)) if self.awaits_confirmation(row, &spoke)? => Ok(line(
                "suspended",
                "this clinic recovered from a loss; nothing counts before the newest receipt is shown, or staff confirm \
                 what is on paper"
                    .into(),
            )),
            Ok(Some(spoke)) => {
                let history = spoke.history();
                let standing = history.standing(now);
                let mut line = line(standing.code(), reason(&standing, &spoke, &history, now));
                line.on_paper = spoke.said.last().is_some_and(|(_, last)| last.witness.is_some());
                if let Standing::Granted(permit) = &standing {
                    let grant = permit.grant();
                    line.purposes = permit.purposes_left();
                    line.until = Some(grant.not_after);
                    line.days_left = Some(grant.not_after.since(now).0 / Millis::DAY.0);
                    line.grant = Some(grant.clone());
                }
                Ok(line)
            }
            Err(why @ (ClinicError::Document(_) | ClinicError::Enrolment(_) | ClinicError::Statement(_))) => {
                Ok(line("unreadable", format!("the papers do not hold, so nothing is allowed: {why}")))
            }
            Err(why) => Err(why),
        }
    }
}

fn reason(standing: &Standing<'_>, spoke: &Spoke, history: &History<'_>, now: Moment) -> String {
    let last = spoke.said.last().map(|(_, statement)| statement.made_at);
    let on = last.map_or_else(String::new, |at| format!(" on {at}"));
    let objected =
        if history.is_objected_to() { "; a key that was replaced objected, so the newest grants nothing" } else { "" };
    match standing {
        Standing::None => "a key is enrolled, and nothing was said".into(),
        Standing::Granted(permit) => format!("granted on {}{objected}", permit.statement().made_at),
        Standing::NotYet if history.grants_from() > now => {
            format!("a key was replaced; nothing counts before {}{objected}", history.grants_from())
        }
        Standing::NotYet => "the grant begins later".into(),
        Standing::Expired => "the grant is over".into(),
        Standing::Withdrawn => format!("withdrawn{on}{objected}"),
        Standing::Erased => format!("asked{on} for everything to be destroyed"),
        Standing::Contradictory(why) => format!("{why}; {}", why.remedy()),
    }
}
