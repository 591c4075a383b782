//! Whether the time of a reply at the patients' door tells a key that a clinic knows from one that it does not.
//! `cargo bench -p sumac --bench door_timing`.
//!
//! One real node, asked over loopback, one request after the other. In each round the same things are asked in the name
//! of a known and of an unknown key, in a random order, so that a noisy machine is as noisy to both. Of each pair it
//! prints the area under the ROC curve: how often a reply to the known key took longer than one to the unknown key, if
//! both are drawn at random. At 0.5 the time tells nothing; with 2,000 replies of each, chance alone reaches from 0.48
//! to 0.52. `SUMAC_BENCH_REQUESTS` says how many replies of each kind.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and ends at the first fault")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sumac_protocol::document::ask::{Ask, AskedFor};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Document;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::sealed::{OpeningKey, SealingKey};
use sumac_tests::processes::Setup;
use zeroize::Zeroizing;

fn main() {
    let replies = std::env::var("SUMAC_BENCH_REQUESTS").ok().map_or(2_000, |n| n.parse().unwrap());
    let mut federation = Setup::default().doors().build(env!("CARGO_BIN_EXE_sumac"));
    // One node alone: the others would only be noise.
    federation.restart('D');
    let granted = federation.patients('D').into_iter().filter(|line| line.standing == "granted");
    let known: Vec<Signer> = granted.map(|line| federation.signer(&line.pseudonym)).collect();
    let unknown: Vec<Signer> =
        (0..known.len()).map(|n| Signer::from_seed(&Zeroizing::new([u8::try_from(n).unwrap(); 32]))).collect();
    let clinic = federation.status('D').key;
    let mut asker = Asker { clinic, door: Door::at(&federation.door('D')), luck: StdRng::seed_from_u64(7) };
    let mut took = KINDS.map(|kind| (kind, [Vec::new(), Vec::new()]));
    for round in 0..replies + WARMING {
        let what = *ASKED.choose(&mut asker.luck).unwrap();
        let mut order: Vec<(usize, usize)> = (0..KINDS.len()).flat_map(|kind| [(kind, 0), (kind, 1)]).collect();
        order.shuffle(&mut asker.luck);
        for (kind, which) in order {
            let signer = if which == 0 { &known } else { &unknown }.choose(&mut asker.luck).unwrap();
            let micros = asker.ask(KINDS.get(kind).copied().unwrap(), what, signer);
            let (_, samples) = took.get_mut(kind).unwrap();
            if round >= WARMING {
                samples.get_mut(which).unwrap().push(micros);
            }
        }
    }
    println!("{replies} replies of each kind, {} known keys and as many unknown ones", known.len());
    for (kind, [known, unknown]) in took {
        println!("{}", told(kind, known, unknown));
    }
}

/// What is asked in the name of a key.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Challenge,
    Ask,
    AskSignedByAnother,
    StatementSignedByAnother,
}

const KINDS: [Kind; 4] = [Kind::Challenge, Kind::Ask, Kind::AskSignedByAnother, Kind::StatementSignedByAnother];

impl Kind {
    /// What it is called, the path it goes to, and the only status that it may end in, for either key.
    const fn facts(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::Challenge => ("a challenge", "/v1/challenges", 200),
            Self::Ask => ("an ask, signed by its key", "/v1/asks", 200),
            Self::AskSignedByAnother => ("an ask, signed by another", "/v1/asks", 401),
            Self::StatementSignedByAnother => ("a withdrawal, signed by another", "/v1/statements", 401),
        }
    }
}

/// Whoever asks.
struct Asker {
    clinic: Principal,
    door: Door,
    luck: StdRng,
}

