//! Calls for contributions that wait for a person of the clinic.
//!
//! A call is held before any role hears of it: no record is read, nothing is charged, nothing is sent. A yes lets it through
//! as if it had come at that moment. A no drops it, and every repetition of it, without a word: to the coordinator the clinic
//! is one that is not there. Coordinators repeat their calls, so what waited before a restart is soon there again.

use std::collections::BTreeMap;

use sumac_protocol::digest::Digest;
use sumac_protocol::explain::explain;
use sumac_protocol::moment::Moment;
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::Event;
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::message::{Announcement, Message};
use sumac_protocol::round::progress::Refused;

use super::{Node, RunError};
use crate::approval::{ApprovalPolicy, Decision, Decisions};
use crate::control::{PendingQuery, QueriesRequest, QueriesResponse, Response};

/// What waits, and what was decided.
#[derive(Debug, Default)]
pub(super) struct Approvals {
    policy: ApprovalPolicy,
    decisions: Decisions,
    waiting: BTreeMap<Digest, Held>,
}

/// A call that waits.
#[derive(Debug)]
struct Held {
    from: Principal,
    call: Box<Announcement>,
    inquiry: Inquiry,
}

impl Approvals {
    pub(super) fn new(policy: ApprovalPolicy, decisions: Decisions) -> Self {
        Self { policy, decisions, waiting: BTreeMap::new() }
    }

    /// Forgets what lapsed: its window has closed.
    fn prune(&mut self, now: Moment) {
        self.waiting.retain(|_, held| held.call.closes > now);
    }
}

impl Node {
    /// Whether an event is a call that comes before consents are read, or waits for a person, or was said no to, and is held
    /// here. What signed parts alone
    /// refuse is not held: the role answers it as ever.
    pub(super) fn holds(&mut self, event: &Event) -> bool {
        let now = self.clock.now();
        self.approvals.prune(now);
        let Event::Message { from, message: Message::Announce(call) } = event else { return false };
        if !self.clinic.knows_consents() {
            return true;
        }
        if self.approvals.policy == ApprovalPolicy::Auto {
            return false;
        }
        let (query, study) = (call.query.digest(), call.study.digest());
        if self.roles.contributes_to(&query) {
            return false;
        }
        match self.approvals.decisions.of(self.approvals.policy, &query, &study) {
            Some(yes) => return !yes,
            None if self.approvals.waiting.len() >= WAITING_MAX && !self.approvals.waiting.contains_key(&query) => {
                return true;
            }
            None => {}
        }
        let Ok(inquiry) = Inquiry::admit(&call.query, &call.study, self.clinic.chain(), now) else { return false };
        if inquiry.query().coordinator != *from {
            return false;
        }
        let held = Held { from: *from, call: call.clone(), inquiry };
        if self.approvals.waiting.insert(query, held).is_none() {
            tracing::warn!(query = %query.hex(), until = %call.closes, "a query waits for a person: `sumac queries pending`");
        }
        true
    }

    /// Does what is asked about queries that wait. The outer error is one of the node's own, and ends it.
    pub(super) fn about_queries(&mut self, request: QueriesRequest) -> Result<Response, RunError> {
        self.approvals.prune(self.clock.now());
        let answer = match request {
            QueriesRequest::Pending => {
                let mut queries: Vec<_> = self.approvals.waiting.values().map(Held::line).collect();
                queries.sort_by_key(|query| query.closes);
                Some(QueriesResponse::Pending { policy: self.approvals.policy, queries })
            }
            QueriesRequest::Show(query) => self.approvals.waiting.get(&query).map(Held::shown),
            QueriesRequest::Approve(query) => self.decided(query, true, None)?,
            QueriesRequest::Refuse { query, why } => self.decided(query, false, why)?,
        };
        Ok(answer.map_or_else(
            || {
                Response::Refused(Refused {
                    code: "query-not-waiting".into(),
                    says: "no such query waits here: it was decided, or its window has closed".into(),
                    remedy: "`sumac queries pending` lists those that wait".into(),
                })
            },
            |answer| Response::Queries(Box::new(answer)),
        ))
    }

    /// Keeps the decision before anything follows from it. A yes lets every held call through that it is about.
    fn decided(&mut self, query: Digest, yes: bool, why: Option<String>) -> Result<Option<QueriesResponse>, RunError> {
        let Some(held) = self.approvals.waiting.get(&query) else { return Ok(None) };
        let (study, of_study) = (held.call.study.digest(), self.approvals.policy == ApprovalPolicy::ByStudy);
        let about = if of_study { study } else { query };
        self.approvals.decisions.put(Decision { about, yes, why, at: self.clock.now() });
        self.home.put_decisions(&self.approvals.decisions)?;
        let of_it = |id: &Digest, held: &Held| if of_study { held.call.study.digest() == study } else { *id == query };
        let (settled, waiting) =
            std::mem::take(&mut self.approvals.waiting).into_iter().partition(|(id, held)| of_it(id, held));
        self.approvals.waiting = waiting;
        let settled: BTreeMap<Digest, Held> = settled;
        tracing::info!(about = %about.hex(), yes, "a person decided");
        if yes {
            for (_, Held { from, call, .. }) in settled {
                self.queue.push_back(Event::Message { from, message: Message::Announce(call) });
            }
            self.drain()?;
        }
        Ok(Some(QueriesResponse::Decided { about, of_study }))
    }
}

impl Held {
    fn line(&self) -> PendingQuery {
        let (query, study) = (self.inquiry.query(), self.inquiry.study());
        PendingQuery {
            query: self.inquiry.id(),
            study: study.digest(),
            study_id: study.id.clone(),
            title: study.title.clone(),
            rho: query.rho,
            closes: self.call.closes,
        }
    }

    fn shown(&self) -> QueriesResponse {
        let study = self.inquiry.study();
        QueriesResponse::Shown {
            query: Box::new(self.line()),
            text: self.inquiry.query().text.clone(),
            lay_words: study.lay_words(),
            approved: format!("{} ({})", study.approving_body, study.approval_reference),
            reveals: reveals(&self.inquiry),
        }
    }
}

/// What the answer would reveal, from signed parts alone: the same for every clinic of the federation.
fn reveals(inquiry: &Inquiry) -> Vec<String> {
    let (charter, plan) = (inquiry.charter(), inquiry.plan());
    let mut lines: Vec<String> = plan.describe(inquiry.dictionary()).lines().map(str::to_owned).collect();
    let members = u32::try_from(charter.committees.first().map_or(0, Vec::len)).unwrap_or(u32::MAX);
    let clinics = u64::try_from(charter.contributors().count()).unwrap_or(u64::MAX);
    let explained = explain(plan, members, clinics, charter.policy.delta_per_1e12, &[]);
    let groups = if explained.groups == 1 { "one group".to_owned() } else { format!("{} groups", explained.groups) };
    lines.push(format!(
        "the answer has {groups}, rests on {} organisations or more, and shows no group below {} patients",
        charter.policy.clinics_min, charter.policy.cohort_min
    ));
    lines.push(match (plan.mode, explained.epsilon, explained.delta) {
        (Mode::Dp, Some(epsilon), Some(delta)) => {
            format!("each patient counted is charged {} (ε {epsilon:.3} at δ {delta:e})", inquiry.query().rho)
        }
        (Mode::Dp, ..) => format!("each patient counted is charged {}", inquiry.query().rho),
        (Mode::Exact, ..) => "nobody is charged, and no ε bounds what it tells".to_owned(),
    });
    lines
}

/// Most queries that wait at a time; others are as if nobody had decided, and are asked again by their coordinators.
const WAITING_MAX: usize = 64;
