//! One query, from announcement to release: the roles as state machines without I/O.
//!
//! Each role takes an [`Event`] and returns [`Effect`]s, in order. Whoever runs a role carries the
//! effects out one after the other: what is to be kept is durable before the next effect begins.
//! All retrying is the coordinator's: it says again whatever a node has not yet answered, and every
//! other role answers the same message with the same bytes.

pub mod attempt;
pub mod budget;
pub mod concern;
pub mod contributor;
pub mod coordinator;
pub mod inquiry;
pub mod member;
pub mod message;
pub mod progress;
pub mod quota;

use rand_core::CryptoRng;

use crate::charter_chain::CharterChain;
use crate::digest::Digest;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::plan::RawCells;
use crate::principal::{Principal, Signer};
use inquiry::Inquiry;
use message::{Message, Reply};

/// What happened, as a role is told.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete: whoever runs a role must produce every one of them")]
pub enum Event {
    /// A message came from an admitted peer.
    Message {
        /// The peer whose connection it came over.
        from: Principal,
        /// What it says.
        message: Message,
    },
    /// A peer is there, anew or again.
    Connected(Principal),
    /// Time has passed.
    Tick,
    /// The answer to [`Effect::Select`].
    Selected(Selection),
}

/// What is to be done, in this order.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete: whoever runs a role must carry out every one of them")]
pub enum Effect {
    /// Send to a peer. If it is not there the message is lost; the coordinator will ask again.
    Send {
        /// To whom; possibly this very node in another role.
        to: Principal,
        /// What.
        message: Message,
    },
    /// Keep a stored form under its id, durably, before any later effect.
    Keep {
        /// Whose it is.
        role: Role,
        /// Under which id; a later one replaces it.
        id: Digest,
        /// The stored form.
        form: Octets,
    },
    /// Forget a stored form that nothing will ask for again.
    Forget {
        /// Whose it is.
        role: Role,
        /// Its id.
        id: Digest,
    },
    /// Answer the message that caused this.
    Reply(Reply),
    /// Select the cohort, debit its patients durably, and come back with [`Event::Selected`].
    Select(Box<Order>),
    /// Close a query's entry on this clinic's books, durably.
    Settle {
        /// The query.
        query: Digest,
        /// How it ended.
        outcome: Outcome,
    },
    /// Something an operator should read.
    Note(String),
    /// Something every operator must hear of: a member of the federation lied, under its own signature.
    Alarm(String),
}

/// The roles that keep stored forms of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: each has its own place in the store")]
pub enum Role {
    /// Runs queries from announcement to release.
    Coordinator,
    /// Uploads that a coordinator holds, apart because they are large.
    CoordinatorUpload,
    /// Sums shares for others.
    Member,
    /// Contributes its own records.
    Contributor,
    /// What a committee member keeps of the clinics' consent ledgers.
    Watch,
}

impl Role {
    /// The number that names the role in the store.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Coordinator => 1,
            Self::CoordinatorUpload => 2,
            Self::Member => 3,
            Self::Contributor => 4,
            Self::Watch => 5,
        }
    }
}

/// What a clinic's node must know to select and debit.
#[derive(Debug, Clone)]
pub struct Order {
    /// The query, admitted.
    pub inquiry: Inquiry,
    /// The attempt, from 1. Above 1 only those selected before are taken, less those who have
    /// withdrawn since, and nothing is debited again.
    pub attempt: u8,
}

/// What selecting came to. On any failure the clinic still uploads, zeroes, so that nobody can
/// tell why it has nothing to say.
#[derive(Debug)]
pub struct Selection {
    /// The query.
    pub query: Digest,
    /// The attempt.
    pub attempt: u8,
    /// The contribution, or none.
    pub cells: Option<RawCells>,
    /// Salted commitment to the consent ledger's state.
    pub ledger: Digest,
    /// A public reason to give nothing at all: one that follows from signed parts alone, as a spent
    /// study does. Nothing was debited.
    pub declined: Option<progress::Refused>,
}

/// How a query ended for one clinic's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: the three ways an entry closes")]
pub enum Outcome {
    /// Answered, and this clinic's contribution counted: the debit stands.
    Released(Digest),
    /// Answered without this clinic's contribution: the debit is given back.
    NotCounted,
    /// Every attempt was void: the debit is given back.
    NoRelease,
}

/// What a role works with: the time, its key, the charter and randomness, all handed in.
pub struct Desk<'a, R> {
    /// The time now.
    pub now: Moment,
    /// This node's key.
    pub signer: &'a Signer,
    /// The charter in force.
    pub chain: &'a CharterChain,
    /// Randomness fit for keys.
    pub rng: &'a mut R,
    /// The newest counter of any signed message of this node, 0 if there never was one. Whoever runs the role makes a
    /// new one durable before anything that carries it leaves.
    pub counter: &'a mut u64,
    /// Seals a note to this node itself: where its journal stands now. Always of one size.
    pub note: &'a dyn Fn() -> Octets,
}

impl<R> std::fmt::Debug for Desk<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({:?} at {:?})", self.signer, self.now)
    }
}

impl<R: CryptoRng> Desk<'_, R> {
    /// The key this node is known by.
    #[must_use]
    pub fn me(&self) -> Principal {
        self.signer.principal()
    }

    /// A message number never used before: one more than the last, so that a second node with the same key, or one
    /// whose folder was set back, comes to a number that was used. The first of all is the time in milliseconds.
    pub fn next_counter(&mut self) -> u64 {
        *self.counter = if *self.counter == 0 { self.now.0 } else { self.counter.saturating_add(1) };
        *self.counter
    }
}
