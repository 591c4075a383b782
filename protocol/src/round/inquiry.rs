//! A query that was admitted: everything that every role derives from the signed parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis_plan::{check_analysis_plan, keeps_apart};
use crate::charter_chain::CharterChain;
use crate::dictionary::Dictionary;
use crate::digest::Digest;
use crate::document::charter::Charter;
use crate::document::query::Query;
use crate::document::study::{self, Study};
use crate::envelope::{Envelope, Verified};
use crate::moment::Moment;
use crate::plan::{Mode, Plan, SEMANTICS_VERSION};
use crate::principal::Principal;
use crate::round::progress::Refused;
use crate::share::{Parties, check_fit};
use crate::{privacy, question};

/// A query with its study, its charter and its plan, all checked. Only [`Inquiry::admit`] makes one.
#[derive(Debug, Clone)]
pub struct Inquiry {
    query: Verified<Query>,
    study: Verified<Study>,
    charter: Verified<Charter>,
    dictionary: Arc<Dictionary>,
    plan: Plan,
    admitted_at: Moment,
}

impl Inquiry {
    /// Checks a query and its study against the charter in force at `now`, and derives the plan.
    ///
    /// # Errors
    /// A refusal with code, operands and remedy: a study that is not in force, a key outside the
    /// study, another charter, an expired query, a question that does not compile, or a plan that
    /// differs from the one that was signed.
    pub fn admit(query: &Envelope, study: &Envelope, chain: &CharterChain, now: Moment) -> Result<Self, Refused> {
        let study = study::admit_study(study, chain).map_err(|e| refused(e.code(), &e, e.remedy()))?;
        let query = crate::document::query::admit_query(query, &study, chain, now)
            .map_err(|e| refused(e.code(), &e, e.remedy()))?;
        let charter = chain.current().clone();
        let dictionary = Arc::clone(chain.dictionary().map_err(|e| refused(e.code(), e, e.remedy()))?);
        let plan = derive_plan(&query, &study, &charter, &dictionary)?;
        Ok(Self { query, study, charter, dictionary, plan, admitted_at: now })
    }

    /// Takes up a query that was admitted at an earlier moment, under the charter that it names: a
    /// round ends under the charter it began under.
    ///
    /// # Errors
    /// As [`Inquiry::admit`].
    pub fn resume(query: &Envelope, study: &Envelope, chain: &CharterChain, at: Moment) -> Result<Self, Refused> {
        let named = query.claim::<Query>().map(|query| query.peek().charter);
        if named.is_ok_and(|named| named == chain.current().digest()) {
            return Self::admit(query, study, chain, at);
        }
        match chain_of(query, chain) {
            Some(chain) => Self::admit(query, study, &chain, at),
            None => Self::admit(query, study, chain, at),
        }
    }

    /// The moment it was admitted as of.
    #[must_use]
    pub const fn admitted_at(&self) -> Moment {
        self.admitted_at
    }

    /// The query's id: the digest of its signed bytes.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.query.digest()
    }

    /// The query.
    #[must_use]
    pub const fn query(&self) -> &Verified<Query> {
        &self.query
    }

    /// The study it is asked in.
    #[must_use]
    pub const fn study(&self) -> &Verified<Study> {
        &self.study
    }

    /// The charter it is asked under.
    #[must_use]
    pub const fn charter(&self) -> &Verified<Charter> {
        &self.charter
    }

    /// The charter's dictionary.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The plan, priced.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether nobody may be counted twice for this query, were it asked again: in an exact study, where the difference of
    /// two answers is exact too. Each time it is asked it then counts those who were not counted before.
    #[must_use]
    pub fn counts_nobody_twice(&self) -> bool {
        keeps_apart(&self.study, &self.charter)
    }

    /// The committee of an attempt, in order.
    #[must_use]
    pub fn committee(&self, attempt: u8) -> Option<&[Principal]> {
        self.charter.committee(attempt)
    }

    /// Whether any two batches that both reach the charter's floor must have two operators in common,
    /// so one besides the coordinator's own: then no two attempts can both be answered as long as that
    /// one is honest, for a clinic gives to one attempt only, unless it has seen the other's void
    /// notes.
    #[must_use]
    pub fn answers_must_overlap(&self) -> bool {
        let mut clinics: BTreeMap<&str, u64> = BTreeMap::new();
        for member in self.charter.contributors() {
            *clinics.entry(member.operator.as_str()).or_default() += 1;
        }
        // An operator of several clinics can stand behind both, one of a single clinic behind one.
        let places: u64 = clinics.values().map(|of_operator| (*of_operator).min(2)).sum();
        u64::from(self.charter.policy.clinics_min) * 2 > places + 1
    }

    /// What the sizes of one clinic's contribution to a committee of so many depend on.
    #[must_use]
    pub fn parties(&self, patients_max: u64, aggregators: usize) -> Parties {
        parties(&self.charter, patients_max, aggregators)
    }

    /// How many different operators are behind these clinics.
    #[must_use]
    pub fn operators<'a>(&self, clinics: impl Iterator<Item = &'a Principal>) -> usize {
        clinics.filter_map(|c| self.charter.operator_of(c)).collect::<std::collections::BTreeSet<_>>().len()
    }
}

