//! What stays of the queries that were asked from here: the query from before it was sent, and its answer once that was
//! fetched. Both lie in the researcher's own folder and nowhere else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::envelope::{Document, Envelope, Verified};
use sumac_protocol::moment::Moment;
use sumac_protocol::release_file::ReleaseFile;

use super::{Pending, home_folder, pending_folder};
use crate::failure::Failure;
use crate::files;

/// An answer that is kept after it was shown: nobody has to find its release again to read it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptAnswer {
    /// The version of this form: 1.
    sumac_answer: u32,
    /// When the query was submitted, by this machine's clock.
    submitted: Moment,
    /// The answer with its proof.
    release: ReleaseFile,
}

/// A query that was submitted from here, with its answer where that was fetched.
#[derive(Debug)]
pub(crate) struct KeptQuery {
    /// The query's id in hex.
    pub(crate) id: String,
    /// When it was submitted, by this machine's clock.
    pub(crate) submitted: Moment,
    /// The query, as it was sent.
    pub(crate) query: Envelope,
    /// The study it was asked in.
    pub(crate) study: Envelope,
    /// The answer; none while it was not fetched.
    pub(crate) release: Option<ReleaseFile>,
}

impl KeptQuery {
    /// Everything that was kept, the oldest first. What cannot be read is told as a warning, and left out.
    pub(crate) fn all() -> Vec<Self> {
        let mut kept: Vec<Self> = Vec::new();
        for path in listed(&home_folder().join(ANSWERS)) {
            match read_kept::<KeptAnswer>(&path) {
                Ok(KeptAnswer { submitted, release, .. }) => {
                    let (query, study) = (release.proof.query.clone(), release.proof.study.clone());
                    kept.push(Self { id: query.digest().hex(), submitted, query, study, release: Some(release) });
                }
                Err(why) => why.warn(),
            }
        }
        for path in listed(&pending_folder()) {
            match read_kept::<Pending>(&path) {
                Ok(Pending { query, study, submitted, .. }) => {
                    let id = query.digest().hex();
                    if kept.iter().all(|answered| answered.id != id) {
                        kept.push(Self { id, submitted, query, study, release: None });
                    }
                }
                Err(why) => why.warn(),
            }
        }
        kept.sort_by(|one, other| (one.submitted, &one.id).cmp(&(other.submitted, &other.id)));
        kept
    }
}

/// Keeps an answer for later, where its query was kept. One that never was, as the demo's own, leaves nothing.
pub(super) fn keep(id: Digest, submitted: Moment, release: &ReleaseFile) -> Result<(), Failure> {
    if !pending_folder().join(id.hex()).exists() {
        return Ok(());
    }
    let folder = home_folder().join(ANSWERS);
    std::fs::create_dir_all(&folder).map_err(|why| Failure::file(&folder, &why))?;
    let kept = KeptAnswer { sumac_answer: 1, submitted, release: release.clone() };
    let text = serde_json::to_string(&kept).map_err(|why| Failure::bug(why.to_string()))?;
    files::write(&folder.join(format!("{}.json", id.hex())), &text)
}

/// Reads a document that is kept. Its signatures are checked by the keys that it names itself: it was admitted when it was
/// kept, and this only finds a file that was damaged since.
pub(crate) fn reread<T: Document>(envelope: &Envelope) -> Result<Verified<T>, Failure> {
    Ok(envelope.claim::<T>()?.verify_any(&envelope.claimed_signers().collect())?)
}

/// The files of a folder, in the order of their names; none where there is no such folder.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Something that was kept as JSON.
fn read_kept<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_str(&files::read(path)?).map_err(|why| {
        let says = format!("{}: {why}", path.display());
        Failure::refused("kept-unreadable", &says, "move it away if it is none of `sumac ask`'s".into())
    })
}

/// The folder of answers, beside that of queries.
const ANSWERS: &str = "answers";
