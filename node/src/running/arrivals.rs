//! What a member holds for other clinics until they say that it has come: sealed, durable, bounded, and offered again at
//! a steady pace.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::document::delivery::Delivery;
use sumac_protocol::ledger::handed_over;
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{decode_stored, encode};

use super::RunError;
use super::witness::WitnessError;
use crate::store::{Entry, Store, StoreError};

/// Most bytes of something sealed that is taken in, or taken from a member.
pub const SEALED_BYTES_MAX: usize = 64 << 10;
/// Most arrivals that are held at once. Whoever comes then is refused, and can go to another member: what a word was
/// signed for is kept until the clinic has it.
pub const ARRIVALS_MAX: usize = 1_000;
/// Most of them for one clinic, so that a flood for one costs no other's patients anything.
const ARRIVALS_EACH: usize = 200;

/// What was taken in for clinics, the longest waiting first. What it is lies in the store alone.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    waiting: VecDeque<Waiting>,
    /// Nothing is offered before; none where something may have to be at once.
    idle_until: Option<Instant>,
}

/// One of them.
#[derive(Debug, Clone)]
struct Waiting {
    id: [u8; 32],
    clinic: Principal,
    /// How often it was offered in this life of the node.
    tries: u32,
    /// When it was offered last; none if not since the start, or since the clinic came back.
    offered: Option<Instant>,
}

/// What is to be offered now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) id: [u8; 32],
    pub(super) clinic: Principal,
    /// How often it was offered before: another way may be tried each time.
    pub(super) tries: u32,
}

/// Something sealed, as it is stored until it is handed on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredArrival {
    clinic: Principal,
    sealed: Octets,
    arrived_at: Moment,
}

impl Waiting {
    const fn new(id: [u8; 32], clinic: Principal) -> Self {
        Self { id, clinic, tries: 0, offered: None }
    }

    fn is_under_way(&self, now: Instant) -> bool {
        self.offered.is_some_and(|offered| now.saturating_duration_since(offered) < OFFERED_AGAIN)
    }
}

impl Arrivals {
    /// What an earlier life took in.
    pub(super) fn restore(store: &Store) -> Result<Self, RunError> {
        let read = |(id, body): (_, zeroize::Zeroizing<Vec<u8>>)| {
            let stored: StoredArrival =
                decode_stored(&body).map_err(|why| RunError::Form { role: "arrivals", why: why.to_string() })?;
            Ok(Waiting::new(id, stored.clinic))
        };
        let waiting = store.role_states(ARRIVALS)?.into_iter().map(read).collect::<Result<_, RunError>>()?;
        Ok(Self { waiting, idle_until: None })
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes something sealed in, durably, for as long as there is room, and answers when it came first.
    pub(super) fn take(
        &mut self,
        store: &Store,
        now: impl FnOnce() -> Moment,
        (clinic, sealed): (Principal, &[u8]),
    ) -> Result<Moment, WitnessError> {
        let got = sealed.len();
        if got == 0 || got > SEALED_BYTES_MAX {
            return Err(WitnessError::SealedSize { got });
        }
        let id = handed_over(&clinic, sealed).0;
        let held = store.role_state(ARRIVALS, &id)?;
        if let Some(held) = held.and_then(|body| decode_stored::<StoredArrival>(&body).ok()) {
            return Ok(held.arrived_at);
        }
        let waits = self.waiting.iter().filter(|waiting| waiting.clinic == clinic).count();
        if waits >= ARRIVALS_EACH || self.waiting.len() >= ARRIVALS_MAX {
            return Err(WitnessError::Full { held: self.waiting.len() });
        }
        let stored = StoredArrival { clinic, sealed: Octets(sealed.to_vec()), arrived_at: now() };
        store.append(vec![Entry::Role { role: ARRIVALS, id, body: Some(encode(&stored)) }])?;
        self.waiting.push_back(Waiting::new(id, clinic));
        self.idle_until = None;
        Ok(stored.arrived_at)
    }

    /// What is to be offered now, and counts as offered from then on: of each clinic at most [`AT_ONCE`] are under way,
    /// those first that were offered least often, so that none that a clinic never acknowledges holds up the others.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Due> {
        if self.waiting.is_empty() || self.idle_until.is_some_and(|until| now < until) {
            return Vec::new();
        }
        self.idle_until = Some(now + LOOKED_AGAIN);
        let mut room: BTreeMap<Principal, usize> = BTreeMap::new();
        for waiting in &self.waiting {
            let room = room.entry(waiting.clinic).or_insert(AT_ONCE);
            *room = room.saturating_sub(usize::from(waiting.is_under_way(now)));
        }
        let mut rest: Vec<&mut Waiting> = self.waiting.iter_mut().filter(|w| !w.is_under_way(now)).collect();
        rest.sort_by_key(|waiting| waiting.tries);
        let mut due = Vec::new();
        for waiting in rest {
            let Some(room) = room.get_mut(&waiting.clinic).filter(|room| **room > 0) else { continue };
            *room -= 1;
            due.push(Due { id: waiting.id, clinic: waiting.clinic, tries: waiting.tries });
            waiting.tries = waiting.tries.saturating_add(1);
            waiting.offered = Some(now);
        }
        due
    }

