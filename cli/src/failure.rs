//! Why a command did not do what it was asked: said once, with what to do about it.
//!
//! Three readers: the person, who wants the fact and the remedy; the script, which wants the code; and
//! the shell, which wants the number.

use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use sumac_node::asker::AskError;
use sumac_node::clinic::ClinicError;
use sumac_node::control::ControlError;
use sumac_node::home::HomeError;
use sumac_node::rehearsal::RehearsalError;
use sumac_node::running::{RecoverError, RunError};
use sumac_node::store::{BackupError, StoreError};
use sumac_node::synthetic::SyntheticError;
use sumac_protocol::charter_chain::ChainError;
use sumac_protocol::document::charter::CharterError;
use sumac_protocol::document::join::JoinError;
use sumac_protocol::document::study::StudyError;
use sumac_protocol::envelope::DocumentError;
use sumac_protocol::evidence::EvidenceError;
use sumac_protocol::ledger::LedgerError;
use sumac_protocol::next_charter::NextError;
use sumac_protocol::release_file::ReleaseError;
use sumac_protocol::round::progress::Refused;

use crate::show;

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The shell's number; several codes share one.
    exit: Exit,
    /// Stands in brackets after `error`. Scripts compare it, so it is never reworded.
    code: String,
    /// The fact, without the system's error numbers. May have several lines.
    says: String,
    /// What to do about it. Empty where the fact says all, and then not shown.
    remedy: String,
}

/// Whose move it is, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A document, a file, a node or a hub says no: the asker has to change something.
    Refused = 1,
    /// The command line itself is wrong: it takes other words, not other data.
    Usage = 2,
    /// The hub or the node does not answer, or the talk with it broke off.
    Unreachable = 3,
    /// Nobody's mistake: too few clinics took part, or the query expired waiting.
    TooFew = 4,
    /// Our fault, to be reported: the number that sysexits.h has for internal errors.
    Bug = 70,
}

impl Exit {
    /// The number that a script sees.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::TooFew => 4,
            Self::Bug => 70,
        })
    }
}

impl Failure {
    /// A failure with a code that is never reworded, the fact, and what to do.
    pub(crate) fn new(exit: Exit, code: &str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), says: without_numbers(&says.into()), remedy: remedy.into() }
    }

    /// Wrong words on the command line.
    pub(crate) fn usage(says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", says, remedy)
    }

    /// A file that cannot be read or written.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's kinds of error are not ours to list")]
    pub(crate) fn file(path: &Path, why: &std::io::Error) -> Self {
        let elsewhere = "choose another path";
        // The wording covers the kinds that people meet; the system's own text does for the rest.
        let (says, remedy) = match why.kind() {
            ErrorKind::NotFound => ("there is no such file or folder".to_owned(), "check the path"),
            ErrorKind::PermissionDenied => ("access is denied".to_owned(), "check its owner and mode, or your user"),
            ErrorKind::AlreadyExists => ("it is there already, and is never overwritten".to_owned(), elsewhere),
            ErrorKind::NotADirectory => ("a part of this path is a file, not a folder".to_owned(), elsewhere),
            ErrorKind::IsADirectory => ("this is a folder, not a file".to_owned(), "name a file"),
            ErrorKind::InvalidData => ("this is no text in UTF-8".to_owned(), "check that it is the file you mean"),
            ErrorKind::StorageFull => ("the disk is full".to_owned(), "make room, and try again"),
            ErrorKind::ReadOnlyFilesystem => ("this disk cannot be written".to_owned(), elsewhere),
            _ => (why.to_string(), "check the path, and that you may read and write it"),
        };
        Self::new(Exit::Refused, "file", format!("{}: {says}", path.display()), remedy)
    }

    /// A question that is refused: the whole text of it, with the place marked.
    pub(crate) fn question(code: &str, rendered: &str) -> Self {
        // The rendering begins as every report does, so that it also stands alone.
        let says = rendered.strip_prefix(&format!("error[{code}]: ")).unwrap_or(rendered);
        Self::new(Exit::Refused, code, says.trim_end(), "")
    }

    /// A fault of ours.
    pub(crate) fn bug(says: impl Into<String>) -> Self {
        Self::new(Exit::Bug, "bug", says, "please report this, with the command and this text")
    }

    /// Something that a document or a node refuses.
    pub(crate) fn refused(code: &str, says: &impl std::fmt::Display, remedy: String) -> Self {
        Self::new(Exit::Refused, code, says.to_string(), remedy)
    }

    /// The same, with what it is about in front.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.says = format!("{what}: {}", self.says);
        self
    }

    /// The same with another remedy, where this code means something else to do.
    pub(crate) fn with_remedy_for(mut self, code: &str, remedy: &str) -> Self {
        if self.code == code {
            remedy.clone_into(&mut self.remedy);
        }
        self
    }

    /// The same with another number for the shell, where a command's own numbers mean something else.
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Whose move it is.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    /// Its code, by which scripts know it.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The same with more to do.
    pub(crate) fn with_remedy(mut self, remedy: &str) -> Self {
        self.remedy = if self.remedy.is_empty() { remedy.to_owned() } else { format!("{}; {remedy}", self.remedy) };
        self
    }

    /// Says it on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        self.say("error");
        self.exit.code()
    }

    /// Says it on standard error where it does not stop the command: what would fail later.
    pub(crate) fn warn(&self) {
        self.say("warning");
    }

    /// The only place where a failure is put into lines.
    fn say(&self, what: &str) {
        show::lines(&self.says, &format!("{what}[{}]: ", self.code), "  ");
        if !self.remedy.is_empty() {
            show::lines(&self.remedy, "  to do: ", "         ");
        }
    }
}

