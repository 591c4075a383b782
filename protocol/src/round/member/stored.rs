//! What of an attempt survives a restart: never a key that opens shares, never an opened share.

use std::collections::BTreeSet;
use std::fmt;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::Desk;
use crate::round::attempt::Attempt;
use crate::round::inquiry::Inquiry;
use crate::round::member::Sitting;
use crate::round::member::exchange::Heard;
use crate::round::member::stage::{CountKey, Noised, Seat, Stage};
use crate::round::message::Message;
use crate::sealed::OpeningKey;
use crate::share::CellShares;

/// The stored form of one attempt. Holds secrets once noised: keep it sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSitting {
    query: Digest,
    attempt: u8,
    coordinator: Principal,
    expires: Moment,
    stage: StoredStage,
    nonces: Vec<(Principal, Octets)>,
    said: Vec<(Principal, Message)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum StoredStage {
    Committed,
    Frozen { batch: Digest },
    Noised(Box<StoredNoised>),
    Spent,
    Voided,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredNoised {
    query: Envelope,
    study: Envelope,
    admitted_at: Moment,
    commitments: Vec<Envelope>,
    batch: Digest,
    opening_key: Octets,
    count_key: Octets,
    noised: Octets,
    operators_counted: u32,
}

impl fmt::Debug for StoredSitting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredSitting({} attempt {})", self.query, self.attempt)
    }
}

impl StoredSitting {
    fn new(key: (Digest, u8), coordinator: Principal, expires: Moment, stage: StoredStage) -> Self {
        Self { query: key.0, attempt: key.1, coordinator, expires, stage, nonces: Vec::new(), said: Vec::new() }
    }

    pub(super) fn committed(key: (Digest, u8), coordinator: Principal, expires: Moment) -> Self {
        Self::new(key, coordinator, expires, StoredStage::Committed)
    }

    pub(super) fn frozen(
        key: (Digest, u8),
        coordinator: Principal,
        expires: Moment,
        batch: Digest,
        nonces: &BTreeSet<(Principal, Vec<u8>)>,
    ) -> Self {
        let mut form = Self::new(key, coordinator, expires, StoredStage::Frozen { batch });
        form.nonces = octets(nonces);
        form
    }

    pub(super) fn voided(
        key: (Digest, u8),
        coordinator: Principal,
        expires: Moment,
        nonces: &BTreeSet<(Principal, Vec<u8>)>,
        said: &[(Principal, Message)],
    ) -> Self {
        let mut form = Self::new(key, coordinator, expires, StoredStage::Voided);
        form.nonces = octets(nonces);
        form.said = said.to_vec();
        form
    }

    pub(super) fn noised(key: (Digest, u8), noised: &Noised, said: &[(Principal, Message)]) -> Self {
        let query = noised.seat.inquiry.query();
        let stored = StoredNoised {
            query: query.envelope().clone(),
            study: noised.seat.inquiry.study().envelope().clone(),
            admitted_at: noised.seat.inquiry.admitted_at(),
            commitments: noised.seat.attempt.commitment_envelopes(),
            batch: noised.batch,
            opening_key: Octets(noised.opening_key.expose().to_vec()),
            count_key: Octets(noised.key.expose().to_vec()),
            noised: Octets(noised.noised.to_bytes()),
            operators_counted: noised.operators_counted,
        };
        let mut form = Self::new(key, query.coordinator, query.expires, StoredStage::Noised(Box::new(stored)));
        form.said = said.to_vec();
        form
    }

    pub(super) fn spent(
        key: (Digest, u8),
        coordinator: Principal,
        expires: Moment,
        said: &[(Principal, Message)],
    ) -> Self {
        let mut form = Self::new(key, coordinator, expires, StoredStage::Spent);
        form.said = said.to_vec();
        form
    }
}

/// A contribution as replay protection knows it.
type Seen = (Principal, Vec<u8>);

/// Takes up a stored form. Whatever was not noised yet comes back as lost: its keys are gone.
pub(super) fn revive<R: CryptoRng>(form: StoredSitting, desk: &Desk<'_, R>) -> ((Digest, u8), Vec<Seen>, Sitting) {
    let StoredSitting { query, attempt, coordinator, expires, stage, nonces, said } = form;
    let stage = match stage {
        StoredStage::Committed | StoredStage::Frozen { .. } => Stage::Lost,
        StoredStage::Noised(stored) => {
            noised(*stored, attempt, desk).map_or(Stage::Spent, |n| Stage::Noised(Box::new(n)))
        }
        StoredStage::Spent => Stage::Spent,
        StoredStage::Voided => Stage::Voided,
    };
    let seen = nonces.into_iter().map(|(who, nonce)| (who, nonce.0)).collect();
    ((query, attempt), seen, Sitting { coordinator, expires, stage, said, heard: Heard::default() })
}

/// A noised share that was kept. It is finished under the charter it began under, even if the study
/// has ended since. If that cannot be, nothing is left but to say again what was said, never to sign
/// void.
fn noised<R: CryptoRng>(stored: StoredNoised, number: u8, desk: &Desk<'_, R>) -> Option<Noised> {
    let inquiry = Inquiry::resume(&stored.query, &stored.study, desk.chain, stored.admitted_at).ok()?;
    let attempt = Attempt::admit(&inquiry, number, &stored.commitments).ok()?;
    let place = attempt.place_of(&desk.me())?;
    let noised = CellShares::from_bytes(&stored.noised.0, inquiry.plan().cell_count()).ok()?;
    let [opening, counts]: [[u8; 32]; 2] = [stored.opening_key.0.try_into().ok()?, stored.count_key.0.try_into().ok()?];
    Some(Noised {
        seat: Seat { inquiry, attempt, place },
        batch: stored.batch,
        opening_key: OpeningKey::from_bytes(Zeroizing::new(opening)),
        key: CountKey::from_bytes(Zeroizing::new(counts)),
        noised,
        operators_counted: stored.operators_counted,
    })
}

fn octets(nonces: &BTreeSet<(Principal, Vec<u8>)>) -> Vec<(Principal, Octets)> {
    nonces.iter().map(|(who, nonce)| (*who, Octets(nonce.clone()))).collect()
}