impl Asker {
    /// Asks once, and gives back what the reply took, in microseconds. A challenge that is needed comes before.
    fn ask(&mut self, kind: Kind, what: AskedFor, signer: &Signer) -> u128 {
        let (clinic, patient) = (self.clinic, signer.principal());
        let body = match kind {
            Kind::Challenge => json!({ "key": patient }).to_string(),
            Kind::Ask => signed(&self.private(what, patient), signer),
            Kind::AskSignedByAnother => signed(&self.private(what, patient), &self.another()),
            Kind::StatementSignedByAnother => {
                let action = Action::Revoke(Revoke { purposes: None });
                let (made_at, sequence) = (Moment(1_790_000_000_000), self.luck.random_range(0..1_000));
                let statement = Statement { clinic, patient, sequence, previous: None, made_at, action, witness: None };
                signed(&statement, &self.another())
            }
        };
        let (_, path, status) = kind.facts();
        let (micros, heard, _) = self.door.post(path, &body);
        assert_eq!(heard, status, "{kind:?}");
        micros
    }

    fn private(&mut self, what: AskedFor, patient: Principal) -> Ask {
        let (_, _, body) = self.door.post("/v1/challenges", &json!({ "key": patient }).to_string());
        let challenge: Value = serde_json::from_slice(&body).unwrap();
        let challenge: Octets = serde_json::from_value(challenge.get("challenge").unwrap().clone()).unwrap();
        let reply_to: SealingKey = OpeningKey::from_bytes(Zeroizing::new([77; 32])).sealing_key().unwrap();
        Ask { clinic: self.clinic, patient, challenge, what, reply_to }
    }

    fn another(&mut self) -> Signer {
        Signer::from_seed(&Zeroizing::new(self.luck.random()))
    }
}

fn signed<D: Document>(document: &D, signer: &Signer) -> String {
    Envelope::sign(document, signer).unwrap().to_json()
}

/// One connection that is kept open, and made anew before the node gives it up.
struct Door {
    address: String,
    stream: BufReader<TcpStream>,
    since: Instant,
}

impl Door {
    fn at(url: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        Self { stream: connected(&address), address, since: Instant::now() }
    }

    /// Posts JSON; what it took from the first byte out to the last byte in, in microseconds, the status and the body.
    fn post(&mut self, path: &str, body: &str) -> (u128, u16, Vec<u8>) {
        if self.since.elapsed().as_secs() >= CONNECTION_SECONDS {
            *self = Self::at(&self.address);
        }
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let request = [head.as_bytes(), body.as_bytes()].concat();
        let began = Instant::now();
        self.stream.get_mut().write_all(&request).unwrap();
        let (mut line, mut status, mut length) = (String::new(), None, 0);
        while self.stream.read_line(&mut line).unwrap() > 2 {
            let lower = line.to_lowercase();
            status = status.or_else(|| line.split(' ').nth(1)?.parse().ok());
            if let Some(said) = lower.strip_prefix("content-length:") {
                length = said.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (began.elapsed().as_micros(), status.unwrap(), body)
    }
}

fn connected(address: &str) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// One pair in a line.
fn told(kind: Kind, mut known: Vec<u128>, mut unknown: Vec<u128>) -> String {
    known.sort_unstable();
    unknown.sort_unstable();
    let of = |all: &[u128], part: usize| all.get((all.len() - 1) * part / 100).copied().unwrap_or_default();
    let [one, two] = [&known, &unknown].map(|all| of(all, 50));
    let spread = of(&unknown, 75) - of(&unknown, 25);
    format!(
        "{:31}  AUC {:.3}  median known {one} µs, unknown {two} µs; the middle half of the unknown spreads over {spread} µs",
        kind.facts().0,
        auc(&known, &unknown)
    )
}

/// How often one of the first took longer than one of the second; a tie counts half. Both are sorted.
fn auc(first: &[u128], second: &[u128]) -> f64 {
    let halves: usize = first
        .iter()
        .map(|one| second.partition_point(|two| two < one) + second.partition_point(|two| two <= one))
        .sum();
    f64::from(u32::try_from(halves).unwrap()) / 2.0 / f64::from(u32::try_from(first.len() * second.len()).unwrap())
}

/// What a patient may ask for; answers of these fit the same size.
const ASKED: [AskedFor; 4] = [AskedFor::Status, AskedFor::Next, AskedFor::Receipts, AskedFor::Uses];
/// Rounds before it counts.
const WARMING: usize = 50;
/// For how long a connection is used: the node ends it after 90 seconds.
const CONNECTION_SECONDS: u64 = 60;
