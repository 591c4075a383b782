//! What a patient keeps beside the key file: statements with their receipts, the newest head, and evidence.
//!
//! The clinic chooses much of what is kept, so nothing that it chooses decides what is replaced: names carry whole
//! digests, and a receipt or a statement once kept is never overwritten.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Receipt, TwoTrees};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;

use super::key_file::PatientKey;
use super::said;
use crate::failure::Failure;
use crate::files;

/// The folder beside a key file. Every file in it is written whole or not at all.
pub(super) struct Kept {
    folder: PathBuf,
}

/// A statement with its receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptReceipt {
    /// The statement as it was signed.
    pub(super) statement: Envelope,
    /// What the clinic gave for it.
    pub(super) receipt: Receipt,
    /// When it was here, by this machine's clock: a moment that the clinic does not write.
    pub(super) received_at: Moment,
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
        let name = format!("waiting-{}.json", statement.digest().hex());
        self.put_once(&name, &Waiting { statement: statement.clone() })
    }

    /// Keeps a receipt that was checked, and says where. The statement waits no more. One that came over HTTP lies on one
    /// line with every other; one of the clinic's own machine is held against the others when they are checked next.
    pub(super) fn receive(&self, kept: &KeptReceipt) -> Result<PathBuf, Failure> {
        let statement = kept.receipt.statement;
        let name = format!("receipt-{:08}-{}.json", kept.receipt.position, statement.hex());
        self.put_once(&name, kept)?;
        self.forget(&statement)?;
        Ok(self.folder.join(name))
    }

    /// Keeps a receipt whose head is not shown to be of the ledger that is known. The statement goes on waiting.
    pub(super) fn doubt(&self, kept: &KeptReceipt, head: &TreeHead) -> Result<(), Failure> {
        self.put_once(&format!("doubtful-{}-{}.json", kept.receipt.statement.hex(), head.root.hex()), kept)
    }

    /// Lets go of a statement that waits, by its whole digest.
    pub(super) fn forget(&self, statement: &Digest) -> Result<(), Failure> {
        for (path, waiting) in self.all::<Waiting>("waiting-")? {
            if waiting.statement.digest() != *statement {
                continue;
            }
            match fs::remove_file(&path) {
                Err(why) if why.kind() != ErrorKind::NotFound => return Err(Failure::file(&path, &why)),
                _ => {}
            }
        }
        Ok(())
    }

    /// All receipts, in the order of the ledger.
    pub(super) fn receipts(&self) -> Result<Vec<KeptReceipt>, Failure> {
        let mut receipts: Vec<KeptReceipt> = self.every("receipt-")?;
        receipts.sort_by_key(|kept| kept.receipt.position);
        Ok(receipts)
    }

    /// All receipts whose heads were not shown to be of the ledger that is known.
    pub(super) fn doubtful(&self) -> Result<Vec<KeptReceipt>, Failure> {
        self.every("doubtful-")
    }

    /// All statements without a receipt, in the order in which they were signed.
    pub(super) fn waiting(&self) -> Result<Vec<Envelope>, Failure> {
        let waiting = self.every::<Waiting>("waiting-")?.into_iter();
        let mut waiting: Vec<Envelope> = waiting.map(|waiting| waiting.statement).collect();
        waiting.sort_by_key(|signed| said::read(signed).map(|statement| statement.made_at));
        Ok(waiting)
    }

    /// The newest head that was shown to continue every other.
    pub(super) fn head(&self) -> Result<Option<Envelope>, Failure> {
        Ok(self.every("head.json")?.pop())
    }

    /// Keeps the newest head.
    pub(super) fn put_head(&self, head: &Envelope) -> Result<(), Failure> {
        let at = self.folder.join("head.json");
        self.fresh(head)?.persist(&at).map_err(|why| Failure::file(&at, &why.error))?;
        self.synced()
    }

    /// Keeps evidence, and says where. The same twice is kept once.
    pub(super) fn put_evidence(&self, one: &TreeHead, other: &TreeHead, both: &TwoTrees) -> Result<PathBuf, Failure> {
        let (first, second) = (one.root.min(other.root).hex(), one.root.max(other.root).hex());
        let name = format!("evidence-two-trees-{}-{first}-{second}.json", one.size);
        self.put_once(&name, both)?;
        Ok(self.folder.join(name))
    }

    /// Keeps a member's word, and says where.
    pub(super) fn put_arrival(&self, said: &Verified<Arrival>, kept: &KeptArrival) -> Result<PathBuf, Failure> {
        let name = format!("arrival-{}-{}.json", kept.statement.digest().hex(), said.digest().hex());
        self.put_once(&name, kept)?;
        Ok(self.folder.join(name))
    }

    /// The clinic that a key is for: as its file says or, for a bare key, as the first statement that is kept says.
    pub(super) fn clinic_of(&self, key: &PatientKey) -> Result<Option<Principal>, Failure> {
        if key.clinic.is_some() {
            return Ok(key.clinic);
        }
        let waiting = self.waiting()?;
        let receipts = self.receipts()?;
        let mut signed = receipts.iter().map(|kept| &kept.statement).chain(&waiting);
        Ok(signed.find_map(said::read).map(|statement| statement.clinic))
    }

    /// Everything that is kept under names that begin so, in the order of the names.
    fn every<T: DeserializeOwned>(&self, begins: &str) -> Result<Vec<T>, Failure> {
        Ok(self.all(begins)?.into_iter().map(|(_, kept)| kept).collect())
    }

    /// Everything that is kept under names that begin so, with its place, in the order of the names. Where nothing was
    /// ever kept there is nothing.
    fn all<T: DeserializeOwned>(&self, begins: &str) -> Result<Vec<(PathBuf, T)>, Failure> {
        let listed = match fs::read_dir(&self.folder) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
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
        let read = |path: PathBuf| match serde_json::from_str(&files::read(&path)?) {
            Ok(kept) => Ok((path, kept)),
            Err(why) => {
                let says = format!("{}: this cannot be read: {why}", path.display());
                let remedy = "put the file aside; `sumac patient receipts` fetches receipts again";
                Err(Failure::refused("kept-file", &says, remedy.into()))
            }
        };
        paths.into_iter().map(read).collect()
    }

    /// Keeps something under a name that nothing has yet. What is there already stays as it is.
    fn put_once<T: Serialize>(&self, name: &str, what: &T) -> Result<(), Failure> {
        let at = self.folder.join(name);
        match self.fresh(what)?.persist_noclobber(&at) {
            Err(why) if why.error.kind() != ErrorKind::AlreadyExists => Err(Failure::file(&at, &why.error)),
            _ => self.synced(),
        }
    }

    /// A file that is written beside its place, to be moved there, so that a power cut leaves all of it or nothing. Only
    /// its owner may look into the folder: statements say what somebody allowed.
    fn fresh<T: Serialize>(&self, what: &T) -> Result<tempfile::NamedTempFile, Failure> {
        let failed = |why: std::io::Error| Failure::file(&self.folder, &why);
        let text = serde_json::to_string_pretty(what).map_err(|why| Failure::bug(why.to_string()))? + "\n";
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let mut fresh = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        fresh.write_all(text.as_bytes()).and_then(|()| fresh.as_file().sync_all()).map_err(failed)?;
        Ok(fresh)
    }

    /// Makes what was put into the folder, or taken out of it, outlast a power cut.
    fn synced(&self) -> Result<(), Failure> {
        let folder = fs::File::open(&self.folder).and_then(|folder| folder.sync_all());
        folder.map_err(|why| Failure::file(&self.folder, &why))
    }
}
