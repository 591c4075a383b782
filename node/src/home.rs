//! A node's folder: where everything lies, and what its operator set.

mod changed;
mod unlocking;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::study::{Study, admit_study};
use sumac_protocol::envelope::{Envelope, Verified};

pub use changed::Changed;

use crate::approval::{ApprovalPolicy, Decisions};
use crate::store::StorePaths;

/// A node's folder.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
}

/// `node.toml`: what the operator sets. Paths are as given or relative to the node's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where hubs accept connections, as a multiaddress like `/ip4/0.0.0.0/tcp/4800`. Clinics that
    /// only dial out leave it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// The keyring file. Best on a medium of its own, outside images and backups of the folder.
    pub keyring: PathBuf,
    /// A file of 32 secret bytes that opens the keyring. It must not lie on the disk it protects.
    /// Left away, a passphrase is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock_key_file: Option<PathBuf>,
    /// For auditors: a file to which every outgoing frame is written before it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_log: Option<PathBuf>,
    /// Shortest pause before a hub is dialled again, in milliseconds. Default 1,000.
    #[serde(default = "Settings::default_redial_min_ms")]
    pub redial_min_ms: u64,
    /// Where patients' own programs are heard over HTTP, as `127.0.0.1:4880`. Left away, nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<SocketAddr>,
    /// The certificate, with those above it, in PEM: then patients are heard over TLS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients_cert: Option<PathBuf>,
    /// The certificate's secret key, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients_key: Option<PathBuf>,
    /// Whether a proxy of the clinic's own stands before the patients' door, ends TLS there and says in
    /// `X-Forwarded-For` whom it speaks for. Only then other addresses than this machine's own may do without
    /// a certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub patients_behind_proxy: bool,
    /// Whether a person of the clinic decides before it contributes: to no query, once for each study, or to each query.
    /// Default `auto`, to none.
    #[serde(default, skip_serializing_if = "is_auto")]
    pub approval: ApprovalPolicy,
    /// How many requests a minute one address, and one key, may make of the patients' door. Default 240.
    #[serde(default = "Settings::default_patients_per_minute")]
    pub patients_per_minute: u32,
    /// The name of a credential of the service manager that opens the keyring, in `$CREDENTIALS_DIRECTORY`: as an
    /// `unlock_key_file`, and in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock_credential: Option<String>,
    /// Where metrics and health are heard, over HTTP, on this machine alone, as `127.0.0.1:9480`. Left away, nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
    /// How much is logged, as a filter of the crate `tracing-subscriber`; the variable `SUMAC_LOG` goes before. Default
    /// [`Settings::LOG`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Whether each line of the log is a JSON object. Default: words.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log_json: bool,
}

impl Settings {
    /// What is logged where nobody says otherwise: what this node does, and what is wrong in libraries.
    pub const LOG: &'static str = "sumac_node=info,warn";

    /// The default of [`Settings::redial_min_ms`].
    #[must_use]
    pub const fn default_redial_min_ms() -> u64 {
        1_000
    }

    /// The default of [`Settings::patients_per_minute`]: a household's programs, or those of a waiting room behind one
    /// address, and no search through keys.
    #[must_use]
    pub const fn default_patients_per_minute() -> u32 {
        240
    }
}

impl Default for Settings {
    /// A node that only dials out, asks for its passphrase, and hears no patients.
    fn default() -> Self {
        Self {
            listen: None,
            keyring: PathBuf::from("keyring.sealed"),
            unlock_key_file: None,
            frame_log: None,
            redial_min_ms: Self::default_redial_min_ms(),
            patients: None,
            patients_cert: None,
            patients_key: None,
            patients_behind_proxy: false,
            approval: ApprovalPolicy::Auto,
            patients_per_minute: Self::default_patients_per_minute(),
            unlock_credential: None,
            metrics: None,
            log: None,
            log_json: false,
        }
    }
}

fn is_auto(policy: &ApprovalPolicy) -> bool {
    *policy == ApprovalPolicy::Auto
}