/// The chain as it was when the charter that a query names was in force, or `None` if that charter
/// is not in it.
pub(crate) fn chain_of(query: &Envelope, chain: &CharterChain) -> Option<CharterChain> {
    let named = query.claim::<Query>().ok()?.peek().charter;
    let length = chain.epochs().position(|charter| charter.digest() == named)? + 1;
    let upto: Vec<Envelope> = chain.epochs().take(length).map(|charter| charter.envelope().clone()).collect();
    CharterChain::from_envelopes(&upto).ok()
}

/// Derives the priced plan of a query and holds it against the one that was signed.
fn derive_plan(query: &Query, study: &Study, charter: &Charter, dictionary: &Dictionary) -> Result<Plan, Refused> {
    if query.semantics != SEMANTICS_VERSION {
        return Err(Refused {
            code: "semantics-differ".into(),
            says: format!(
                "the query was made for version {} of the question language, this node has {SEMANTICS_VERSION}",
                query.semantics
            ),
            remedy: "use the same release of Sumac as the clinics".into(),
        });
    }
    if study.mode == Mode::Exact && !study.plans.iter().any(|p| p.query == query.text) {
        return Err(Refused {
            code: "not-in-the-analysis-plan".into(),
            says: "the study is exact and its signed analysis plan does not hold this question".into(),
            remedy: "ask one of the questions written out in the study, word for word".into(),
        });
    }
    check_analysis_plan(study, charter, dictionary).map_err(|e| refused(e.code(), &e, e.remedy()))?;
    let plan = question::compile(&query.text, dictionary, study.mode).map_err(|e| refused(e.code(), &e, e.remedy()))?;
    if let Some(outside) = plan.categories(dictionary).into_iter().find(|c| !study.categories.contains(c)) {
        return Err(Refused {
            code: "category-outside-study".into(),
            says: format!("the question reads {outside}, which the study {} does not touch", study.id),
            remedy: "leave that part out; patients consented to the categories that the study names".into(),
        });
    }
    let plan = privacy::price(plan, query.rho).map_err(|e| refused(e.code(), &e, e.remedy()))?;
    let patients = charter.contributors().map(|m| m.patients_max).max().unwrap_or(0);
    let aggregators = (1..=u8::MAX).map_while(|n| charter.committee(n)).map(<[Principal]>::len).max().unwrap_or(0);
    check_fit(&plan, &parties(charter, patients, aggregators)).map_err(|e| refused(e.code(), &e, e.remedy()))?;
    if plan.digest() != query.plan {
        return Err(Refused {
            code: "plan-differs".into(),
            says: format!("this node derives plan {}, and the query was signed for plan {}", plan.digest(), query.plan),
            remedy: "use the same release of Sumac and the same charter as the clinics".into(),
        });
    }
    Ok(plan)
}

fn parties(charter: &Charter, patients_max: u64, aggregators: usize) -> Parties {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Parties { patients_max, operators: number(charter.contributors().count()), aggregators: number(aggregators) }
}

fn refused(code: &str, says: &impl std::fmt::Display, remedy: String) -> Refused {
    Refused { code: code.into(), says: says.to_string(), remedy }
}
