//! The samples that ship in `deploy/` work as they stand.

use std::fs;
use std::path::{Path, PathBuf};

use sumac_node::home::Home;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

#[test]
fn the_sample_settings_are_settings_as_they_stand_and_with_every_key_switched_on() {
    let text = fs::read_to_string(deploy().join("node.toml")).unwrap();
    let everything: String = text.lines().map(|line| switched_on(line) + "\n").collect();
    for (text, listens) in [(text, false), (everything, true)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("node.toml"), &text).unwrap();
        let settings = Home::at(folder.path()).settings().unwrap();
        assert_eq!(settings.listen.is_some(), listens, "{text}");
        assert_eq!(settings.frame_log.is_some(), listens, "{text}");
        assert_eq!(settings.patients.is_some(), listens, "{text}");
    }
}

#[test]
fn the_service_loads_its_key_to_where_the_settings_look_for_it() {
    let settings = Home::at(&deploy()).settings().unwrap();
    let unit = fs::read_to_string(deploy().join("sumac.service")).unwrap();
    let loaded = unit.lines().find_map(|line| line.strip_prefix("LoadCredentialEncrypted=")).unwrap();
    let (name, _) = loaded.split_once(':').unwrap();
    assert_eq!(settings.unlock_credential.as_deref(), Some(name));
    assert_eq!(settings.unlock_key_file, None);
}

/// A key that is commented out as `#key = …`, switched on.
fn switched_on(line: &str) -> String {
    line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())).unwrap_or(line).to_owned()
}
