//! What a patient keeps beside the key file: statements with their receipts, the newest head, and evidence.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{LedgerError, Receipt, TwoTrees};
use sumac_protocol::principal::Principal;

use super::key_file::PatientKey;
use crate::failure::Failure;
use crate::files;

/// The folder beside a key file. Every file in it is written whole or not at all.
pub(super) struct Kept {
    folder: PathBuf,
}

/// A statement with its receipt. One that was made on another machine is known by its receipt only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptReceipt {
    /// The statement as it was signed.
    pub(super) statement: Option<Envelope>,
    /// What the clinic gave for it.
    pub(super) receipt: Receipt,
}

impl KeptReceipt {
    /// The statement's digest: of the statement itself, where it is at hand.
    pub(super) fn digest(&self) -> Digest {
        self.statement.as_ref().map_or(self.receipt.statement, Envelope::digest)
    }

    /// Holds the receipt to the clinic's key and to the statement beside it. Files in a folder can be changed.
    pub(super) fn check(&self, clinic: &Principal) -> Result<Verified<TreeHead>, LedgerError> {
        self.receipt.check(clinic, &self.digest())
    }
}

/// A statement that was signed and has no receipt yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    /// The statement.
    pub(super) statement: Envelope,
}

/// A member's word that a sealed statement was handed to it, with what it takes to show what was in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptArrival {
    /// The statement.
    pub(super) statement: Envelope,
    /// The same as it was handed over, sealed.
    pub(super) sealed: sumac_protocol::octets::Octets,
    /// What the member signed.
    pub(super) arrival: Envelope,
}

impl Kept {
    /// What is kept beside a key. The folder is made when something is first kept.
    pub(super) fn beside(key: &PatientKey) -> Self {
        Self { folder: key.receipts() }
    }

    /// Keeps a statement before it is handed in.
    pub(super) fn wait(&self, statement: &Envelope) -> Result<(), Failure> {
        self.put(&waiting(&statement.digest()), &Waiting { statement: statement.clone() })
    }

    /// Keeps a receipt that was checked. The statement waits no more.
    pub(super) fn receive(&self, kept: &KeptReceipt) -> Result<(), Failure> {
        let statement = kept.receipt.statement;
        self.put(&format!("receipt-{:08}-{}.json", kept.receipt.position, start(&statement)), kept)?;
        let file = self.folder.join(waiting(&statement));
        match fs::remove_file(&file) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(Failure::file(&file, &why)),
            _ => Ok(()),
        }
    }

    /// Forgets a statement that the clinic refused: nobody need be told of it.
    pub(super) fn forget(&self, statement: &Envelope) {
        let gone = fs::remove_file(self.folder.join(waiting(&statement.digest())));
        gone.unwrap_or_else(|why| tracing::debug!(%why, "a refused statement stays"));
    }

    /// All receipts, in the order of the ledger.
    pub(super) fn receipts(&self) -> Result<Vec<KeptReceipt>, Failure> {
        self.all("receipt-")
    }

    /// All statements without a receipt.
    pub(super) fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        self.all("waiting-")
    }

    /// The newest head that was checked.
    pub(super) fn head(&self) -> Result<Option<Envelope>, Failure> {
        Ok(self.all("head.json")?.pop())
    }

    /// Keeps the newest head.
    pub(super) fn put_head(&self, head: &Envelope) -> Result<(), Failure> {
        self.put("head.json", head)
    }

    /// Keeps evidence, and says where.
    pub(super) fn put_evidence(&self, size: u64, evidence: &TwoTrees) -> Result<PathBuf, Failure> {
        let name = format!("evidence-two-trees-{size}.json");
        self.put(&name, evidence)?;
        Ok(self.folder.join(name))
    }

    /// Keeps a member's word, and says where.
    pub(super) fn put_arrival(&self, said: &Verified<Arrival>, kept: &KeptArrival) -> Result<PathBuf, Failure> {
        let name = format!("arrival-{}-{}.json", start(&kept.statement.digest()), start(&said.digest()));
        self.put(&name, kept)?;
        Ok(self.folder.join(name))
    }

    /// Everything that is kept under names that begin so, in the order of the names. Where nothing was ever kept there is
    /// nothing.
    fn all<T: DeserializeOwned>(&self, begins: &str) -> Result<Vec<T>, Failure> {
        let listed = match fs::read_dir(&self.folder) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(|why| Failure::file(&self.folder, &why))?,
        };
        let mut paths = Vec::new();
        for entry in listed {
            let path = entry.map_err(|why| Failure::file(&self.folder, &why))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with(begins) && name.ends_with(".json") {
                paths.push(path);
            }
        }
        paths.sort();
        let read = |path: &PathBuf| {
            serde_json::from_str(&files::read(path)?).map_err(|why| {
                let says = format!("{}: this cannot be read: {why}", path.display());
                let remedy = "put the file aside; `sumac patient receipts` fetches receipts again";
                Failure::refused("kept-file", &says, remedy.into())
            })
        };
        paths.iter().map(read).collect()
    }

    /// Writes a file beside its place and moves it there, so that a power cut leaves the old one or the new one. Only its
    /// owner may look into the folder: statements say what somebody allowed.
    fn put<T: Serialize>(&self, name: &str, what: &T) -> Result<(), Failure> {
        let failed = |why: std::io::Error| Failure::file(&self.folder.join(name), &why);
        let text = serde_json::to_string_pretty(what).map_err(|why| Failure::bug(why.to_string()))? + "\n";
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let mut fresh = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        fresh.write_all(text.as_bytes()).and_then(|()| fresh.as_file().sync_all()).map_err(failed)?;
        fresh.persist(self.folder.join(name)).map_err(|why| failed(why.error))?;
        fs::File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// The name of a statement that waits.
fn waiting(statement: &Digest) -> String {
    format!("waiting-{}.json", start(statement))
}

/// The beginning of a digest, which is enough to name a file.
fn start(digest: &Digest) -> String {
    digest.hex().chars().take(16).collect()
}
