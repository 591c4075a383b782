//! Who is in, who is out, and why: read from statements alone, without a look at any record.

use serde::{Deserialize, Serialize};
use sumac_protocol::document::consent::{Grant, Standing, Statement, standing};
use sumac_protocol::envelope::Verified;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;

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
    /// does not hold, which allows nothing either.
    pub standing: String,
    /// The reason in words.
    pub why: String,
    /// Whether the statement that decides is on paper.
    pub on_paper: bool,
    /// What the grant is for, as DUO codes; empty where none is in force.
    pub purposes: Vec<String>,
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
            until: None,
            days_left: None,
        };
        if key.is_none() {
            return Ok(line("none", "no key is enrolled, and nothing was witnessed".into()));
        }
        match self.said(row) {
            Ok((grants_from, said)) => {
                let standing = standing(&said, now);
                let why = reason(&standing, &said, grants_from, now);
                let code = if grants_from > now && matches!(standing, Standing::Granted(_)) {
                    "not_yet"
                } else {
                    standing.code()
                };
                let mut line = line(code, why);
                line.on_paper = said.last().is_some_and(|last| last.witness.is_some());
                if let Standing::Granted(permit) = &standing {
                    let Grant { purposes, not_after, .. } = permit.grant();
                    line.purposes.clone_from(purposes);
                    line.until = Some(*not_after);
                    line.days_left = Some(not_after.since(now).0 / Millis::DAY.0);
                }
                Ok(line)
            }
            Err(why @ (ClinicError::Document(_) | ClinicError::Enrolment(_) | ClinicError::Statement(_))) => {
                Ok(line("unreadable", format!("the papers do not hold, so nothing is allowed: {why}")))
            }
            Err(why) => Err(why),
        }
    }

    /// What an enrolled patient said, and from when on the key may grant.
    pub(super) fn said(&self, row: Row) -> Result<(Moment, Vec<Verified<Statement>>), ClinicError> {
        let Some(noteds) = self.noteds(row)? else { return Ok((Moment(0), Vec::new())) };
        let enrolment = self.read_enrolment(&noteds)?;
        let said = self.statements(row, &noteds.keys()?)?;
        Ok((noteds.grants_from(&enrolment), said.into_iter().map(|(_, statement)| statement).collect()))
    }
}

fn reason(standing: &Standing<'_>, said: &[Verified<Statement>], grants_from: Moment, now: Moment) -> String {
    let last = said.last().map(|statement| statement.made_at);
    let on = last.map_or_else(String::new, |at| format!(" on {at}"));
    match standing {
        Standing::None => "a key is enrolled, and nothing was said".into(),
        Standing::Granted(_) if grants_from > now => {
            format!("a lost key was replaced; nothing counts before {grants_from}")
        }
        Standing::Granted(permit) => format!("granted on {}", permit.statement().made_at),
        Standing::NotYet => "the grant begins later".into(),
        Standing::Expired => "the grant is over".into(),
        Standing::Withdrawn => format!("withdrawn{on}"),
        Standing::Erased => format!("asked{on} for everything to be destroyed"),
        Standing::Contradictory(why) => format!("{why}; {}", why.remedy()),
    }
}
