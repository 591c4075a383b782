//! The charter of a running node: it follows its chain by itself, and waits for a person where patients would be protected
//! less.

use std::collections::BTreeSet;
use std::sync::Arc;

use sumac_protocol::charter_chain::{ChainError, CharterChain, Extension};
use sumac_protocol::charter_changes::CharterChanges;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::study::{Study, admit_study};
use sumac_protocol::envelope::{DocumentError, Envelope};
use sumac_protocol::round::progress::Refused;

use super::{Node, RunError, node_key};
use crate::clinic::Clinic;
use crate::control::{CharterRequest, CharterResponse, Response};
use crate::home::{Home, HomeError};
use crate::network::NodeKey;

/// Why a running node does not take a charter or a study.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// It does not go on from the one in force.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// No study.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A charter that this node does not belong to.
    #[error("the charter of epoch {epoch} does not list this node")]
    NotListed {
        /// Its epoch.
        epoch: u64,
    },
    /// Nothing waits, or something else than the person looked at.
    #[error("the charter {charter} does not wait here")]
    NothingWaits {
        /// The one that was said yes to.
        charter: Digest,
    },
}

impl FollowError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Chain(why) => why.code(),
            Self::Document(why) => why.code(),
            Self::Home(why) => why.code(),
            Self::NotListed { .. } => "charter-without-us",
            Self::NothingWaits { .. } => "no-charter-waits",
        }
    }

    /// What whoever brought it can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Chain(why) => why.remedy(),
            Self::Document(why) => why.remedy(),
            Self::Home(why) => why.remedy(),
            Self::NotListed { .. } => {
                "ask the stewards to list it again; if it is meant to leave, stop the node".into()
            }
            Self::NothingWaits { .. } => "look again at what waits: `sumac node accept`".into(),
        }
    }
}

/// Why a chain that goes on from `ours` is taken into use on the word of a person only. Of several new charters each is
/// held against the one before, so that a loosening cannot hide between two.
#[must_use]
pub fn waits(ours: &CharterChain, newer: &CharterChain) -> Vec<String> {
    let from = ours.current().epoch;
    let steps = newer.epochs().zip(newer.epochs().skip(1)).filter(|(before, _)| before.epoch >= from);
    let mut why: Vec<String> =
        steps.flat_map(|(before, after)| CharterChanges::between(before, after).waits().to_vec()).collect();
    why.dedup();
    why
}

impl Node {
    /// Does what is asked about charters. The outer error is one of the node's own, and ends it.
    pub(super) fn about_charters(&mut self, request: CharterRequest) -> Result<Response, RunError> {
        let done = match request {
            CharterRequest::Offer { chain } => self.offered(&chain),
            CharterRequest::Waiting => self
                .home
                .waiting()
                .map(|waiting| {
                    let waiting =
                        waiting.filter(|chain| self.goes_on(chain).is_ok_and(|(_, step)| step == Extension::Added));
                    CharterResponse::Waiting(waiting.map(|chain| chain.to_json()))
                })
                .map_err(FollowError::from),
            CharterRequest::Accept { charter } => self.accepted(&charter),
            CharterRequest::KeepStudy(envelope) => self.keep_study(&envelope),
        };
        Ok(match done {
            Ok(answer) => Response::Charters(Box::new(answer)),
            Err(why) => {
                let (code, remedy) = (why.code().into(), why.remedy());
                Response::Refused(Refused { code, says: why.to_string(), remedy })
            }
        })
    }

    /// The chain in force with what is newer in another, and whether there is anything.
    fn goes_on(&self, newer: &CharterChain) -> Result<(CharterChain, Extension), FollowError> {
        let mut chain = self.clinic.chain().clone();
        let step = chain.follow(newer)?;
        let current = chain.current();
        if current.member(&self.me()).is_none() {
            return Err(FollowError::NotListed { epoch: current.epoch });
        }
        Ok((chain, step))
    }