    /// A clinic is there again: what waits for it is offered at once, whenever it was offered last.
    pub(super) fn is_there(&mut self, clinic: &Principal) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.clinic == *clinic) {
            waiting.offered = None;
            self.idle_until = None;
        }
    }

    /// What this node says of one that it holds when it hands it on, and the sealed bytes; none if it is gone.
    pub(super) fn held(
        &self,
        store: &Store,
        member: Principal,
        id: &[u8; 32],
    ) -> Result<Option<(Arrival, Octets)>, RunError> {
        let Some(body) = store.role_state(ARRIVALS, id)? else { return Ok(None) };
        let StoredArrival { clinic, sealed, arrived_at } =
            decode_stored(&body).map_err(|why| RunError::Form { role: "arrivals", why: why.to_string() })?;
        let said = Arrival { member, clinic, sealed: Digest::of_bytes(&sealed.0), arrived_at };
        Ok(Some((said, sealed)))
    }

    /// Forgets what its own clinic says has come, durably. The word of another clinic takes nothing away, and neither
    /// does a word about what is not held. Answers whether anything was forgotten.
    pub(super) fn forget(&mut self, store: &Store, said: &Delivery) -> Result<bool, StoreError> {
        let place =
            self.waiting.iter().position(|waiting| waiting.id == said.handed.0 && waiting.clinic == said.clinic);
        let Some(place) = place else { return Ok(false) };
        store.append(vec![forgotten(said.handed.0)])?;
        self.waiting.remove(place);
        // The next in line need not wait.
        self.idle_until = None;
        Ok(true)
    }
}

fn forgotten(id: [u8; 32]) -> Entry {
    Entry::Role { role: ARRIVALS, id, body: None }
}

