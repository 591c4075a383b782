//! Charters and studies over the wire: whoever is behind asks its peers, and believes signatures only.
//!
//! Nodes name the digest of their charter when they meet. A node that does not know the other's asks for what came after
//! its own; what is valid goes the way of a charter that a person offered, so a looser one waits for a person here too.

use std::collections::BTreeSet;

use sumac_protocol::charter_chain::ChainError;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::study::Study;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::papers::{Ask, Told, charters_since, fitting};
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{Message, Reply, decode, encode};
use sumac_protocol::round::progress::Refused;

use super::{Node, node_key, principal};
use crate::home::HomeError;
use crate::network::{Answer, NodeKey};

/// What a peer told, for the loop to look at.
#[derive(Debug)]
pub(super) struct News {
    from: Principal,
    told: Told,
}

impl Node {
    /// A peer names another charter than this node. If it is an older one of the chain, the peer asks.
    pub(super) fn charter_differs(&self, peer: NodeKey, theirs: &[u8]) {
        let Some(peer) = principal(peer) else { return };
        let name = self.name(&peer);
        let chain = self.clinic.chain();
        if chain.epochs().any(|charter| charter.digest().0.as_slice() == theirs) {
            return tracing::info!(peer = %name, "a peer lives under an older charter; it has to follow");
        }
        let waiting = self.home.waiting().ok().flatten();
        if waiting.is_some_and(|chain| chain.current().digest().0.as_slice() == theirs) {
            return tracing::warn!(peer = %name, "a peer lives under the charter that waits for a person here");
        }
        tracing::info!(peer = %name, "a peer lives under a charter that is not known here; it is asked for it");
        // From the newest one known on, so that two different ones of one epoch are seen.
        self.ask_papers(peer, &Ask::Charters { since: chain.current().epoch.saturating_sub(1) });
    }

    /// Asks a member that just came for the studies that the charter lists and nobody told yet.
    pub(super) fn ask_for_studies(&self, member: Principal) {
        if !self.studies_wanted.is_empty() && self.check_member(&member).is_ok() {
            self.ask_papers(member, &Ask::Studies { digests: self.studies_wanted.iter().copied().collect() });
        }
    }

    /// Finds out which studies of the charter are not kept here.
    pub(super) fn look_for_studies(&mut self) -> Result<(), HomeError> {
        let chain = self.clinic.chain();
        let known: BTreeSet<Digest> = self.home.studies(chain)?.iter().map(Verified::digest).collect();
        let listed = chain.current().studies.iter().copied();
        self.studies_wanted = listed.filter(|digest| !known.contains(digest)).collect();
        Ok(())
    }

    /// The answer comes as news; none comes where the peer is gone.
    fn ask_papers(&self, peer: Principal, ask: &Ask) {
        let Ok(key) = node_key(&peer) else { return };
        let (network, told, bytes, name) = (self.network.clone(), self.told.clone(), encode(ask), self.name(&peer));
        tokio::spawn(async move {
            let answer = network.ask_papers(key, bytes).await.map_err(|why| why.to_string());
            match answer.and_then(|bytes| decode(&bytes).map_err(|why| why.to_string())) {
                Ok(answer) => {
                    // The loop has ended where nobody listens.
                    let _heard = told.send(News { from: peer, told: answer }).await.is_ok();
                }
                Err(why) => tracing::debug!(peer = %name, %why, "told nothing"),
            }
        });
    }

    /// Whoever is linked is told of charters, and members of studies.
    pub(super) fn asked_for_papers(&self, from: NodeKey, bytes: &[u8], answer: Answer) {
        let Some(from) = principal(from) else { return };
        let chain = self.clinic.chain();
        let told = match decode::<Ask>(bytes) {
            Ok(Ask::Charters { since }) => Told::Charters(charters_since(chain, since)),
            Ok(Ask::Studies { digests }) => match (self.check_member(&from), self.home.studies(chain)) {
                (Ok(()), Ok(studies)) => Told::Studies(those(&studies, &digests)),
                (Err(why), _) => Told::Refused(refused("papers-no-member", why.to_string())),
                (_, Err(why)) => Told::Refused(refused(why.code(), "this node cannot read its studies".into())),
            },
            Err(why) => Told::Refused(refused("unreadable", why.to_string())),
        };
        answer.reply(encode(&told));
    }

    /// A peer told something. What is wrong with it is logged; this node goes on as before.
    pub(super) fn news(&mut self, news: News) {
        let name = self.name(&news.from);
        match news.told {
            Told::Charters(newer) => self.told_charters(&name, &newer),
            Told::Studies(studies) => {
                for study in studies {
                    self.told_study(&name, &study);
                }
            }
            Told::Refused(why) => tracing::debug!(peer = %name, code = %why.code, says = %why.says, "told nothing"),
        }
    }

    fn told_charters(&mut self, name: &str, newer: &[Envelope]) {
        let mut chain = self.clinic.chain().clone();
        for charter in newer {
            match chain.extend(charter) {
                Ok(_) => {}
                Err(why @ ChainError::Fork { .. }) => {
                    tracing::error!(peer = %name, %why, "the stewards signed two futures; no new question is taken");
                    self.fork = Some(why.to_string());
                    return;
                }
                Err(why) => return tracing::warn!(peer = %name, %why, "told of a charter that does not hold"),
            }
        }
        match self.offered_chain(&chain) {
            Ok(_) => {}
            Err(why) => tracing::warn!(peer = %name, %why, "a charter is not taken into use"),
        }
    }

    /// Only what was asked for.
    fn told_study(&mut self, name: &str, study: &Envelope) {
        if !self.studies_wanted.contains(&study.digest()) {
            return;
        }
        match self.keep_study(study) {
            Ok(_) => tracing::info!(peer = %name, study = %study.digest(), "told of a study of the charter"),
            Err(why) => tracing::warn!(peer = %name, %why, "told of a study that is not kept"),
        }
    }

    /// Why a message begins nothing here: two charters of one epoch are signed, so nobody knows what holds.
    pub(super) fn forked(&self, message: &Message) -> Option<Reply> {
        let begins = matches!(message, Message::Submit { .. } | Message::Begin { .. } | Message::Announce(_));
        let says = self.fork.clone().filter(|_| begins)?;
        let remedy = "the stewards must say which of the two charters holds; until then nothing is answered";
        Some(Reply::Refused(Refused { code: "charter-fork".into(), says, remedy: remedy.into() }))
    }
}

/// The studies with these digests.
fn those(studies: &[Verified<Study>], digests: &[Digest]) -> Vec<Envelope> {
    fitting(studies.iter().filter(|study| digests.contains(&study.digest())).map(|study| study.envelope().clone()))
}

fn refused(code: &str, says: String) -> Refused {
    Refused { code: code.into(), says, remedy: "ask another member".into() }
}

/// What peers told and the loop did not look at yet.
pub(super) const NEWS_MAX: usize = 16;