    fn offered(&mut self, text: &str) -> Result<CharterResponse, FollowError> {
        self.offered_chain(&CharterChain::from_json(text)?)
    }

    /// The same whoever offers it: a person here, or a peer.
    pub(super) fn offered_chain(&mut self, newer: &CharterChain) -> Result<CharterResponse, FollowError> {
        let (chain, step) = self.goes_on(newer)?;
        let (epoch, charter) = (chain.current().epoch, chain.current().digest());
        if step == Extension::Known {
            return Ok(CharterResponse::InForce { epoch, charter, fresh: false });
        }
        let why = waits(self.clinic.chain(), &chain);
        if why.is_empty() {
            return self.take_into_use(chain);
        }
        self.home.put_waiting(&chain)?;
        tracing::warn!(epoch, ?why, "a charter waits for a person: `sumac node accept`");
        Ok(CharterResponse::Waits { epoch, charter, why })
    }

    fn accepted(&mut self, charter: &Digest) -> Result<CharterResponse, FollowError> {
        let waiting = self.home.waiting()?.filter(|chain| chain.current().digest() == *charter);
        let waiting = waiting.ok_or(FollowError::NothingWaits { charter: *charter })?;
        let (chain, _) = self.goes_on(&waiting)?;
        self.take_into_use(chain)
    }

    /// From here on this charter counts, also for whoever starts the node again. Rounds end under the charter that they
    /// began under, which is still in the chain.
    fn take_into_use(&mut self, chain: CharterChain) -> Result<CharterResponse, FollowError> {
        let admitted = admitted(&self.home, &chain)?;
        self.home.put_charter(&chain)?;
        self.home.nothing_waits();
        let (epoch, charter) = (chain.current().epoch, chain.current().digest());
        tracing::info!(epoch, %charter, "another charter is in force");
        if let Some(nameplate) = &self.nameplate {
            nameplate.put(self.me(), &chain);
        }
        let (store, clock) = (Arc::clone(self.clinic.store()), Arc::clone(&self.clock));
        // Nobody waits for the other's end: it is no more than a few hundred signatures away.
        drop(self.leave_consents());
        self.clinic = Arc::new(Clinic::new(store, chain, clock));
        self.read_consents();
        self.look_for_studies()?;
        let network = self.network.clone();
        tokio::spawn(async move {
            network.replace_admitted(admitted).await;
            if let Err(why) = network.replace_hello(charter.0.to_vec()).await {
                tracing::error!(%why, "peers are not told of the charter; start the node again");
            }
        });
        Ok(CharterResponse::InForce { epoch, charter, fresh: true })
    }

    pub(super) fn keep_study(&mut self, envelope: &Envelope) -> Result<CharterResponse, FollowError> {
        let _claimed = envelope.claim::<Study>()?;
        self.home.put_study(envelope)?;
        let chain = self.clinic.chain();
        let outside = admit_study(envelope, chain).err().map(|why| why.to_string());
        if outside.is_none() {
            let (network, admitted) = (self.network.clone(), admitted(&self.home, chain)?);
            tokio::spawn(async move { network.replace_admitted(admitted).await });
        }
        self.look_for_studies()?;
        Ok(CharterResponse::StudyKept(outside))
    }
}

/// Whoever is heard under this charter: its members, and the researchers of the studies in force. A key that no network
/// identity can be made of is left out, and said.
fn admitted(home: &Home, chain: &CharterChain) -> Result<BTreeSet<NodeKey>, HomeError> {
    let members = chain.current().members.iter().map(|member| member.key);
    let researchers = home.studies(chain)?.into_iter().flat_map(|study| study.researchers.clone());
    let usable = members.chain(researchers).filter_map(|key| match node_key(&key) {
        Ok(key) => Some(key),
        Err(why) => {
            tracing::warn!(%why, "a key of the charter is not heard");
            None
        }
    });
    Ok(usable.collect())
}