/// The system's texts without its error numbers, which help nobody who reads the text.
fn without_numbers(says: &str) -> String {
    let mut parts = says.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(')').map_or("", |(_, rest)| rest))
}

impl From<Refused> for Failure {
    /// A hub's refusal. Too few clinics, and a query that expired waiting, are nobody's mistake: 4.
    fn from(refused: Refused) -> Self {
        let exit = match refused.code.as_str() {
            "too-few-clinics" | "expired" => Exit::TooFew,
            _ => Exit::Refused,
        };
        Self::new(exit, &refused.code, refused.says, refused.remedy)
    }
}

impl From<AskError> for Failure {
    /// A hub that cannot be reached is 3; what it refuses, it says itself.
    fn from(why: AskError) -> Self {
        match why {
            AskError::Unreachable { .. } => {
                Self::new(Exit::Unreachable, "hub-unreachable", why.to_string(), why.remedy())
            }
            AskError::OtherCharter { .. } => Self::refused(why.code(), &why, why.remedy()),
            AskError::Refused(refused) => refused.into(),
        }
    }
}

impl From<ControlError> for Failure {
    /// A node that does not run is 3; what it refuses, it says itself.
    fn from(why: ControlError) -> Self {
        let exit = match &why {
            ControlError::Refused { .. } | ControlError::Denied { .. } => Exit::Refused,
            ControlError::NotRunning { .. } | ControlError::Broken { .. } => Exit::Unreachable,
        };
        Self::new(exit, why.code(), why.to_string(), why.remedy())
    }
}

macro_rules! refusals {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            /// A refusal with its own code and remedy.
            fn from(why: $error) -> Self {
                Self::refused(why.code(), &why, why.remedy())
            }
        })*
    };
}

refusals!(
    RehearsalError,
    SyntheticError,
    RunError,
    RecoverError,
    HomeError,
    StoreError,
    BackupError,
    ClinicError,
    DocumentError,
    LedgerError,
    EvidenceError,
    ChainError,
    CharterError,
    JoinError,
    NextError,
    StudyError,
    ReleaseError
);
