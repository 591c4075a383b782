//! Passphrases: asked for at a terminal, unseen, or read from a file that its owner named.

use std::io::IsTerminal as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;

/// Asks twice for a new passphrase of at least twelve characters.
pub(crate) fn new(whose: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    let first = ask(&format!("New passphrase for {whose}: "), otherwise)?;
    let again = ask("Once more: ", otherwise)?;
    if first.as_str() != again.as_str() {
        return Err(Failure::usage("the two passphrases differ", "try again"));
    }
    long_enough(first)
}

/// Asks for a passphrase at the terminal, unseen; without a terminal it never waits, and says what to do `otherwise`.
pub(crate) fn ask(prompt: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask for the passphrase", otherwise));
    }
    let _hidden = Hidden::now();
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|why| Failure::usage(format!("the passphrase cannot be read: {why}"), "try again"))
}

/// The passphrase that a file holds, without the end of its line.
pub(crate) fn from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = Zeroizing::new(files::read(path)?);
    let typed = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(typed.to_owned()))
}

/// A new passphrase, if it has as many characters as a passphrase must have.
pub(crate) fn long_enough(passphrase: Zeroizing<String>) -> Result<Zeroizing<String>, Failure> {
    if passphrase.chars().count() < PASSPHRASE_MIN {
        return Err(Failure::usage(
            format!("a passphrase has at least {PASSPHRASE_MIN} characters"),
            "take five or six random words",
        ));
    }
    Ok(passphrase)
}

/// Keeps the terminal from showing what is typed, from before the prompt is there: whoever types
/// at once is not read over the shoulder either. Dropping it restores the terminal.
struct Hidden(Option<rustix::termios::Termios>);

impl Hidden {
    /// Hides from now on, where standard input is a terminal that lets itself be told.
    fn now() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(mut hidden) = before.clone() {
            hidden.local_modes.remove(LocalModes::ECHO);
            if tcsetattr(std::io::stdin(), OptionalActions::Now, &hidden).is_err() {
                return Self(None);
            }
        }
        Self(before)
    }
}

impl Drop for Hidden {
    /// Gives the terminal back as it was.
    fn drop(&mut self) {
        if let Some(before) = &self.0
            && rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, before).is_err()
        {
            tracing::debug!("the terminal keeps what it was told");
        }
    }
}

/// Shortest passphrase, in characters.
const PASSPHRASE_MIN: usize = 12;
