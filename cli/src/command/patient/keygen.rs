//! `sumac patient keygen` and `sumac patient recover`: a patient's key, and its 24 words.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use bip39::{Language, Mnemonic};
use clap::Args;
use sumac_protocol::principal::Principal;
use zeroize::Zeroizing;

use super::key_file::PatientKey;
use crate::failure::Failure;
use crate::{files, keys, passphrase, show};

/// Make a patient's key for one clinic, and print its public name.
///
/// The key is sealed under a passphrase. Its 24 words are shown once: on paper, in a safe place, they make the key
/// again if file or passphrase are lost. Whoever has them can speak for the patient.
#[derive(Debug, Args)]
pub(crate) struct KeygenArgs {
    #[command(flatten)]
    file: NewKeyArgs,
}

/// Make a patient's key file again from its 24 words.
#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    #[command(flatten)]
    file: NewKeyArgs,
    /// A file with the 24 words; without it they are asked for.
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

/// A new key file.
#[derive(Debug, Args)]
struct NewKeyArgs {
    /// Where to write it. Never overwrites.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The clinic's public name, if it is known: the key is then never used with another. Otherwise the first clinic
    /// that it is used with is noted.
    #[arg(long, value_name = "DID:KEY")]
    clinic: Option<Principal>,
    /// A file that holds the new passphrase on its first line; without it, it is asked for.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl KeygenArgs {
    /// Whatever can fail is tried before the words are shown.
    pub(super) fn run(self) -> Result<(), Failure> {
        files::vacant(&self.file.out)?;
        let secret = keys::fresh()?;
        let words = words_of(&secret)?;
        let public = self.file.make(secret)?;
        show::talk("These 24 words make the key again if its file or passphrase are lost. They are shown this once:");
        show::talk("write them on paper and keep them where nobody else reads them.");
        let numbered: Vec<String> = words.split(' ').zip(1..).map(|(word, n)| format!("{n:>2} {word:<8}")).collect();
        for row in numbered.chunks(6) {
            show::talk(format!("  {}", row.join("  ")).trim_end());
        }
        show::talk("The key's public name, for the clinic's desk:");
        show::line(&public.to_string());
        Ok(())
    }
}

impl RecoverArgs {
    /// The words decide the key; a wrong one is noticed by their checksum.
    pub(super) fn run(self) -> Result<(), Failure> {
        files::vacant(&self.file.out)?;
        let words = match &self.words_file {
            Some(file) => Zeroizing::new(files::read(file)?),
            None => asked_words()?,
        };
        let public = self.file.make(secret_of(&words)?)?;
        show::talk("The key's public name, for the clinic's desk:");
        show::line(&public.to_string());
        Ok(())
    }
}

impl NewKeyArgs {
    /// Seals the secret under a new passphrase, writes the file, and gives back the public name.
    fn make(&self, secret: Zeroizing<[u8; 32]>) -> Result<Principal, Failure> {
        let passphrase = match &self.passphrase_file {
            Some(file) => passphrase::long_enough(passphrase::from_file(file)?)?,
            None => passphrase::new(&format!("the key in {}", name(&self.out)), "give --passphrase-file FILE")?,
        };
        Ok(PatientKey::make(&self.out, secret, self.clinic, &passphrase)?.signer.principal())
    }
}

/// What a file is called, without its folder.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The words of a key: its 256 bits and a checksum of 8, eleven bits a word (BIP-39, English list).
fn words_of(secret: &Zeroizing<[u8; 32]>) -> Result<Zeroizing<String>, Failure> {
    let words = Mnemonic::from_entropy_in(Language::English, secret.as_slice());
    words.map(|words| Zeroizing::new(words.to_string())).map_err(|why| Failure::bug(why.to_string()))
}

/// The key that 24 words make, in whatever case and spacing they were written.
fn secret_of(words: &str) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let typed = words.split_whitespace().filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    let lower = Zeroizing::new(typed.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" "));
    let wrong = |why: String| {
        Failure::refused("wrong-words", &format!("these are not the words of a key: {why}"), REMEDY_WORDS.to_owned())
    };
    let words = Mnemonic::parse_in_normalized(Language::English, &lower).map_err(|why| {
        wrong(match why {
            bip39::Error::BadWordCount(n) => format!("there are {n}, where 24 belong"),
            bip39::Error::UnknownWord(n) => format!("word {} is in no list of them", n.saturating_add(1)),
            bip39::Error::BadEntropyBitCount(_)
            | bip39::Error::InvalidChecksum
            | bip39::Error::AmbiguousLanguages(_) => "one of them is another, or their order is".to_owned(),
        })
    })?;
    let secret = Zeroizing::new(words.to_entropy());
    let secret: [u8; 32] = secret.as_slice().try_into().map_err(|_| wrong("there are not 24".to_owned()))?;
    Ok(Zeroizing::new(secret))
}

/// The words as they are typed at a terminal, over as many lines as one likes; an empty one ends them. They are shown
/// while they are typed: who copies twenty-four words from paper has to see them.
fn asked_words() -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask for the words", "give --words-file FILE"));
    }
    show::talk("Type the 24 words, in their order, and an empty line at the end:");
    let mut words = Zeroizing::new(String::new());
    for line in std::io::stdin().lock().lines() {
        let line = Zeroizing::new(line.map_err(|why| Failure::usage(why.to_string(), "try again"))?);
        if line.trim().is_empty() {
            break;
        }
        words.push_str(&line);
        words.push(' ');
    }
    Ok(words)
}

/// What to do with words that make no key.
const REMEDY_WORDS: &str = "compare them with the paper, word by word";

#[cfg(test)]
mod tests {
    use super::{secret_of, words_of};
    use zeroize::Zeroizing;

    #[test]
    fn words_make_the_key_again_and_a_slip_of_the_pen_is_noticed() {
        let secret = Zeroizing::new([0x5a; 32]);
        let words = words_of(&secret).unwrap();
        assert_eq!(words.split(' ').count(), 24);
        assert_eq!(secret_of(&words).unwrap(), secret);
        let shouted = words.to_uppercase().replace(' ', "\n 7  ");
        assert_eq!(secret_of(&shouted).unwrap(), secret, "with numbers, capitals and lines as on paper");
        let mut swapped: Vec<&str> = words.split(' ').collect();
        swapped.swap(0, 1);
        let cases = [
            (words.replacen(' ', " zoo ", 1), "one too many"),
            (words.split_once(' ').unwrap().1.to_owned(), "one too few"),
            (words.replacen(words.split(' ').next().unwrap(), "sumac", 1), "no such word"),
            (words.split(' ').take(12).collect::<Vec<_>>().join(" "), "half of them"),
            (swapped.join(" "), "two exchanged"),
            (String::new(), "none"),
        ];
        for (wrong, why) in cases {
            assert_eq!(
                secret_of(&wrong).err().map(|failure| failure.code().to_owned()).as_deref(),
                Some("wrong-words"),
                "{why}"
            );
        }
    }
}
