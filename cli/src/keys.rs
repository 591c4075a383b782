//! Key files: 32 secret bytes that only their owner may read.

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

/// Reads a key file's secret bytes.
pub(crate) fn seed(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let bytes = Zeroizing::new(std::fs::read(path).map_err(|why| Failure::file(path, &why))?);
    let seed: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
        Failure::usage(
            format!("{}: a key file has 32 bytes, this one has {}", path.display(), bytes.len()),
            "give a file made by `sumac key new`",
        )
    })?;
    Ok(Zeroizing::new(seed))
}

/// Reads a key file's signer.
pub(crate) fn signer(path: &Path) -> Result<Signer, Failure> {
    Ok(Signer::from_seed(&seed(path)?))
}

/// The operating system's randomness; if that fails, nothing can go on.
pub(crate) fn system_random() -> getrandom::rand_core::UnwrapErr<getrandom::SysRng> {
    getrandom::rand_core::UnwrapErr(getrandom::SysRng)
}
