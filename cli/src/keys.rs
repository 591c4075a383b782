//! Key files: 32 secret bytes that only their owner may read.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sumac_protocol::principal::Signer;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;

/// 32 fresh secret bytes from the operating system.
pub(crate) fn fresh() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    getrandom::fill(seed.as_mut_slice())
        .map_err(|why| Failure::bug(format!("the system gives no randomness: {why}")))?;
    Ok(seed)
}

/// Makes a key file and returns its signer. Never overwrites.
pub(crate) fn make(path: &Path) -> Result<Signer, Failure> {
    let seed = fresh()?;
    files::write_secret(path, seed.as_slice())?;
    Ok(Signer::from_seed(&seed))
}

/// Reads a key file's secret bytes. Warns where others can read them too.
pub(crate) fn seed(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let failed = |why: std::io::Error| Failure::file(path, &why);
    let mut file = files::regular(path)?;
    let found = file.metadata().map_err(failed)?;
    let mut seed = Zeroizing::new([0_u8; 32]);
    if found.len() != 32 {
        return Err(Failure::usage(
            format!("{}: a key file has 32 bytes, this one has {}", path.display(), found.len()),
            "give a file made by `sumac key new`",
        ));
    }
    file.read_exact(seed.as_mut_slice()).map_err(failed)?;
    if found.permissions().mode() & 0o077 != 0 {
        let says = format!("{}: others on this machine can read or change this key", path.display());
        let remedy = format!("take it to yourself: `chmod 600 {}`", path.display());
        Failure::refused("key-readable", &says, remedy).warn();
    }
    Ok(seed)
}

/// Reads a key file's signer.
pub(crate) fn signer(path: &Path) -> Result<Signer, Failure> {
    Ok(Signer::from_seed(&seed(path)?))
}

/// The operating system's randomness; if that fails, nothing can go on.
pub(crate) fn system_random() -> getrandom::rand_core::UnwrapErr<getrandom::SysRng> {
    getrandom::rand_core::UnwrapErr(getrandom::SysRng)
}