/// The store's number for what waits for other clinics: past those of the protocol's roles.
const ARRIVALS: u8 = 201;
/// Most arrivals that are under way to one clinic: a quarter of a megabyte.
const AT_ONCE: usize = 4;
/// After which time without an acknowledgement one is offered again.
const OFFERED_AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether one is to be offered again.
const LOOKED_AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use sumac_protocol::document::delivery::Delivery;
    use sumac_protocol::ledger::handed_over;
    use sumac_protocol::moment::Moment;
    use sumac_protocol::principal::{Principal, Signer};
    use tempfile::TempDir;
    use zeroize::Zeroizing;

    use super::{
        ARRIVALS, ARRIVALS_EACH, ARRIVALS_MAX, AT_ONCE, Arrivals, LOOKED_AGAIN, OFFERED_AGAIN, SEALED_BYTES_MAX,
    };
    use crate::store::{Store, StorePaths, UnlockSecret};

    const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([3; 32]);

    fn paths(root: &TempDir) -> StorePaths {
        StorePaths { dir: root.path().join("node"), keyring: root.path().join("keyring") }
    }

    fn clinic(number: u8) -> Principal {
        Signer::from_seed(&Zeroizing::new([number; 32])).principal()
    }

    #[test]
    fn what_is_handed_over_is_held_durably_with_its_first_moment() {
        let root = TempDir::new().unwrap();
        let store = Store::create(&paths(&root), &UNLOCK, Zeroizing::new([9; 32])).unwrap();
        let mut arrivals = Arrivals::default();
        let mut take = |store: &Store, to: Principal, sealed: &[u8], at: u64| {
            arrivals.take(store, || Moment(at), (to, sealed)).map_err(|why| why.code())
        };
        assert_eq!(take(&store, clinic(1), b"sealed", 5), Ok(Moment(5)));
        assert_eq!(take(&store, clinic(1), b"sealed", 9), Ok(Moment(5)), "the same again came when it came");
        assert_eq!(take(&store, clinic(2), b"sealed", 9), Ok(Moment(9)), "for another clinic it is something else");
        assert_eq!(take(&store, clinic(1), b"", 9), Err("sealed-size"));
        assert_eq!(take(&store, clinic(1), &vec![0; SEALED_BYTES_MAX + 1], 9), Err("sealed-size"));
        assert_eq!(take(&store, clinic(1), &vec![0; SEALED_BYTES_MAX], 10), Ok(Moment(10)));
        store.close().unwrap();
        let (store, _) = Store::open(&paths(&root), &UNLOCK).unwrap();
        let mut arrivals = Arrivals::restore(&store).unwrap();
        assert_eq!(arrivals.len(), 3);
        let again = arrivals.take(&store, || Moment(99), (clinic(2), b"sealed")).unwrap();
        assert_eq!((again, arrivals.len()), (Moment(9), 3));
    }

    #[test]
    fn what_was_signed_for_is_never_given_up_for_another_and_no_more_are_ever_held() {
        let (_root, store, mut arrivals) = holding(&[(clinic(1), b"a withdrawal")]);
        let most = u64::try_from(ARRIVALS_EACH).unwrap();
        for number in 1..most {
            arrivals.take(&store, || Moment(number), (clinic(1), &number.to_le_bytes())).unwrap();
        }
        let over = arrivals.take(&store, || Moment(9), (clinic(1), b"one more"));
        assert_eq!(over.map_err(|why| why.code()), Err("arrivals-full"));
        let again = arrivals.take(&store, || Moment(9), (clinic(1), b"a withdrawal")).unwrap();
        assert_eq!(again, Moment(1), "it is still there");
        assert_eq!(arrivals.take(&store, || Moment(9), (clinic(2), b"another clinic's")).unwrap(), Moment(9));
        for number in 0..u64::try_from(ARRIVALS_MAX).unwrap() {
            let clinic = clinic(3 + u8::try_from(number / most).unwrap());
            let taken = arrivals.take(&store, || Moment(9), (clinic, &number.to_le_bytes()));
            assert!(taken.is_ok() || arrivals.len() == ARRIVALS_MAX);
        }
        assert_eq!((store.role_states(ARRIVALS).unwrap().len(), arrivals.len()), (ARRIVALS_MAX, ARRIVALS_MAX));
    }

    fn holding(sealed: &[(Principal, &[u8])]) -> (TempDir, Store, Arrivals) {
        let root = TempDir::new().unwrap();
        let store = Store::create(&paths(&root), &UNLOCK, Zeroizing::new([9; 32])).unwrap();
        let mut arrivals = Arrivals::default();
        for (clinic, sealed) in sealed {
            arrivals.take(&store, || Moment(1), (*clinic, sealed)).unwrap();
        }
        (root, store, arrivals)
    }

    fn come(clinic: Principal, handed: sumac_protocol::digest::Digest) -> Delivery {
        Delivery { clinic, member: self::clinic(9), handed, delivered_at: Moment(7) }
    }

    #[test]
    fn one_is_offered_until_its_own_clinic_says_that_it_has_come_and_then_never_again() {
        let (root, store, mut arrivals) = holding(&[(clinic(1), b"one"), (clinic(2), b"two")]);
        let handed = handed_over(&clinic(1), b"one");
        for (why, word) in [
            ("another clinic's word about it", come(clinic(2), handed)),
            ("what is not held", come(clinic(1), handed_over(&clinic(1), b"two"))),
            ("the same bytes for another clinic", come(clinic(2), handed_over(&clinic(2), b"one"))),
        ] {
            assert!(!arrivals.forget(&store, &word).unwrap(), "{why}");
            assert_eq!(arrivals.len(), 2, "{why}");
        }
        assert!(arrivals.forget(&store, &come(clinic(1), handed)).unwrap());
        assert!(!arrivals.forget(&store, &come(clinic(1), handed)).unwrap(), "said again");
        store.close().unwrap();
        let (store, _) = Store::open(&paths(&root), &UNLOCK).unwrap();
        let mut arrivals = Arrivals::restore(&store).unwrap();
        let due = arrivals.due(Instant::now());
        assert_eq!(due.iter().map(|due| due.clinic).collect::<Vec<_>>(), [clinic(2)], "durably");
        let (said, sealed) = arrivals.held(&store, clinic(9), &due[0].id).unwrap().unwrap();
        assert_eq!(
            (said.clinic, said.member, said.arrived_at, sealed.0.as_slice()),
            (clinic(2), clinic(9), Moment(1), &b"two"[..])
        );
        assert!(arrivals.held(&store, clinic(9), &handed.0).unwrap().is_none());
    }

    #[test]
    fn each_is_offered_at_its_pace_a_few_at_once_and_none_holds_up_another() {
        let many: Vec<[u8; 1]> = (0..6).map(|number| [number]).collect();
        let for_one = many.iter().map(|sealed| (clinic(1), sealed.as_slice()));
        let (_root, store, mut arrivals) = holding(&for_one.chain([(clinic(2), &b"two"[..])]).collect::<Vec<_>>());
        let ids = |due: Vec<super::Due>| due.into_iter().map(|due| due.id).collect::<Vec<_>>();
        let start = Instant::now();
        let first = ids(arrivals.due(start));
        assert_eq!(first.len(), AT_ONCE + 1, "the other clinic's is not held up");
        assert_eq!(ids(arrivals.due(start)), Vec::<[u8; 32]>::new(), "nothing is offered twice at once");
        assert_eq!(ids(arrivals.due(start + LOOKED_AGAIN)), Vec::<[u8; 32]>::new(), "nor before its time");
        arrivals.forget(&store, &come(clinic(1), handed_over(&clinic(1), &many[0]))).unwrap();
        let next = ids(arrivals.due(start + LOOKED_AGAIN));
        assert_eq!(next, [handed_over(&clinic(1), &many[4]).0], "what has come makes room at once");
        let again = arrivals.due(start + OFFERED_AGAIN);
        let tries: Vec<u32> = again.iter().map(|due| due.tries).collect();
        assert_eq!(tries, [0, 1, 1, 1], "first what was never offered: {again:?}");
        arrivals.is_there(&clinic(2));
        arrivals.is_there(&clinic(3));
        assert_eq!(ids(arrivals.due(start + OFFERED_AGAIN)), [handed_over(&clinic(2), b"two").0], "it came back");
    }
}
