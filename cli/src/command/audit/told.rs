//! What an audit found, as people read it: member by member, and what to do once for each.

use std::collections::{BTreeMap, BTreeSet};

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::evidence::Finding;
use sumac_protocol::principal::Principal;

use crate::show;

/// Every finding, below the name of whoever contradicted itself; none is said to be none among what was compared, and
/// no more.
pub(super) fn findings(findings: &[Finding], chain: &CharterChain) {
    if findings.is_empty() {
        show::line("no contradiction among these words");
        return;
    }
    let mut by_member: BTreeMap<&[Principal], Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_member.entry(finding.who.as_slice()).or_default().push(finding);
    }
    for (who, findings) in &by_member {
        of_one(who, findings, chain);
    }
    if by_member.len() > 1 {
        let all = contradictions(findings.len());
        show::line(&format!("in all: {all}, of {} signers or groups of signers", by_member.len()));
    }
}

/// What one signer, or several together, said twice.
fn of_one(who: &[Principal], findings: &[&Finding], chain: &CharterChain) {
    let names: Vec<String> = who.iter().map(|who| name(who, chain)).collect();
    let names = if names.is_empty() { "the stewards, none of them twice".to_owned() } else { names.join(", ") };
    show::prose(&format!("{names}: {}", contradictions(findings.len())), "  ");
    for key in who {
        show::line(&format!("  key    {key}"));
    }
    for finding in findings {
        show::prose(&format!("  {}", finding.kind.says()), "  ");
        if let Some((query, attempt)) = finding.attempt() {
            show::line(&format!("    query  {query}, attempt {attempt}"));
        }
        let [first, second] = finding.statements();
        show::prose(&format!("    said   {first}"), "           ");
        show::prose(&format!("    and    {second}"), "           ");
    }
    let remedies: BTreeSet<&str> = findings.iter().map(|finding| finding.kind.remedy()).collect();
    for remedy in remedies {
        show::prose(&format!("  to do: {remedy}"), "         ");
    }
}

/// So many of them.
fn contradictions(count: usize) -> String {
    show::counted(u64::try_from(count).unwrap_or(u64::MAX), "contradiction")
}

/// What the newest charter that knows a key calls it.
fn name(key: &Principal, chain: &CharterChain) -> String {
    let member = chain.epochs().rev().find_map(|charter| charter.member(key));
    let steward = || chain.epochs().any(|charter| charter.stewards.contains(key));
    match member {
        Some(member) => member.name.clone(),
        None if steward() => format!("steward {}", key.short()),
        None => key.short(),
    }
}
