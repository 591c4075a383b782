//! As much of `Cargo.toml` as the rules need: sections, their keys, and strings in lists.

/// One manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Where it lies, from the workspace's root.
    pub(crate) path: String,
    /// Its folder; empty for the root.
    pub(crate) folder: String,
    entries: Vec<Entry>,
}

/// One line `key = value` under a section.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The section, without brackets.
    pub(crate) section: String,
    /// The key.
    pub(crate) key: String,
    /// What is after the equals sign, on that line.
    pub(crate) value: String,
    /// The line, from 1.
    pub(crate) number: usize,
}

/// One dependency of a manifest.
#[derive(Debug)]
pub(crate) struct Dependency<'a> {
    /// The package's name.
    pub(crate) name: &'a str,
    /// Whether it is a dependency of tests only.
    pub(crate) dev: bool,
    /// The line, from 1.
    pub(crate) number: usize,
}

impl Manifest {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut section = String::new();
        let mut entries = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(header) = line.strip_prefix('[').filter(|_| line.ends_with(']')) {
                section = header.trim_matches(['[', ']']).to_owned();
                let opening =
                    Entry { section: section.clone(), key: String::new(), value: String::new(), number: i + 1 };
                entries.push(opening);
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
                entries.push(Entry { section: section.clone(), key, value, number: i + 1 });
            }
        }
        let folder = path.strip_suffix("Cargo.toml").unwrap_or("").trim_end_matches('/').to_owned();
        Self { path: path.to_owned(), folder, entries }
    }

    /// Every dependency, of whatever kind; for the root also those offered to the workspace.
    pub(crate) fn dependencies(&self) -> Vec<Dependency<'_>> {
        let of =
            |entry: &'_ Entry| entry.section.rsplit_once('.').map(|(head, tail)| (head.to_owned(), tail.to_owned()));
        let mut found = Vec::new();
        for entry in &self.entries {
            let dev = entry.section.contains("dev-dependencies");
            if entry.section.ends_with("dependencies") && !entry.key.is_empty() {
                let name = entry.key.split('.').next().unwrap_or("").trim_matches('"');
                found.push(Dependency { name, dev, number: entry.number });
            } else if entry.key.is_empty() && of(entry).is_some_and(|(head, _)| head.ends_with("dependencies")) {
                let name = entry.section.rsplit('.').next().unwrap_or("");
                found.push(Dependency { name, dev, number: entry.number });
            }
        }
        found
    }

    /// Whether a section holds the key with that value.
    pub(crate) fn says(&self, section: &str, key: &str, value: &str) -> bool {
        self.entries.iter().any(|e| e.section == section && e.key == key && e.value == value)
    }

    /// The files that targets of this manifest begin at, from the workspace's root.
    pub(crate) fn target_paths(&self) -> Vec<String> {
        let targets = ["lib", "bin", "test", "bench", "example"];
        let entries = self.entries.iter().filter(|e| targets.contains(&e.section.as_str()) && e.key == "path");
        entries.map(|e| normal(&format!("{}/{}", self.folder, e.value.trim_matches('"')))).collect()
    }
}

/// A path without `.` and `..`.
pub(crate) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[test]
fn dependencies_of_every_spelling_are_found() {
    let text = "[package]\nname = \"a\"\n[dependencies]\nb = \"1\"\nc.workspace = true\n[dev-dependencies]\nd = \"1\"\n\
                [target.'cfg(unix)'.dependencies]\ne = \"1\"\n[dependencies.f]\nversion = \"1\"\n[[test]]\npath = \"../x/y.rs\"\n";
    let manifest = Manifest::new("cli/Cargo.toml", text);
    let found: Vec<(&str, bool)> = manifest.dependencies().iter().map(|d| (d.name, d.dev)).collect();
    assert_eq!(found, [("b", false), ("c", false), ("d", true), ("e", false), ("f", false)]);
    assert_eq!(manifest.target_paths(), ["x/y.rs"]);
}
