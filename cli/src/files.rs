//! Reading and writing the files that people name.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::study::{Study, StudyError, admit_study};
use sumac_protocol::envelope::{Envelope, Verified};

use crate::failure::Failure;

/// Reads a text file of at most [`DOCUMENT_BYTES_MAX`] bytes.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let no_text = |_| Failure::file(path, &ErrorKind::InvalidData.into());
    String::from_utf8(bytes(path)?).map_err(no_text)
}

/// Opens a regular file. Whatever else has a name, a pipe or a device, could keep the reader waiting
/// for ever, or give more than any memory holds.
pub(crate) fn regular(path: &Path) -> Result<fs::File, Failure> {
    let failed = |why: std::io::Error| Failure::file(path, &why);
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    if kind.is_dir() {
        return Err(failed(ErrorKind::IsADirectory.into()));
    }
    if !kind.is_file() {
        let says = format!("{}: this is a pipe, a socket or a device, not a file", path.display());
        return Err(Failure::refused("file", &says, "write what it gives to a file, and name that".into()));
    }
    fs::File::open(path).map_err(failed)
}

/// Reads a regular file whole, up to the size that a document may have.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let (mut file, mut bytes) = (regular(path)?.take(DOCUMENT_BYTES_MAX + 1), Vec::new());
    file.read_to_end(&mut bytes).map_err(|why| Failure::file(path, &why))?;
    if u64::try_from(bytes.len()).is_ok_and(|got| got <= DOCUMENT_BYTES_MAX) {
        return Ok(bytes);
    }
    let most = DOCUMENT_BYTES_MAX >> 20;
    let says = format!("{}: the file is too large; at most {most} MiB are read", path.display());
    Err(Failure::refused("file", &says, "check that it is the file you mean".into()))
}

/// Writes a new file that others may read. Never overwrites.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    write_new_bytes(path, text.as_bytes())
}

/// The same for what is no text.
pub(crate) fn write_new_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let file = fs::File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|why| Failure::file(path, &why))
}

/// Finds out now whether a new file can be written here later, and leaves nothing behind.
pub(crate) fn vacant(path: &Path) -> Result<(), Failure> {
    write_new(path, "")?;
    fs::remove_file(path).map_err(|why| Failure::file(path, &why))
}

/// Writes a file that others may read.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|why| Failure::file(path, &why))
}

/// Writes a new file that only its owner may read. Never overwrites.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = fs::File::options().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|why| Failure::file(path, &why))
}

/// Reads a signed document.
pub(crate) fn envelope(path: &Path) -> Result<Envelope, Failure> {
    Envelope::from_json(&bytes(path)?).map_err(|why| named(path, why.into()))
}

/// Reads a charter chain.
pub(crate) fn chain(path: &Path) -> Result<CharterChain, Failure> {
    CharterChain::from_json(&read(path)?).map_err(|why| named(path, why.into()))
}

/// Reads a study that is in force under a charter. One of another federation is told as such.
pub(crate) fn study(path: &Path, chain: &CharterChain) -> Result<Verified<Study>, Failure> {
    admit_study(&envelope(path)?, chain).map_err(|why| {
        if !matches!(why, StudyError::OtherGenesis { .. }) {
            return why.into();
        }
        let federation = &chain.current().name;
        let says = format!("this is the charter of the federation `{federation}`, and the study is of another: {why}");
        Failure::refused(why.code(), &says, "give the charter file of the study's own federation".into())
    })
}

/// The same failure, with the file it happened in.
pub(crate) fn named(path: &Path, failure: Failure) -> Failure {
    failure.about(&path.display().to_string())
}

/// Largest document that is read, in bytes: far above any chain of charters with their dictionaries.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
