//! The source tree as the rules see it.

use std::path::Path;
use std::{fs, io};

use crate::tidy::manifest::Manifest;
use crate::tidy::modules;
use crate::tidy::source::Source;

/// Every text of the workspace.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The Rust files of the crates.
    pub(crate) sources: Vec<Source>,
    /// Every `Cargo.toml`, the root's first.
    pub(crate) manifests: Vec<Manifest>,
    /// Every other text, as path and contents.
    pub(crate) texts: Vec<(String, String)>,
    /// The Rust files that some target reaches.
    pub(crate) reached: Vec<String>,
}

impl Tree {
    /// Reads the tree below `root`, leaving out what the build and the version control put there.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder))? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if matches!(name.as_str(), ".git" | "target" | "Cargo.lock") {
                    continue;
                }
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                    files.push((path, text));
                }
            }
        }
        files.sort();
        Ok(Self::of(files))
    }

    /// A tree made of the given files.
    pub(crate) fn of<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let (mut sources, mut manifests, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for (path, text) in files {
            let (path, text) = (path.into(), text.into());
            if path.ends_with(".rs") {
                sources.push(Source::new(&path, &text));
            } else if path.ends_with("Cargo.toml") {
                manifests.push(Manifest::new(&path, &text));
            }
            texts.push((path, text));
        }
        manifests.sort_by_key(|m| m.folder.clone());
        let reached = modules::reached(&sources, &manifests);
        for source in &mut sources {
            source.test = reached.get(&source.path).copied().unwrap_or(false) || modules::is_test_place(&source.path);
        }
        Self { sources, manifests, texts, reached: reached.into_keys().collect() }
    }

    /// The Rust files under a folder.
    pub(crate) fn sources_of(&self, folder: &str) -> impl Iterator<Item = &Source> {
        let prefix = format!("{folder}/");
        self.sources.iter().filter(move |s| s.path.starts_with(&prefix))
    }

    /// The Rust files of the product: everything but the `tests` crate and each crate's own suites.
    pub(crate) fn product(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|s| !s.test)
    }

    /// The contents of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.iter().find(|(at, _)| at == path).map(|(_, text)| text.as_str())
    }
}
