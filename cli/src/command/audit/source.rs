//! What one member kept, from its folder or from a file.

use std::path::{Path, PathBuf};

use sumac_node::home::Home;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::evidence::{FindingsFile, WordsFile};
use sumac_protocol::principal::Principal;

use crate::command::export::holder::Holder;
use crate::command::node;
use crate::failure::Failure;
use crate::files;

/// What one member kept.
pub(super) struct Source {
    /// The folder or the file.
    pub(super) path: PathBuf,
    /// Whose it is.
    pub(super) whose: Whose,
    /// The charters that the member follows.
    pub(super) chain: CharterChain,
    /// The words, unchecked.
    pub(super) words: Vec<Envelope>,
}

/// Whose words these are, so that a member who is named twice counts once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// A node of this key.
    Member(Principal),
    /// Nobody says: a file of an older program, by where it lies.
    File(PathBuf),
}

impl Source {
    /// A folder, or a file that `--export` wrote.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Self::of_folder(path).map(|(_, source)| source);
        }
        let text = files::read(path)?;
        let file = WordsFile::from_json(&text).map_err(|why| {
            let Ok(_findings) = FindingsFile::from_json(&text) else { return files::named(path, why.into()) };
            let path = path.display();
            let says = format!("{path} holds what was found, as --out writes it, and not what a member kept");
            Failure::refused(why.code(), &says, format!("check it: `sumac audit --check {path} --charter FILE`"))
        })?;
        let chain = file.chain().map_err(|why| files::named(path, why.into()))?;
        let place = || Whose::File(std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
        let whose = file.kept_by.map_or_else(place, Whose::Member);
        Ok(Self { path: path.to_owned(), whose, chain, words: file.words })
    }

    /// Asks the node in a folder, or opens its store where it is stopped; nothing in it is changed. Its key comes first.
    pub(super) fn of_folder(dir: &Path) -> Result<(Principal, Self), Failure> {
        let home = Home::at(dir);
        let chain = node::charter(&home)?;
        let holder = Holder::open(&home, chain.clone())?;
        let kept = holder.member().and_then(|member| Ok((member, holder.words()?)));
        holder.close()?;
        let (member, words) = kept?;
        Ok((member, Self { path: dir.to_owned(), whose: Whose::Member(member), chain, words }))
    }
}
