//! `sumac attack`: the known attacks, replayed under a node's own rules on records that nobody had.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use sumac_node::attack::{Attack, AttackError, Finding, Target, Verdict};
use sumac_node::home::Home;
use sumac_protocol::privacy::epsilon;

use crate::command::ask::Format;
use crate::failure::{Exit, Failure};
use crate::show;

/// Which rules to attack, and how.
#[derive(Debug, Args)]
pub(crate) struct AttackArgs {
    /// The node's folder. Only its charter is read; the node may run.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Only this attack; may be given several times. Left away, all of them.
    #[arg(long, value_name = "NAME", value_parser = named)]
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
        let chain = Home::at(&self.dir).charter();
        let chain = chain.map_err(|why| Failure::new(Exit::Usage, why.code(), why.to_string(), why.remedy()))?;
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
            Format::Table => table(&findings),
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

impl<'a> Told<'a> {
    const fn of(finding: &'a Finding) -> Self {
        Self { tries: finding.attack.tries(), assumes: finding.attack.assumes(), finding }
    }
}

/// The findings for people.
fn table(findings: &[Finding]) {
    let row = |finding: &Finding| {
        let Finding { attack, learned, allowed, verdict, .. } = finding;
        [attack.name().to_owned(), learned.clone(), allowed.clone(), word(*verdict).to_owned()]
    };
    show::texts(["attack", "learned", "allowed", ""], findings.iter().map(row));
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

/// A verdict in a table.
const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Leak => "LEAK",
        Verdict::NotTried => "not tried",
    }
}

/// The attack of this name.
fn named(name: &str) -> Result<Attack, String> {
    let names = || Attack::ALL.map(Attack::name).join(", ");
    Attack::ALL.into_iter().find(|attack| attack.name() == name).ok_or_else(|| format!("the attacks are {}", names()))
}

/// An attack that could not be tried says nothing of leaks, so it is not told as one.
fn untried(why: &AttackError) -> Failure {
    Failure::new(Exit::Usage, why.code(), why.to_string(), why.remedy())
}
