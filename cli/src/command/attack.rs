//! `sumac attack`: the known attacks, replayed under a node's own rules on records that nobody had.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgGroup, Args};
use serde::Serialize;
use sumac_node::attack::{Attack, AttackError, Finding, Target, Verdict, most_often_right};
use sumac_node::home::Home;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Policy;
use sumac_protocol::privacy::epsilon;

use crate::command::ask::Format;
use crate::command::node;
use crate::failure::{Exit, Failure};
use crate::{files, show};

/// Which rules to attack, and how.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("rules").args(["dir", "charter"]).required(true)))]
pub(crate) struct AttackArgs {
    /// The node's folder. Only its charter is read; the node may run.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The charter file, for those who have no node.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// Only this attack; may be given several times. Left away, all of them.
    #[arg(long, value_name = "NAME", value_parser = AttackName)]
    only: Vec<Attack>,
    /// How the findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Everything that was found, for programs.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// The version of this form: 1.
    sumac_attack: u32,
    /// The charter that was attacked, by its digest.
    charter: String,
    /// The largest ε, at the charter's δ, that it allows to be learned of a patient in a year.
    epsilon_year: f64,
    /// That δ.
    delta: f64,
    findings: Vec<Told<'a>>,
}

/// One finding, with who the attacker is.
#[derive(Debug, Serialize)]
struct Told<'a> {
    tries: &'static str,
    assumes: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

impl AttackArgs {
    /// Exit code 0 only if no attack learned more than is allowed, and 1 if one did; whatever keeps an attack from being
    /// tried is 2.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let chain = self.chain().map_err(|why| why.with_exit(Exit::Usage))?;
        let scratch = tempfile::Builder::new().prefix("sumac-attack-").tempdir();
        let scratch = scratch.map_err(|why| {
            Failure::usage(format!("there is no folder for temporary files: {why}"), "name one in TMPDIR")
        })?;
        let charter = chain.current();
        let target = Target::under(charter, scratch.path()).map_err(|why| untried(&why))?;
        let wanted = |attack: &Attack| self.only.is_empty() || self.only.contains(attack);
        let mut findings = Vec::new();
        for attack in Attack::ALL.into_iter().filter(wanted) {
            show::talk(&format!("{}: {}", attack.name(), attack.tries()));
            show::talk(&format!("  as {}", attack.assumes()));
            findings.push(target.attacked_by(attack).map_err(|why| untried(&why))?);
        }
        match self.format {
            Format::Table => table(&findings, &charter.policy),
            Format::Json => {
                let delta_per_1e12 = charter.policy.delta_per_1e12;
                let told = |finding| Told::of(finding);
                show::json(&Report {
                    sumac_attack: 1,
                    charter: charter.digest().to_string(),
                    epsilon_year: epsilon(charter.policy.rho_per_patient_year, delta_per_1e12),
                    delta: delta_per_1e12 as f64 / 1e12,
                    findings: findings.iter().map(told).collect(),
                })?;
            }
        }
        let leaked = findings.iter().any(|finding| finding.verdict == Verdict::Leak);
        Ok(if leaked { Exit::Refused.code() } else { ExitCode::SUCCESS })
    }
}

impl AttackArgs {
    /// The rules: a node's, or those of a file.
    fn chain(&self) -> Result<CharterChain, Failure> {
        match (&self.dir, &self.charter) {
            (_, Some(file)) => files::chain(file),
            (Some(dir), None) => {
                let no_node = "check the path; without a node, name the charter's file: `sumac attack --charter FILE`";
                node::charter(&Home::at(dir)).map_err(|why| why.with_remedy_for("no-node", no_node))
            }
            (None, None) => Err(Failure::usage("there are no rules to attack", "give --dir or --charter")),
        }
    }
}

impl<'a> Told<'a> {
    const fn of(finding: &'a Finding) -> Self {
        Self { tries: finding.attack.tries(), assumes: finding.attack.assumes(), finding }
    }
}

/// The findings for people: what an accuracy means here, and then one attack after the other.
fn table(findings: &[Finding], policy: &Policy) {
    let year = policy.rho_per_patient_year;
    show::prose(
        &format!(
            "Who has to say whether one patient is in, and knows nothing, is right in 50 % of guesses. These rules let an \
             attacker who knows everybody else's record be right in {} at most, from all that is answered in a year ({year}, \
             ε {:.2} at δ {:e}).",
            share(most_often_right(year)),
            epsilon(year, policy.delta_per_1e12),
            policy.delta_per_1e12 as f64 / 1e12
        ),
        "",
    );
    for Finding { attack, learned, allowed, verdict, .. } in findings {
        show::line("");
        show::line(&format!("{}: {}", attack.name(), word(*verdict)));
        show::prose(&format!("  tried    {}", attack.tries()), MARGIN);
        show::prose(&format!("  learned  {learned}"), MARGIN);
        show::prose(&format!("  allowed  {allowed}"), MARGIN);
    }
    show::line("");
    if findings.iter().any(|finding| finding.tally.is_some()) {
        show::prose("“At the least” is what so many guesses prove: chance does better once in 1,000 runs.", "");
    }
    let several = |verdict| {
        let names: Vec<&str> =
            findings.iter().filter(|finding| finding.verdict == verdict).map(|finding| finding.attack.name()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    match several(Verdict::Leak) {
        Some(names) => show::prose(&format!("LEAK: {names}. Stop answering, and report it (SECURITY.md)."), ""),
        None => show::prose("No attack learned more than these rules allow.", ""),
    }
}

/// A share in percent with one decimal; one that is short of all is never shown as all.
fn share(share: f64) -> String {
    if share < 1.0 { format!("{:.1} %", (share * 1000.0).floor() / 10.0) } else { "100 %".to_owned() }
}

/// A verdict in a table.
const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Leak => "LEAK",
        Verdict::NotTried => "not tried",
    }
}

/// Reads the name of an attack; help and refusals list all of them, a line each.
#[derive(Debug, Clone, Copy)]
struct AttackName;

impl TypedValueParser for AttackName {
    type Value = Attack;

    fn parse_ref(
        &self,
        _command: &clap::Command,
        _option: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Attack, clap::Error> {
        let named = Attack::ALL.into_iter().find(|attack| value == attack.name());
        named.ok_or_else(|| {
            let attacks = Attack::ALL.map(|attack| format!("  {}", attack.name())).join("\n");
            let says = format!("no attack is called `{}`; the attacks are\n{attacks}\n", value.to_string_lossy());
            clap::Error::raw(ErrorKind::InvalidValue, says)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |attack: Attack| PossibleValue::new(attack.name()).help(attack.tries());
        Some(Box::new(Attack::ALL.into_iter().map(value)))
    }
}

/// Where what was learned begins.
const MARGIN: &str = "           ";

/// An attack that could not be tried says nothing of leaks, so it is not told as one.
fn untried(why: &AttackError) -> Failure {
    Failure::new(Exit::Usage, why.code(), why.to_string(), why.remedy())
}
