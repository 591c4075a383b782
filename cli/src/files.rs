//! Reading and writing the files that people name.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::envelope::Envelope;

use crate::failure::Failure;

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|why| Failure::file(path, &why))
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
    let text = fs::read(path).map_err(|why| Failure::file(path, &why))?;
    Envelope::from_json(&text).map_err(|why| named(path, why.into()))
}

/// Reads a charter chain.
pub(crate) fn chain(path: &Path) -> Result<CharterChain, Failure> {
    CharterChain::from_json(&read(path)?).map_err(|why| named(path, why.into()))
}

/// The same failure, with the file it happened in.
pub(crate) fn named(path: &Path, failure: Failure) -> Failure {
    failure.about(&path.display().to_string())
}
