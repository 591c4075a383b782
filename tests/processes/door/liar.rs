//! A clinic that lies to one patient, and honest members beside it, each behind a port of this machine. Everything that
//! it signs holds in itself: only what it signed at another time contradicts it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use serde_json::{Value, json};
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::ask::{Ask, AskedFor};
use sumac_protocol::document::consent::{History, Statement};
use sumac_protocol::document::last_seen::LastSeen;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::tree::{self, Nodes};
use sumac_protocol::ledger::{commitment, leaf};
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

use crate::rig::{SUMAC, text};

/// How a clinic treats the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Honest,
    /// Says that the patient withdrew, who did not, and that the next statement has a number that no document can carry.
    SaysWithdrawn,
    /// Refuses every statement.
    Refuses,
    /// Does not know the key when it is asked.
    KnowsNobody,
}

/// What the clinic holds, and what it says instead.
pub(crate) struct Books {
    pub(crate) mood: Mood,
    pub(crate) name: String,
    /// The ledger from which receipts are given.
    pub(crate) leaves: Vec<Digest>,
    /// Another ledger, which it proves instead once there is one.
    pub(crate) fork: Option<Vec<Digest>>,
    pub(crate) statements: Vec<Envelope>,
    /// Receipts that it gives for what nobody said.
    pub(crate) made_up: Vec<Value>,
    salts: BTreeMap<[u8; 32], [u8; 32]>,
    opening: Option<(Value, Digest)>,
    seen_at: Moment,
}

/// A folder, a patient's key, a clinic and two members.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
    books: Arc<Mutex<Books>>,
    pub(crate) clinic: String,
    pub(crate) members: [String; 2],
}

struct Leaves<'a>(&'a [Digest]);

impl Nodes for Leaves<'_> {
    type Error = Infallible;

    fn node(&mut self, level: u32, at: u64) -> Result<Digest, Infallible> {
        if level == 0 {
            return Ok(tree::leaf_hash(&self.0[usize::try_from(at).unwrap()]));
        }
        let (left, right) = (self.node(level - 1, 2 * at)?, self.node(level - 1, 2 * at + 1)?);
        Ok(tree::parent_hash(&left, &right))
    }
}

fn signer(seed: u8) -> Signer {
    Signer::from_seed(&Zeroizing::new([seed; 32]))
}

pub(crate) fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Moment(u64::try_from(since.as_millis()).unwrap())
}

impl Books {
    /// The leaf of a statement, or of 32 bytes that are none.
    pub(crate) fn leaf(&mut self, statement: &Digest) -> Digest {
        let fresh = u8::try_from(self.salts.len()).unwrap();
        leaf(self.salts.entry(statement.0).or_insert([fresh; 32]), statement)
    }

    /// The head of a ledger, signed now.
    pub(crate) fn head(leaves: &[Digest]) -> Envelope {
        let (clinic, size) = (signer(CLINIC).principal(), u64::try_from(leaves.len()).unwrap());
        let Ok(root) = tree::root(&mut Leaves(leaves), size);
        Envelope::sign(&TreeHead { clinic, size, root, made_at: now() }, &signer(CLINIC)).unwrap()
    }

    /// A receipt for 32 bytes at a position of a ledger.
    pub(crate) fn receipt(&self, statement: &Digest, leaves: &[Digest], position: usize) -> Value {
        let (at, size) = (u64::try_from(position).unwrap(), u64::try_from(leaves.len()).unwrap());
        let Ok(proof) = tree::inclusion(&mut Leaves(leaves), at, size);
        let salt = Octets(self.salts[&statement.0].to_vec());
        json!({ "statement": statement, "position": at, "salt": salt, "head": Self::head(leaves), "proof": proof.unwrap() })
    }

    /// A contribution that was selected under this head, and that the members saw at this moment.
    pub(crate) fn upload(&mut self, head: &Envelope, seen_at: Moment) {
        let committed = commitment(&[3; 32], &head.digest());
        self.opening = Some((json!({ "salt": Octets(vec![3; 32]), "head": head }), committed));
        self.seen_at = seen_at;
    }

