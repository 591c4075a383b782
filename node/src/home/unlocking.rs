//! What opens the keyring without a person: a key file, or a credential of the service manager.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use zeroize::Zeroizing;

use super::{Home, HomeError, Settings};
use crate::store::UnlockSecret;

impl Home {
    /// Reads the unlock secret's 32 bytes, if the settings name a key file or a credential.
    ///
    /// # Errors
    /// [`HomeError`] if the settings name both, if there is no such credential, or if the file cannot be read or has not
    /// 32 bytes.
    pub fn key_file(&self, settings: &Settings) -> Result<Option<UnlockSecret>, HomeError> {
        let Some(path) = self.key_path(settings, std::env::var_os(CREDENTIALS).as_deref())? else { return Ok(None) };
        let bytes = Zeroizing::new(fs::read(&path).map_err(|why| HomeError::io(&path, &why))?);
        let key: [u8; 32] =
            bytes.as_slice().try_into().map_err(|_| HomeError::KeyFile { file: path, got: bytes.len() })?;
        Ok(Some(UnlockSecret::KeyFile(key)))
    }

    fn key_path(&self, settings: &Settings, credentials: Option<&OsStr>) -> Result<Option<PathBuf>, HomeError> {
        let refused = |name: &str, why| Err(HomeError::Credential { name: name.to_owned(), why });
        match (&settings.unlock_key_file, &settings.unlock_credential) {
            (None, None) => Ok(None),
            (Some(file), None) => Ok(Some(self.resolve(file))),
            (Some(_), Some(name)) => refused(name, "unlock_key_file is set too, and only one of the two can open it"),
            (None, Some(name)) => {
                let mut parts = Path::new(name).components();
                let (Some(Component::Normal(_)), None) = (parts.next(), parts.next()) else {
                    return refused(name, "a credential's name is no path");
                };
                match credentials {
                    Some(folder) => Ok(Some(Path::new(folder).join(name))),
                    None => refused(name, "$CREDENTIALS_DIRECTORY is not set: no service manager started this"),
                }
            }
        }
    }
}

/// Where systemd tells a service its credentials are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::{Path, PathBuf};

    use super::{Home, Settings};

    #[test]
    fn a_credential_is_taken_from_where_the_service_manager_put_it_and_from_nowhere_else() {
        let home = Home::at(Path::new("/var/lib/sumac"));
        let there = Some(OsStr::new("/run/credentials/sumac.service"));
        let cases = [
            ("nothing is set", None, None, there, Ok(None)),
            ("a key file", Some("k"), None, there, Ok(Some("/var/lib/sumac/k"))),
            ("a credential", None, Some("unlock"), there, Ok(Some("/run/credentials/sumac.service/unlock"))),
            ("both", Some("k"), Some("unlock"), there, Err("credential")),
            ("no service manager", None, Some("unlock"), None, Err("credential")),
            ("a path upwards", None, Some(".."), there, Err("credential")),
            ("a path", None, Some("a/b"), there, Err("credential")),
            ("a path from the root", None, Some("/etc/shadow"), there, Err("credential")),
            ("no name", None, Some(""), there, Err("credential")),
        ];
        for (why, file, credential, folder, expected) in cases {
            let settings = Settings {
                unlock_key_file: file.map(PathBuf::from),
                unlock_credential: credential.map(str::to_owned),
                ..Settings::default()
            };
            let got = home.key_path(&settings, folder).map_err(|why| why.code());
            assert_eq!(got, expected.map(|path| path.map(PathBuf::from)), "{why}");
        }
    }
}
