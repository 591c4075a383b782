//! An example for every command, shown below its help and in its man page.
//!
//! They stand in one table, so that they can be read beside each other and each is held against the command line that
//! it is an example of. Lines that end in a backslash go on, as a shell reads them.

use clap::Command;

/// The commands with their examples below their help.
pub(crate) fn below(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (path, example)| {
        let text = format!("Example:\n  {}", example.replace('\n', "\n  "));
        at(command, &path.split(' ').collect::<Vec<_>>(), &text)
    })
}

/// The same with a text below the help of the command of this path.
fn at(command: Command, path: &[&str], text: &str) -> Command {
    match path {
        [] => {
            let more = command.get_after_long_help().map(|more| format!("{text}\n\n{more}"));
            let command = command.after_help(text.to_owned());
            match more {
                Some(more) => command.after_long_help(more),
                None => command,
            }
        }
        [name, below @ ..] => {
            command.mut_subcommands(|found| if found.get_name() == *name { at(found, below, text) } else { found })
        }
    }
}

/// By command, as it is typed behind `sumac`.
const EXAMPLES: [(&str, &str); 79] = [
    ("demo", "sumac demo --keep /tmp/federation"),
    ("key new", "sumac key new --out researcher.key"),
    ("key show", "sumac key show researcher.key"),
    (
        "node init",
        "sumac node init --dir /var/lib/sumac --key-file /media/key/node.key \\\n  --listen /ip4/0.0.0.0/tcp/4800 --address /dns/hub.example.org/tcp/4800",
    ),
    ("node run", "sumac node run --dir /var/lib/sumac --patients 127.0.0.1:4880"),
    ("node join", "sumac node join charter.json --dir /var/lib/sumac --study study.json"),
    ("node accept", "sumac node accept --dir /var/lib/sumac"),
    ("node adopt", "sumac node adopt --dir /var/lib/sumac --charter charter.json \\\n  --study study.json"),
    ("node status", "sumac node status --dir /var/lib/sumac"),
    ("node backup", "sumac node backup --dir /var/lib/sumac --to /media/backup/2026-11-22"),
    ("node restore", "sumac node restore --dir /var/lib/sumac --from /media/backup/2026-11-22"),
    ("node recover", "sumac node recover --dir /var/lib/sumac --wait 120"),
    ("node confirm", "sumac node confirm --dir /var/lib/sumac --patient P-007 --receipt r.json"),
    ("node rotate-keys", "sumac node rotate-keys --dir /var/lib/sumac --data-keys"),
    ("node erase", "sumac node erase --dir /var/lib/sumac --patient P-007"),
    ("doctor", "sumac doctor --dir /var/lib/sumac"),
    (
        "charter new",
        "sumac charter new --example > charter-text.json\nsumac charter new --from charter-text.json --out draft.json",
    ),
    ("charter add-member", "sumac charter add-member join.json --charter charter.json --out draft.json"),
    ("charter remove-member", "sumac charter remove-member Mill --charter charter.json --out draft.json"),
    (
        "charter set-policy",
        "sumac charter set-policy cohort_min=20 rho_per_query_max=100000 \\\n  --charter charter.json --out draft.json",
    ),
    ("charter diff", "sumac charter diff draft.json --charter charter.json"),
    ("charter sign", "sumac charter sign draft.json --charter charter.json --key steward.key"),
    ("charter publish", "sumac charter publish draft.json --charter charter.json --dir /var/lib/sumac"),
    ("charter add", "sumac charter add draft.json --chain charter.json"),
    ("charter show", "sumac charter show charter.json"),
    ("dictionary show", "sumac dictionary show phq9"),
    ("dictionary check", "sumac dictionary check own.toml"),
    ("dictionary draft", "sumac dictionary draft --from courses.csv --name own > own.toml"),
    (
        "study new",
        "sumac study new --example exact --charter charter.json > study-text.json\n\
         sumac study new --from study-text.json --plan questions.sql \\\n  --charter charter.json --out draft.json",
    ),
    ("study sign", "sumac study sign draft.json --key steward.key --charter charter.json"),
    ("study publish", "sumac study publish study.json --charter charter.json --out draft.json"),
    ("study end", "sumac study end study.json --charter charter.json --out draft.json"),
    ("study show", "sumac study show study.json --charter charter.json"),
    ("study digest", "sumac study digest study.json"),
    ("studies", "sumac studies --charter charter.json study.json"),
    ("columns", "sumac columns --charter charter.json --study study.json"),
    (
        "import",
        "sumac import --example wide > mapping.toml\n\
         sumac import --dir /var/lib/sumac --mapping mapping.toml --courses courses.csv",
    ),
    ("generate", "sumac generate --clinics 5 --courses 100000 --out courses"),
    ("export", "sumac export --dir /var/lib/sumac --all --format csv --out everything"),
    ("patient keygen", "sumac patient keygen --out clinic.key"),
    ("patient recover", "sumac patient recover --out clinic.key"),
    (
        "patient enrol",
        "sumac patient enrol --dir /var/lib/sumac --pseudonym P-007 \\\n  \
         --key did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    ),
    ("patient grant", "sumac patient grant --node https://clinic.example --key clinic.key"),
    (
        "patient change",
        "sumac patient change --node https://clinic.example --key clinic.key \\\n  --who academic --days 365",
    ),
    ("patient revoke", "sumac patient revoke --node https://clinic.example --key clinic.key"),
    ("patient erase", "sumac patient erase --node https://clinic.example --key clinic.key"),
    ("patient status", "sumac patient status --node https://clinic.example --key clinic.key"),
    (
        "patient receipts",
        "sumac patient receipts --node https://clinic.example --key clinic.key \\\n  \
         --member https://other.example --charter charter.json",
    ),
    ("patient uses", "sumac patient uses --node https://clinic.example --key clinic.key"),
    ("patient export", "sumac patient export --node https://clinic.example --key clinic.key \\\n  --out mine.json"),
    ("patient list", "sumac patient list --dir /var/lib/sumac"),
    ("patient cohorts", "sumac patient cohorts --dir /var/lib/sumac"),
    ("consent import", "sumac consent import consents.ndjson --dir /var/lib/sumac --key staff.key"),
    (
        "consent witness",
        "sumac consent witness --dir /var/lib/sumac --key staff.key \\\n  \
         --pseudonym P-007 --form \"sheet 12, 2026\" --purpose HMB",
    ),
    (
        "consent replace-key new",
        "sumac consent replace-key new --dir /var/lib/sumac --pseudonym P-007 \\\n  \
         --key did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp \\\n  --out replace.json",
    ),
    ("consent replace-key sign", "sumac consent replace-key sign replace.json --key staff.key"),
    ("consent replace-key submit", "sumac consent replace-key submit replace.json --dir /var/lib/sumac"),
    ("consent list", "sumac consent list --dir /var/lib/sumac --expiring 30"),
    ("consent as-of", "sumac consent as-of 4f8a1c22 --dir /var/lib/sumac"),
    ("consent export", "sumac consent export --dir /var/lib/sumac --pseudonym P-007 --format fhir"),
    ("consent ledger", "sumac consent ledger --dir /var/lib/sumac --out head.json"),
    ("consent verify", "sumac consent verify receipt.json --charter charter.json"),
    (
        "ask",
        "sumac ask \"SELECT mean(baseline(phq9)) FROM courses\" --epsilon 1 \\\n  \
         --charter charter.json --study study.json --key researcher.key",
    ),
    ("watch", "sumac watch 3f9a --charter charter.json --key researcher.key"),
    (
        "explain",
        "sumac explain \"SELECT mean(baseline(phq9)) FROM courses\" \\\n  --charter charter.json --epsilon 1 --cohort 200,1000",
    ),
    (
        "budget",
        "sumac budget --study study.json --charter charter.json --key researcher.key\n\
         sumac budget --dir /var/lib/sumac",
    ),
    ("queries pending", "sumac queries pending --dir /var/lib/sumac"),
    ("queries show", "sumac queries show 4f8a1c22 --dir /var/lib/sumac"),
    ("queries approve", "sumac queries approve 4f8a1c22 --dir /var/lib/sumac"),
    ("queries refuse", "sumac queries refuse 4f8a1c22 --dir /var/lib/sumac --why \"too few of us\""),
    ("answers list", "sumac answers list"),
    ("answers show", "sumac answers show 4f8a1c22 --charter charter.json"),
    ("answers export", "sumac answers export 4f8a1c22 --out release.json"),
    (
        "audit",
        "sumac audit --export linden.json /var/lib/linden\n\
         sumac audit /var/lib/harbour linden.json --out evidence.json\n\
         sumac audit --check evidence.json --charter charter.json",
    ),
    ("verify", "sumac verify release.json --charter charter.json"),
    ("attack", "sumac attack --charter charter.json --only tracker --only averaging"),
    ("bench", "sumac bench --courses 100000 --rounds 5"),
    ("completions", "sumac completions bash > ~/.local/share/bash-completion/completions/sumac"),
    ("man", "sumac man ~/.local/share/man/man1"),
];

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser as _;

    use crate::Sumac;

    /// Every command without commands of its own, with its path.
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        let mut below = command.get_subcommands().filter(|below| below.get_name() != "help").peekable();
        if below.peek().is_none() {
            found.push((path.trim().to_owned(), command.clone()));
        }
        below.for_each(|below| leaves(below, &format!("{path} {}", below.get_name()), found));
    }

    /// The commands in a help text, each as the words that a shell makes of it.
    fn commands(help: &str) -> Vec<Vec<String>> {
        let behind = help.split("Example:\n").nth(1).unwrap_or_default();
        let text = behind.split("\n\n").next().unwrap_or_default().replace("\\\n", " ");
        let lines = text.lines().filter(|line| line.trim_start().starts_with("sumac "));
        lines.map(|line| words(line.split(" > ").next().unwrap_or_default())).collect()
    }

    /// The words of a line, as a shell takes double quotes and spaces.
    pub(crate) fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        for sign in line.chars().chain([' ']) {
            match sign {
                '"' => quoted = !quoted,
                ' ' if !quoted => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                }
                other => word.push(other),
            }
        }
        words
    }

    #[test]
    fn every_command_shows_an_example_of_itself_that_can_be_typed() {
        let mut found = Vec::new();
        leaves(&crate::commands(), "", &mut found);
        for (path, mut command) in found {
            for help in [command.render_help(), command.render_long_help()] {
                let examples = commands(&help.to_string());
                assert!(!examples.is_empty(), "`sumac {path}` has no example:\n{help}");
                for words in &examples {
                    let typed = words.join(" ");
                    assert!(typed.starts_with(&format!("sumac {path}")), "`sumac {path}`: {typed}");
                    if let Err(why) = Sumac::try_parse_from(words) {
                        panic!("`{typed}`: {why}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_example_is_of_a_command_that_there_is_not() {
        let mut found = Vec::new();
        leaves(&crate::commands(), "", &mut found);
        for (path, _) in super::EXAMPLES {
            assert!(found.iter().any(|(there, _)| there == path), "there is no `sumac {path}`");
        }
    }
}