impl Home {
    /// The home in this folder, which need not exist yet.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The control socket.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.dir.join("control.sock")
    }

    /// The charter chain's file.
    #[must_use]
    pub fn charter_file(&self) -> PathBuf {
        self.dir.join(CHARTER)
    }

    /// Where the store lies.
    #[must_use]
    pub fn store_paths(&self, settings: &Settings) -> StorePaths {
        StorePaths { dir: self.dir.join("store"), keyring: self.resolve(&settings.keyring) }
    }

    /// A path from the settings.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        if path.is_absolute() { path.to_owned() } else { self.dir.join(path) }
    }

    /// Makes the folder with its settings. Refuses one that already has settings.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn create(&self, settings: &Settings) -> Result<(), HomeError> {
        let file = self.dir.join(SETTINGS);
        if file.exists() {
            return Err(HomeError::AlreadyThere { dir: self.dir.clone() });
        }
        let text = toml::to_string_pretty(settings)
            .map_err(|why| HomeError::Settings { file: file.clone(), why: why.to_string() })?;
        fs::create_dir_all(self.dir.join(STUDIES)).map_err(|why| HomeError::io(&self.dir, &why))?;
        fs::write(&file, text).map_err(|why| HomeError::io(&file, &why))
    }

    /// Puts settings in place of those before.
    ///
    /// # Errors
    /// [`HomeError`]; then those before stay.
    pub fn put_settings(&self, settings: &Settings) -> Result<(), HomeError> {
        let text = toml::to_string_pretty(settings)
            .map_err(|why| HomeError::Settings { file: self.dir.join(SETTINGS), why: why.to_string() })?;
        self.replace(SETTINGS, &text)
    }

    /// Puts a text in the place of a file: whoever reads it meanwhile, or after a power cut, has the old one or the new one.
    fn replace(&self, name: &str, text: &str) -> Result<(), HomeError> {
        let (file, fresh) = (self.dir.join(name), self.dir.join(format!("{name}.new")));
        let written = fs::write(&fresh, text).and_then(|()| fs::File::open(&fresh)?.sync_all());
        let replaced =
            written.and_then(|()| fs::rename(&fresh, &file)).and_then(|()| fs::File::open(&self.dir)?.sync_all());
        replaced.map_err(|why| HomeError::io(&file, &why))
    }

    /// What a backup needs beside the store: settings, charter and studies, by name. Nothing in them is secret.
    ///
    /// # Errors
    /// [`HomeError`] if one is there and cannot be read.
    pub fn papers(&self) -> Result<Vec<(String, Vec<u8>)>, HomeError> {
        let mut names = vec![SETTINGS.to_owned(), CHARTER.to_owned()];
        let studies = self.dir.join(STUDIES);
        for entry in fs::read_dir(&studies).map_err(|why| HomeError::io(&studies, &why))? {
            let name = entry.map_err(|why| HomeError::io(&studies, &why))?.file_name();
            names.push(format!("{STUDIES}/{}", name.to_string_lossy()));
        }
        names.sort_unstable();
        let mut papers = Vec::new();
        for name in names {
            let file = self.dir.join(&name);
            if file.is_file() {
                papers.push((name, fs::read(&file).map_err(|why| HomeError::io(&file, &why))?));
            }
        }
        Ok(papers)
    }

    /// Takes in a backup's papers. What is there already stays.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn take_in(&self, papers: &[(String, Vec<u8>)]) -> Result<(), HomeError> {
        let studies = self.dir.join(STUDIES);
        fs::create_dir_all(&studies).map_err(|why| HomeError::io(&studies, &why))?;
        for (name, bytes) in papers {
            let file = self.dir.join(name);
            let study = name.strip_prefix(STUDIES).and_then(|name| name.strip_prefix('/'));
            let ours = [SETTINGS, CHARTER].contains(&name.as_str()) || study.is_some_and(|name| !name.contains('/'));
            if ours && !file.exists() {
                fs::write(&file, bytes).map_err(|why| HomeError::io(&file, &why))?;
            }
        }
        Ok(())
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// [`HomeError`]; a folder without settings is no node's folder.
    pub fn settings(&self) -> Result<Settings, HomeError> {
        let file = self.dir.join(SETTINGS);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                return Err(HomeError::NoNode { dir: self.dir.clone(), there: self.dir.is_dir() });
            }
            Err(why) => return Err(HomeError::io(&file, &why)),
        };
        toml::from_str(&text).map_err(|why| HomeError::Settings { file, why: why.to_string() })
    }

    /// Reads the charter chain.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn charter(&self) -> Result<CharterChain, HomeError> {
        let file = self.charter_file();
        let text = fs::read_to_string(&file).map_err(|why| HomeError::io(&file, &why))?;
        CharterChain::from_json(&text).map_err(|why| HomeError::Charter {
            file,
            why: why.to_string(),
            remedy: why.remedy(),
        })
    }

    /// Puts a charter chain in place of the one before.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn put_charter(&self, chain: &CharterChain) -> Result<(), HomeError> {
        self.replace(CHARTER, &chain.to_json())
    }

    /// Keeps a chain whose newest charter waits for a person, in place of one that waited before.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn put_waiting(&self, chain: &CharterChain) -> Result<(), HomeError> {
        self.replace(WAITING, &chain.to_json())
    }

    /// The chain whose newest charter waits for a person, if one does.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn waiting(&self) -> Result<Option<CharterChain>, HomeError> {
        let file = self.dir.join(WAITING);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file).map_err(|why| HomeError::io(&file, &why))?;
        let chain = CharterChain::from_json(&text);
        chain.map(Some).map_err(|why| HomeError::Charter { file, why: why.to_string(), remedy: why.remedy() })
    }

    /// Forgets what waited: it is in force now, or something newer is.
    pub fn nothing_waits(&self) {
        if let Err(why) = fs::remove_file(self.dir.join(WAITING))
            && why.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%why, "what waited stays in its file, and counts for nothing");
        }
    }

    /// What was decided here of queries and studies.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn decisions(&self) -> Result<Decisions, HomeError> {
        let file = self.dir.join(DECISIONS);
        if !file.exists() {
            return Ok(Decisions::default());
        }
        let text = fs::read_to_string(&file).map_err(|why| HomeError::io(&file, &why))?;
        serde_json::from_str(&text).map_err(|why| HomeError::Io { file, why: format!("it holds no decisions: {why}") })
    }

    /// Keeps what was decided.
    ///
    /// # Errors
    /// [`HomeError`]; then what was kept before stays.
    pub fn put_decisions(&self, decisions: &Decisions) -> Result<(), HomeError> {
        // Names, numbers and texts: serialising cannot fail.
        self.replace(DECISIONS, &serde_json::to_string(decisions).unwrap_or_default())
    }

    /// The file of this node's request to be listed.
    #[must_use]
    pub fn join_file(&self) -> PathBuf {
        self.dir.join(JOIN)
    }

    /// Keeps a study, so that its researchers are let in. Studies that are not in force are kept
    /// too, and count for nothing.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn put_study(&self, study: &Envelope) -> Result<(), HomeError> {
        let file = self.dir.join(STUDIES).join(format!("{}.json", study.digest().hex()));
        fs::write(&file, study.to_json()).map_err(|why| HomeError::io(&file, &why))
    }

    /// The kept studies that are in force under `chain`.
    ///
    /// # Errors
    /// [`HomeError`] if the folder cannot be read.
    pub fn studies(&self, chain: &CharterChain) -> Result<Vec<Verified<Study>>, HomeError> {
        let folder = self.dir.join(STUDIES);
        let listed = fs::read_dir(&folder).map_err(|why| HomeError::io(&folder, &why))?;
        let mut studies = Vec::new();
        for entry in listed {
            let path = entry.map_err(|why| HomeError::io(&folder, &why))?.path();
            let text = fs::read(&path).map_err(|why| HomeError::io(&path, &why))?;
            match Envelope::from_json(&text)
                .map_err(|why| why.to_string())
                .and_then(|e| admit_study(&e, chain).map_err(|why| why.to_string()))
            {
                Ok(study) => studies.push(study),
                Err(why) => tracing::info!(file = %path.display(), %why, "a study that is not in force"),
            }
        }
        Ok(studies)
    }
}