    fn answer(&self, ask: &Ask) -> Value {
        let digests: Vec<Digest> = self.statements.iter().map(Envelope::digest).collect();
        if self.mood == Mood::KnowsNobody {
            return json!({ "unknown": true });
        }
        match ask.what {
            AskedFor::Status => json!({ "status": {
                "standing": if self.mood == Mood::SaysWithdrawn { "withdrawn" } else { "granted" },
                "granted": null, "statements": digests.len(), "newest": digests.last(), "next_sequence": if self.mood == Mood::Honest { digests.len() } else { 1 << 60 },
                "spent_year": 0, "at": now(),
            } }),
            AskedFor::Receipts => {
                let own = digests.iter().enumerate();
                let own = own.filter(|(at, digest)| {
                    self.leaves.get(*at).is_some_and(|have| *have == leaf(&self.salts[&digest.0], digest))
                });
                let own: Vec<Value> = own.map(|(at, digest)| self.receipt(digest, &self.leaves, at)).collect();
                let all = [own, self.made_up.clone()].concat();
                json!({ "receipts": all })
            }
            AskedFor::Record => {
                let said = |(at, signed): (usize, &Envelope)| json!({ "position": at, "says": body(signed), "document": signed });
                json!({ "record": {
                    "sumac_patient_export": 1, "clinic": ask.clinic, "charter": Digest([1; 32]), "pseudonym": "p",
                    "record": null, "enrolment": null, "key": ask.patient, "standing": "granted",
                    "statements": self.statements.iter().enumerate().map(said).collect::<Vec<_>>(), "uses": [], "spent": 0,
                } })
            }
            AskedFor::Next | AskedFor::Uses => json!({ "uses": [] }),
        }
    }

    fn clinic(&mut self, path: &str, asked: &Value) -> (u16, Value) {
        let envelope = || serde_json::from_value::<Envelope>(asked.clone()).unwrap();
        let proven = self.fork.clone().unwrap_or_else(|| self.leaves.clone());
        match path {
            "/v1/clinic" => (200, about(CLINIC, &self.name)),
            "/v1/challenges" => (200, json!({ "challenge": Octets(vec![9; 40]), "expires_at": 0 })),
            "/v1/asks" => {
                let signed = envelope();
                let ask = signed.claim::<Ask>().unwrap().verify_named(|ask| ask.patient).unwrap();
                let plain = self.answer(&ask).to_string();
                let mut rng = UnwrapErr(SysRng);
                let sealed =
                    ask.reply_to.seal(Label::PatientSeal, signed.digest().bytes(), plain.as_bytes(), &mut rng).unwrap();
                (200, json!({ "sealed": Octets(sealed) }))
            }
            "/v1/statements" if self.mood == Mood::Refuses => {
                (422, refusal("statement-future", "not now\nnor later\u{1b}[2J"))
            }
            "/v1/statements" => {
                let signed = envelope();
                let digest = signed.digest();
                if !self.statements.iter().any(|have| have.digest() == digest) {
                    self.statements.push(signed);
                    let leaf = self.leaf(&digest);
                    self.leaves.push(leaf);
                }
                (201, self.receipt(&digest, &self.leaves, self.leaves.len() - 1))
            }
            "/v1/ledger/growth" => {
                let old = head_in(asked);
                let size = u64::try_from(proven.len()).unwrap();
                let Ok(proof) = tree::consistency(&mut Leaves(&proven), old.size, size);
                (200, json!({ "head": Self::head(&proven), "proof": proof.unwrap_or_default() }))
            }
            "/v1/ledger/openings" => (200, self.opening.clone().unwrap().0),
            _ => (404, refusal("no-such-route", "?")),
        }
    }

    fn member(&self, seed: u8, path: &str) -> (u16, Value) {
        match path {
            "/v1/clinic" => (200, about(seed, if seed == HARBOUR { "Harbour" } else { "Ridge" })),
            "/v1/members/last-seen" => {
                let Some((_, committed)) = &self.opening else { return (404, refusal("nothing-seen", "-")) };
                let seen = LastSeen {
                    member: signer(seed).principal(),
                    clinic: signer(CLINIC).principal(),
                    query: Digest([5; 32]),
                    attempt: 1,
                    counter: 7,
                    ledger: *committed,
                    seen_at: self.seen_at,
                };
                (200, serde_json::to_value(Envelope::sign(&seen, &signer(seed)).unwrap()).unwrap())
            }
            _ => (404, refusal("no-such-route", "?")),
        }
    }
}

fn body(signed: &Envelope) -> Value {
    serde_json::to_value(&*read(signed)).unwrap()
}

