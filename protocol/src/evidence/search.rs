//! Comparing everything that was kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter_chain::CharterChain;
use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::evidence::word::{About, Word};
use crate::evidence::{Finding, everybody};
use crate::principal::Principal;

/// What words of one signer have in common where they may contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    About(About),
    Counter(u64),
}

/// Finds every contradiction among these documents of members of the federation, one of each kind for each signer and
/// attempt. What nobody of the federation signed, and what is said again, counts for nothing; the order of `words` and
/// whose folder they come from do not matter.
#[must_use]
pub fn search<'w>(words: impl IntoIterator<Item = &'w Envelope>, chain: &CharterChain) -> Vec<Finding> {
    let everybody = everybody(chain);
    let mut said: BTreeMap<(Principal, Topic), BTreeMap<Digest, Word>> = BTreeMap::new();
    for word in words.into_iter().filter_map(Word::read) {
        for who in word.signers(&everybody) {
            for topic in topics(&word) {
                said.entry((who, topic)).or_default().entry(word.digest()).or_insert_with(|| word.clone());
            }
        }
    }
    let (mut findings, mut paired) = (Vec::new(), BTreeSet::new());
    for ((who, _), words) in &said {
        let (words, mut kinds) = (words.values().collect::<Vec<_>>(), BTreeSet::new());
        for (at, first) in words.iter().enumerate() {
            for second in words.iter().skip(at.saturating_add(1)) {
                let Some(kind) = first.contradicts(second) else { continue };
                let pair = (*who, first.digest(), second.digest());
                if !paired.contains(&pair) && kinds.insert(kind) {
                    paired.insert(pair);
                    let (first, second) = (first.envelope().clone(), second.envelope().clone());
                    findings.push(Finding { kind, who: vec![*who], first, second });
                }
            }
        }
    }
    findings
}

fn topics(word: &Word) -> impl Iterator<Item = Topic> + use<> {
    std::iter::once(Topic::About(word.about())).chain(word.counter().map(Topic::Counter))
}