/// Why a node's folder cannot be used: its operator's move.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is a node already.
    #[error("{} already holds a node", dir.display())]
    AlreadyThere {
        /// The folder.
        dir: PathBuf,
    },
    /// There is no node.
    #[error("{} holds no node: {}", dir.display(), if *.there { NO_SETTINGS } else { NO_FOLDER })]
    NoNode {
        /// The folder.
        dir: PathBuf,
        /// Whether there is such a folder at all.
        there: bool,
    },
    /// A file cannot be read or written.
    #[error("{}: {why}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The settings cannot be read.
    #[error("{}: {why}", file.display())]
    Settings {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The key file is no key file.
    #[error("{}: a key file has 32 bytes, this one has {got}", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// How many bytes it has.
        got: usize,
    },
    /// A credential that is named and cannot be had.
    #[error("the credential `{name}` cannot open the keyring: {why}")]
    Credential {
        /// Its name.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The charter does not hold.
    #[error("{}: {why}", file.display())]
    Charter {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: String,
    },
}

impl HomeError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's kinds of error are not ours to list")]
    fn io(file: &Path, why: &std::io::Error) -> Self {
        let why = match why.kind() {
            std::io::ErrorKind::NotADirectory => "a part of this path is a file, not a folder".to_owned(),
            std::io::ErrorKind::IsADirectory => A_FOLDER.to_owned(),
            _ => why.to_string(),
        };
        Self::Io { file: file.to_owned(), why }
    }

    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyThere { .. } => "node-exists",
            Self::NoNode { .. } => "no-node",
            Self::Io { .. } => "file",
            Self::Settings { .. } => "settings",
            Self::KeyFile { .. } => "key-file",
            Self::Credential { .. } => "credential",
            Self::Charter { .. } => "charter",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::AlreadyThere { .. } => "choose another folder; a node's keys are never overwritten".into(),
            Self::NoNode { dir, .. } => {
                format!("check the path, or make a node there: `sumac node init --dir {}`", dir.display())
            }
            Self::Io { why, .. } if why == A_FOLDER => "move the folder away, and put the file in its place".into(),
            Self::Io { .. } => "check that the path exists and that this user may read and write it".into(),
            Self::Settings { .. } => "correct the file; deploy/node.toml shows every setting".into(),
            Self::KeyFile { .. } => "give the file that `sumac node init` made, or restore it from its medium".into(),
            Self::Credential { .. } => {
                "name one of unlock_key_file and unlock_credential; a credential is loaded by the unit that starts the node"
                    .into()
            }
            Self::Charter { remedy, .. } => remedy.clone(),
        }
    }
}

const SETTINGS: &str = "node.toml";
/// What a folder lacks that is no node's.
const NO_SETTINGS: &str = "it has no node.toml";
/// What stands where a file should.
const A_FOLDER: &str = "this is a folder, not a file";
const NO_FOLDER: &str = "there is no such folder";
const CHARTER: &str = "charter.json";
const STUDIES: &str = "studies";
const WAITING: &str = "charter-waiting.json";
const JOIN: &str = "join.json";
const DECISIONS: &str = "approvals.json";