/// A statement, as whoever holds it reads it.
pub(crate) fn read(signed: &Envelope) -> sumac_protocol::envelope::Verified<Statement> {
    signed.claim::<Statement>().unwrap().verify_named(|statement| statement.patient).unwrap()
}

fn head_in(asked: &Value) -> TreeHead {
    let signed: Envelope = serde_json::from_value(asked["head"].clone()).unwrap();
    (*signed.claim::<TreeHead>().unwrap().verify(&signer(CLINIC).principal()).unwrap()).clone()
}

fn about(seed: u8, name: &str) -> Value {
    json!({ "clinic": signer(seed).principal(), "name": name, "charter": Digest([1; 32]), "epoch": 1 })
}

fn refusal(code: &str, says: &str) -> Value {
    json!({ "code": code, "says": says, "remedy": "-" })
}

fn serve(answer: impl Fn(&str, &Value) -> (u16, Value) + Send + 'static) -> String {
    let listening = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listening.local_addr().unwrap());
    thread::spawn(move || listening.incoming().for_each(|stream| hear(stream.unwrap(), &answer)));
    url
}

fn hear(stream: TcpStream, answer: &impl Fn(&str, &Value) -> (u16, Value)) {
    let mut heard = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    heard.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        heard.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    heard.read_exact(&mut body).unwrap();
    let asked = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, said) = answer(first.split(' ').nth(1).unwrap_or_default(), &asked);
    let said = said.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        said.len()
    );
    heard.get_mut().write_all((head + &said).as_bytes()).unwrap();
}

impl Scene {
    /// An honest clinic, and a patient whom it knows.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.key"), [77; 32]).unwrap();
        std::fs::set_permissions(folder.path().join("own.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        let books = Arc::new(Mutex::new(Books {
            mood: Mood::Honest,
            name: "Mill".into(),
            leaves: Vec::new(),
            fork: None,
            statements: Vec::new(),
            made_up: Vec::new(),
            salts: BTreeMap::new(),
            opening: None,
            seen_at: Moment(0),
        }));
        let of = |books: &Arc<Mutex<Books>>| Arc::clone(books);
        let kept = of(&books);
        let clinic = serve(move |path, asked| kept.lock().unwrap().clinic(path, asked));
        let members = [HARBOUR, RIDGE].map(|seed| {
            let kept = of(&books);
            serve(move |path, _| kept.lock().unwrap().member(seed, path))
        });
        Self { folder, books, clinic, members }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("own.key")
    }

    /// The patient's program with the key: its exit, and everything that it says, on one line.
    pub(crate) fn patient(&self, words: &[&str]) -> (i32, String) {
        let (key, command) = (self.key(), words.first().copied().unwrap());
        let done =
            Command::new(SUMAC).args(["patient", command, "--key", text(&key)]).args(&words[1..]).output().unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
        (done.status.code().unwrap(), said.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The same at the clinic, with nobody asked.
    pub(crate) fn at(&self, words: &[&str]) -> (i32, String) {
        self.patient(&[words, &["--node", &self.clinic, "--yes"]].concat())
    }

    /// The same, which must do what it is asked.
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let (exit, said) = self.at(words);
        assert_eq!(exit, 0, "{words:?}: {said}");
        said
    }

    /// The receipts, with both members.
    pub(crate) fn watched(&self) -> (i32, String) {
        self.at(&["receipts", "--member", &self.members[0], "--member", &self.members[1]])
    }

    /// What is kept beside the key under names that begin so, read.
    pub(crate) fn kept(&self, begins: &str) -> Vec<(PathBuf, Value)> {
        let Ok(listed) = std::fs::read_dir(self.folder.path().join("own.key.receipts")) else { return Vec::new() };
        let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().starts_with(begins);
        let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).filter(|path| named(path)).collect();
        paths.sort();
        let read = |path: PathBuf| {
            let value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path, value)
        };
        paths.into_iter().map(read).collect()
    }

    /// Where the statements lead that the clinic took.
    pub(crate) fn standing(&self) -> &'static str {
        let said: Vec<_> = self.books().statements.iter().map(read).collect();
        let mut history = History::new();
        said.iter().for_each(|statement| history.append(statement));
        history.standing(Moment(now().0 + 60_000)).code()
    }
}

/// The clinic's key, which its node signs with.
pub(crate) fn clinic_key() -> Principal {
    signer(CLINIC).principal()
}

const CLINIC: u8 = 41;
const HARBOUR: u8 = 42;
const RIDGE: u8 = 43;
