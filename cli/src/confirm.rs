//! A person's yes, asked for before something is signed or taken into use.

use std::io::IsTerminal as _;

use crate::failure::Failure;
use crate::show;

/// Asks a yes-or-no question at the terminal, unless it is answered already (`--yes`). Without a terminal it never waits:
/// then nobody has read what stands above it.
pub(crate) fn yes(question: &str, answered: bool) -> Result<(), Failure> {
    if answered {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            format!("there is no terminal to ask for a yes: {question}"),
            "read what is said above, and give `--yes` if it is meant",
        ));
    }
    show::talk(&format!("{question} [y/N]"));
    let mut typed = String::new();
    let read = std::io::stdin().read_line(&mut typed);
    if read.is_ok() && is_yes(&typed) {
        return Ok(());
    }
    Err(Failure::refused("not-confirmed", &"nothing was changed: the answer was no", String::new()))
}

/// Only a whole word counts: a slip of the finger is a no.
fn is_yes(typed: &str) -> bool {
    matches!(typed.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::{is_yes, yes};

    #[test]
    fn only_a_plain_yes_is_one() {
        for (typed, meant) in
            [("y\n", true), ("YES\r\n", true), ("", false), ("\n", false), ("n", false), ("yy", false)]
        {
            assert_eq!(is_yes(typed), meant, "{typed:?}");
        }
        assert!(yes("Sign it?", true).is_ok(), "answered on the command line");
    }
}
