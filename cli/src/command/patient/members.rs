//! Other members of the federation, whom a patient asks about the clinic, or tells.

use std::path::{Path, PathBuf};

use clap::Args;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::limits::QUERY_LIFETIME_MAX;
use sumac_protocol::moment::Millis;
use sumac_protocol::principal::Principal;

use super::clinic::Site;
use crate::failure::Failure;
use crate::{files, show};

/// Whom to ask beside the clinic.
#[derive(Debug, Args)]
pub(crate) struct MembersArgs {
    /// Where another member of the federation hears patients. Given twice: one alone could be in league with the clinic.
    #[arg(long = "member", value_name = "URL")]
    members: Vec<String>,
    /// The federation's charter: members are then held to be who it says they are, of different operators, and to sit on
    /// a committee.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
}

/// A member.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) key: Principal,
    pub(super) site: Site,
}

/// Whom a patient named, as far as they could be reached.
#[derive(Default)]
pub(super) struct Met {
    /// They are there, and may be asked about the clinic.
    pub(super) members: Vec<Member>,
    /// They are not, and why.
    pub(super) missing: Vec<Failure>,
    /// How long after its selection a contribution is uploaded at most: the life of a query under the charter.
    pub(super) longest: Option<Millis>,
}

impl Met {
    /// How long after its selection a contribution is uploaded at most. Without a charter, what any charter may say.
    pub(super) fn longest(&self) -> Millis {
        self.longest.unwrap_or(QUERY_LIFETIME_MAX)
    }
}

impl MembersArgs {
    /// What can be told before anybody is asked: one alone is refused, and so is the same address twice.
    pub(super) fn check(&self) -> Result<Option<CharterChain>, Failure> {
        let mut urls: Vec<&str> = self.members.iter().map(|url| url.trim_end_matches('/')).collect();
        if urls.len() == 1 {
            return Err(Failure::usage("one member alone could be in league with the clinic", TWO));
        }
        urls.sort_unstable();
        if let Some(url) = urls.windows(2).find_map(|pair| pair.first().filter(|url| pair.last() == Some(url))) {
            return Err(Failure::usage(format!("{url} was named twice"), TWO));
        }
        self.charter.as_deref().map(files::chain).transpose()
    }

    /// Finds the members. One that does not answer keeps nobody from asking the others; one that is the clinic, or another
    /// that was named, or its operator's, says nothing that the clinic could not say itself, and is refused.
    pub(super) fn meet(
        &self,
        chain: Option<&CharterChain>,
        clinic: &Principal,
        ca: Option<&Path>,
    ) -> Result<Met, Failure> {
        let charter = chain.map(|chain| &**chain.current());
        let longest = charter.map(|charter| charter.policy.query_lifetime_max());
        let mut met = Met { longest, ..Met::default() };
        for url in &self.members {
            let member = match Member::at(url, ca) {
                Ok(member) => member,
                Err(why) => {
                    met.missing.push(why.about("a member cannot be asked"));
                    continue;
                }
            };
            member.is_not(clinic)?;
            if met.members.iter().any(|other| other.key == member.key) {
                return Err(Failure::usage(format!("{} was named twice", member.name), TWO));
            }
            if let Some(charter) = charter {
                member.sits_apart(charter, clinic, &met.members)?;
            }
            met.members.push(member);
        }
        Ok(met)
    }
}

impl Member {
    /// Asks who is there. Whether that is a committee member is for the charter to say.
    pub(super) fn at(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        let site = Site::new(url, ca)?;
        let about = site.about()?;
        Ok(Self { name: about.name, key: about.clinic, site })
    }

    /// The clinic itself is no witness of what it does.
    pub(super) fn is_not(&self, clinic: &Principal) -> Result<(), Failure> {
        if self.key != *clinic {
            return Ok(());
        }
        let says = format!("at {} is your own clinic, {clinic}", self.site.url);
        Err(Failure::refused("member-is-clinic", &says, "give the address of another member".into()))
    }

    /// On a committee of this charter, and of another operator than the clinic and whoever was named before.
    fn sits_apart(&self, charter: &Charter, clinic: &Principal, others: &[Self]) -> Result<(), Failure> {
        let operator = |key: &Principal| charter.member(key).map(|member| member.operator.as_str());
        if !charter.committees.iter().any(|committee| committee.contains(&self.key)) {
            let says = format!("{} ({}) sits on no committee of this charter", self.name, self.key);
            return Err(Failure::refused("no-committee-member", &says, TWO.into()));
        }
        let mut apart = others.iter().map(|other| &other.key).chain([clinic]);
        let Some(same) = apart.find(|other| operator(other).is_some() && operator(other) == operator(&self.key)) else {
            return Ok(());
        };
        let run = show::one_line(operator(same).unwrap_or_default());
        let whose = if same == clinic { "your clinic" } else { "another that was named" };
        let says = format!("{} is run by {run}, as {whose} is: the two are one", self.name);
        Err(Failure::refused("same-operator", &says, TWO.into()))
    }
}

/// What to do where fewer than two would be asked.
const TWO: &str =
    "give --member with the addresses of two different members; the charter and the clinic's site list them";
