//! A researcher's side of the network: dial a hub, submit, follow, say goodbye.

use std::collections::BTreeSet;
use std::time::Duration;

use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::Member;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::budget::Budget;
use sumac_protocol::round::message::{Message, Reply, decode, encode};
use sumac_protocol::round::progress::{Progress, Refused};
use zeroize::Zeroizing;

use crate::network::{Inbox, Network, NetworkConfig, NetworkEvent, NodeKey, SendError, Timing};

/// A researcher's connection to the hub that coordinates a query.
#[derive(Debug)]
pub struct Asker {
    network: Network,
    inbox: Inbox,
    hub: NodeKey,
    name: String,
    connected: bool,
}

impl Asker {
    /// Dials a hub and waits until it has let this researcher in, for at most `patience`.
    ///
    /// # Errors
    /// [`AskError::Unreachable`], or [`AskError::OtherCharter`] if the hub lives under another charter.
    pub async fn connect(
        seed: Zeroizing<[u8; 32]>,
        hub: &Member,
        charter: Digest,
        patience: Duration,
    ) -> Result<Self, AskError> {
        let name = hub.name.clone();
        let unreachable = |why: String| AskError::Unreachable { hub: name.clone(), why };
        let key = NodeKey::from_bytes(*hub.key.bytes()).map_err(|why| unreachable(why.to_string()))?;
        let config = NetworkConfig {
            seed,
            listen: None,
            hubs: hub.addresses.iter().map(|address| (key, address.clone())).collect(),
            admitted: BTreeSet::new(),
            hello: charter.0.to_vec(),
            frame_tap: None,
            timing: Timing {
                backoff_min: Duration::from_millis(100),
                backoff_max: Duration::from_secs(2),
                ..Timing::default()
            },
        };
        let (network, inbox) = Network::start(config).await.map_err(|why| unreachable(why.to_string()))?;
        let mut asker = Self { network, inbox, hub: key, name: hub.name.clone(), connected: false };
        match tokio::time::timeout(patience, asker.admitted()).await {
            Ok(done) => done.map(|()| asker),
            Err(_) => {
                let name = asker.name.clone();
                asker.goodbye().await;
                let why = format!("no welcome within {} s", patience.as_secs());
                Err(AskError::Unreachable { hub: name, why })
            }
        }
    }

    async fn admitted(&mut self) -> Result<(), AskError> {
        while !self.connected {
            let event = self.inbox.next().await;
            self.note(event.as_ref())?;
        }
        Ok(())
    }

    fn note(&mut self, event: Option<&NetworkEvent>) -> Result<(), AskError> {
        match event {
            Some(NetworkEvent::Connected { .. }) => self.connected = true,
            Some(NetworkEvent::Disconnected { .. }) => self.connected = false,
            Some(NetworkEvent::CharterDiffers { .. }) => return Err(AskError::OtherCharter { hub: self.name.clone() }),
            Some(
                NetworkEvent::Listening { .. }
                | NetworkEvent::Received { .. }
                | NetworkEvent::Asked { .. }
                | NetworkEvent::StrangerRefused { .. },
            ) => {}
            None => return Err(AskError::Unreachable { hub: self.name.clone(), why: "the network stopped".into() }),
        }
        Ok(())
    }

    /// Submits a query. The same query again is never charged twice.
    ///
    /// # Errors
    /// [`AskError::Refused`] with the hub's own words, or [`AskError::Unreachable`].
    pub async fn submit(&mut self, query: &Envelope, study: &Envelope) -> Result<Progress, AskError> {
        self.ask(&Message::Submit { query: query.clone(), study: study.clone() }).await
    }

    /// Asks how far a query is.
    ///
    /// # Errors
    /// As [`Asker::submit`]. A hub that is away for a while comes back by itself: ask again.
    pub async fn follow(&mut self, query: Digest) -> Result<Progress, AskError> {
        self.ask(&Message::Follow { query }).await
    }

    /// Asks what a study has left, as this hub counts.
    ///
    /// # Errors
    /// [`AskError::Refused`] if the study is not in force or this key is none of its researchers', or
    /// [`AskError::Unreachable`].
    pub async fn budget(&mut self, study: &Envelope) -> Result<Budget, AskError> {
        match self.exchange(&Message::Budget { study: study.clone() }).await? {
            Reply::Budget(budget) => Ok(*budget),
            Reply::Refused(refused) => Err(AskError::Refused(refused)),
            Reply::Noted | Reply::Progress(_) => Err(self.says_nothing()),
        }
    }

    async fn ask(&mut self, message: &Message) -> Result<Progress, AskError> {
        match self.exchange(message).await? {
            Reply::Progress(progress) => Ok(*progress),
            Reply::Refused(refused) => Err(AskError::Refused(refused)),
            Reply::Noted | Reply::Budget(_) => Err(self.says_nothing()),
        }
    }

    fn says_nothing(&self) -> AskError {
        AskError::Unreachable { hub: self.name.clone(), why: "an answer that says nothing".into() }
    }

    async fn exchange(&mut self, message: &Message) -> Result<Reply, AskError> {
        let network = self.network.clone();
        let sent = network.send(self.hub, encode(message));
        tokio::pin!(sent);
        // What happens on the network meanwhile is read: behind an inbox that is full it stands still.
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut sent => break answer.map_err(|why| self.away(&why))?,
                event = self.inbox.next() => self.note(event.as_ref())?,
            }
        };
        decode(&answer).map_err(|why| AskError::Unreachable { hub: self.name.clone(), why: why.to_string() })
    }

    fn away(&self, why: &SendError) -> AskError {
        AskError::Unreachable { hub: self.name.clone(), why: why.to_string() }
    }

    /// Says goodbye to the hub.
    pub async fn goodbye(self) {
        let Self { network, inbox, .. } = self;
        drop(inbox);
        network.shutdown().await;
    }
}

/// The key a researcher is admitted under.
#[must_use]
pub fn principal_of(seed: &Zeroizing<[u8; 32]>) -> Principal {
    sumac_protocol::principal::Signer::from_seed(seed).principal()
}

/// Why a question could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The hub cannot be reached, or went away.
    #[error("the hub {hub} cannot be reached: {why}")]
    Unreachable {
        /// Its name.
        hub: String,
        /// Why.
        why: String,
    },
    /// The hub has another charter.
    #[error("the hub {hub} lives under another charter than the file given")]
    OtherCharter {
        /// Its name.
        hub: String,
    },
    /// The hub refuses.
    #[error("{}", .0.says)]
    Refused(Refused),
}

impl AskError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable { .. } => "hub-unreachable",
            Self::OtherCharter { .. } => "other-charter",
            Self::Refused(refused) => &refused.code,
        }
    }

    /// What the researcher can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Unreachable { .. } => "check the hub's address in the charter and that it is running; a submitted query can be taken up again with --resume".into(),
            Self::OtherCharter { .. } => "fetch the newest charter file from a steward".into(),
            Self::Refused(refused) => refused.remedy.clone(),
        }
    }
}
