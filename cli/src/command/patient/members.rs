//! Other members of the federation, whom a patient asks about the clinic, or tells.

use std::path::{Path, PathBuf};

use clap::Args;
use sumac_node::door::AboutClinic;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{Action, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::admit_arrival;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;

use super::clinic::{KeyArgs, Site};
use super::kept::{Kept, KeptArrival};
use super::statements;
use crate::failure::Failure;
use crate::{files, keys, show};

/// Whom to ask beside the clinic.
#[derive(Debug, Args)]
pub(crate) struct MembersArgs {
    /// Where another member of the federation hears patients. Given twice: one alone could be in league with the clinic.
    #[arg(long = "member", value_name = "URL")]
    members: Vec<String>,
    /// The federation's charter: members are then held to be who it says they are, and to sit on a committee.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
}

/// A member.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) key: Principal,
    pub(super) site: Site,
}

impl MembersArgs {
    /// Finds the members. One alone is refused, and so is the same one twice.
    pub(super) fn meet(&self, ca: Option<&Path>) -> Result<Vec<Member>, Failure> {
        let two =
            "give --member with the addresses of two different members; the charter and the clinic's site list them";
        if self.members.len() == 1 {
            return Err(Failure::usage("one member alone could be in league with the clinic", two));
        }
        let chain = self.charter.as_deref().map(files::chain).transpose()?;
        let mut met: Vec<Member> = Vec::new();
        for url in &self.members {
            let member = Member::at(url, ca)?;
            if met.iter().any(|other| other.key == member.key) {
                return Err(Failure::usage(format!("{} was named twice", member.name), two));
            }
            if let Some(chain) = &chain {
                let seats = chain.current().committees.iter().any(|committee| committee.contains(&member.key));
                if !seats {
                    let says = format!("{} ({}) sits on no committee of this charter", member.name, member.key);
                    return Err(Failure::refused("no-committee-member", &says, two.into()));
                }
            }
            met.push(member);
        }
        Ok(met)
    }
}

impl Member {
    /// Asks who is there. Whether that is a committee member is for the charter to say.
    fn at(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        let site = Site::new(url, ca)?;
        let AboutClinic { clinic, name, .. } = site.get("/v1/clinic")?;
        Ok(Self { name, key: clinic, site })
    }
}

/// Withdraws where the clinic is not to be reached: leaves every statement that has no receipt, sealed for the clinic,
/// with another member, and keeps the member's signed word that it arrived. Where no withdrawal is among them, one is
/// signed first. The member hands them on once the clinic answers.
pub(super) fn hand_to(url: &str, key: &KeyArgs, ca: Option<&Path>, yes: bool) -> Result<(), Failure> {
    let key = key.open()?;
    let clinic = key.clinic.ok_or_else(|| {
        let remedy = "give the key file that the statement was signed with";
        Failure::refused("no-clinic", &"this key was never used with a clinic", remedy.into())
    })?;
    let kept = Kept::beside(&key);
    let member = Member::at(url, ca)?;
    if !kept.waiting()?.iter().any(|waiting| withdraws(&waiting.statement)) {
        statements::withdraw_unheard(&clinic, &key, &kept, yes)?;
    }
    for statement in kept.waiting()?.into_iter().map(|waiting| waiting.statement) {
        let sealed = sealed_for(&clinic, &statement)?;
        let wanted = serde_json::json!({ "clinic": clinic, "sealed": sealed });
        let arrival: Envelope = member.site.post("/v1/members/arrivals", &wanted)?;
        let said = admit_arrival(&arrival, &member.key, &clinic, &Digest::of_bytes(&sealed.0))
            .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        let at = said.arrived_at;
        let place = kept.put_arrival(&said, &KeptArrival { statement, sealed, arrival })?;
        show::line(&format!("{} signed that your statement arrived at {at}; its word is kept in", member.name));
        show::line(&format!("  {}", place.display()));
    }
    show::prose(HANDED_ON, "");
    Ok(())
}

/// Whether a statement of the patient's ends all that was allowed.
fn withdraws(statement: &Envelope) -> bool {
    let read = statement.claim::<Statement>().and_then(|claimed| claimed.verify_named(|said| said.patient));
    read.is_ok_and(|said| match &said.action {
        Action::Revoke(revoke) => revoke.purposes.is_none(),
        Action::Erase => true,
        Action::Grant(_) => false,
    })
}

/// The statement, sealed to the clinic's own node key.
fn sealed_for(clinic: &Principal, statement: &Envelope) -> Result<Octets, Failure> {
    let sealing = clinic.sealing_key().map_err(|why| Failure::bug(why.to_string()))?;
    let label = sumac_protocol::digest::Label::StatementSeal;
    let text = statement.to_json();
    let sealed = sealing.seal(label, clinic.bytes(), text.as_bytes(), &mut keys::system_random());
    sealed.map(Octets).map_err(|why| Failure::bug(why.to_string()))
}

/// What happens to what was left with a member.
const HANDED_ON: &str = "The member hands it on as soon as the clinic answers; nothing is left for you to do. `sumac \
                         patient receipts` fetches the clinic's receipt then.";
