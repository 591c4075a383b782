//! The coordinator of a query: the hub that runs it from announcement to release.
//!
//! It sees sealed messages and signed words only, and nobody believes it anything that others did
//! not sign. All retrying is here: every second, and whenever a node comes back, it says again
//! what the awaited nodes have not answered.

mod case;
mod stored;

use std::collections::BTreeMap;

use rand_core::CryptoRng;

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::relay::Relay;
use crate::document::study::admit_study;
use crate::document::void::Void;
use crate::envelope::Envelope;
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::attempt::Fault;
use crate::round::budget::{Allowance, Budget, Spending};
use crate::round::inquiry::Inquiry;
use crate::round::message::{Message, Reply, encode};
use crate::round::progress::Refused;
use crate::round::quota::{Asked, within_quotas};
use crate::round::{Desk, Effect, Event, Role};
use case::Case;
pub use stored::{StoredCase, StoredUpload};

/// All queries that this hub coordinates.
#[derive(Debug, Default)]
pub struct Coordinator {
    cases: BTreeMap<Digest, Case>,
}

impl Coordinator {
    /// Takes up the stored forms of an earlier life: every query resumes where it stood.
    pub fn restore<R: CryptoRng>(cases: Vec<StoredCase>, uploads: Vec<StoredUpload>, desk: &Desk<'_, R>) -> Self {
        let mut kept = Self::default();
        let mut uploads_of: BTreeMap<Digest, Vec<StoredUpload>> = BTreeMap::new();
        for upload in uploads {
            uploads_of.entry(upload.query).or_default().push(upload);
        }
        for stored in cases {
            let uploads = uploads_of.remove(&stored.query_id()).unwrap_or_default();
            if let Some(case) = stored::revive(stored, uploads, desk) {
                kept.cases.insert(case.inquiry.id(), case);
            }
        }
        kept
    }

    /// Whether it coordinates, or coordinated, this query.
    #[must_use]
    pub fn knows(&self, query: &Digest) -> bool {
        self.cases.contains_key(query)
    }

    /// Takes an event.
    pub fn on<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, event: Event) -> Vec<Effect> {
        match event {
            Event::Message { from, message } => self.message(desk, from, message),
            Event::Connected(peer) => self.cases.values_mut().flat_map(|case| case.remind(desk, Some(peer))).collect(),
            Event::Tick => self.tick(desk),
            Event::Selected(_) => Vec::new(),
        }
    }

    fn message<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, from: Principal, message: Message) -> Vec<Effect> {
        let done = match message {
            Message::Submit { query, study } => return self.submitted(desk, from, &query, &study),
            Message::Follow { query } => return self.followed(desk, from, query),
            Message::Budget { study } => return vec![Effect::Reply(self.budget(desk, from, &study))],
            Message::Commitment(envelope) => self.word(desk, &envelope, |case, desk, e| case.committed(desk, from, e)),
            Message::Upload(parts) => {
                let query = claimed_query(&parts.upload);
                self.case(query, |case| case.uploaded(desk, *parts))
            }
            Message::Abstain { query, refused } => self.case(Some(query), |case| case.abstained(desk, from, refused)),
            Message::Freeze(envelope) => self.word(desk, &envelope, |case, desk, e| case.froze(desk, from, e)),
            Message::Relay { cover, body } => self.relay(desk, from, cover, body),
            Message::Manifest(envelope) => self.word(desk, &envelope, |case, desk, e| case.concluded(desk, from, e)),
            Message::Answer { query, attempt, sealed, release } => {
                self.case(Some(query), |case| case.answered(desk, from, attempt, sealed, release))
            }
            Message::Void(envelope) => {
                let query = envelope.claim::<Void>().ok().map(|c| c.peek().query);
                self.case(query, |case| case.voided(desk, from, envelope))
            }
            Message::EndingKept { query } => self.case(Some(query), |case| Ok(case.ending_kept(from))),
            Message::Begin { .. }
            | Message::Announce(_)
            | Message::Batch { .. }
            | Message::Frozen { .. }
            | Message::Manifests { .. }
            | Message::Nudge { .. }
            | Message::AskVoid { .. }
            | Message::Ended(_)
            | Message::HandOn { .. }
            | Message::Delivered(_)
            | Message::AskSeen { .. }
            | Message::Seen(_) => return Vec::new(),
        };
        done.unwrap_or_else(|fault| refuse(&fault))
    }

    fn case(
        &mut self,
        query: Option<Digest>,
        act: impl FnOnce(&mut Case) -> Result<Vec<Effect>, Fault>,
    ) -> Result<Vec<Effect>, Fault> {
        let Some(case) = query.and_then(|id| self.cases.get_mut(&id)) else {
            return Err(Fault::OutOfPlace { what: "a message for a query this node does not coordinate" });
        };
        act(case)
    }

    /// A signed word of a committee member, whose query its payload names.
    fn word<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        envelope: &Envelope,
        act: impl FnOnce(&mut Case, &mut Desk<'_, R>, Envelope) -> Result<Vec<Effect>, Fault>,
    ) -> Result<Vec<Effect>, Fault> {
        self.case(claimed_query(envelope), |case| act(case, desk, envelope.clone()))
    }

    fn submitted<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: Principal,
        query: &Envelope,
        study: &Envelope,
    ) -> Vec<Effect> {
        let id = query.digest();
        if self.cases.contains_key(&id) {
            return self.followed(desk, from, id);
        }
        let inquiry = match Inquiry::admit(query, study, desk.chain, desk.now) {
            Ok(inquiry) => inquiry,
            Err(refused) => return vec![Effect::Reply(Reply::Refused(refused))],
        };
        if inquiry.query().coordinator != desk.me() {
            return refuse(&Fault::OutOfPlace { what: "a query that names another coordinator" });
        }
        if let Err(refused) = self.affordable(&inquiry, desk.now) {
            return vec![Effect::Reply(Reply::Refused(refused))];
        }
        let mut case = Case::new(inquiry, desk.now);
        let mut effects = vec![case.keep()];
        effects.extend(case.begin(desk));
        effects.push(Effect::Reply(Reply::Progress(Box::new(case.progress(desk.now)))));
        self.cases.insert(id, case);
        effects
    }

    /// Whether the study can still pay. What is left is public: it depends on the queries only.
    fn affordable(&self, inquiry: &Inquiry, now: Moment) -> Result<(), Refused> {
        let (study, cost) = (inquiry.study(), inquiry.query().rho);
        let [in_all, year] = self.spending(study.digest(), now).allowances(study);
        let tightest = [(in_all, "in all"), (year, "in any 365 days")].into_iter().min();
        if let Some((Allowance { left, budget, .. }, what)) = tightest.filter(|(allowance, _)| !allowance.covers(cost))
        {
            return Err(Refused {
                code: "budget-spent".into(),
                says: format!(
                    "the query costs {cost} and the study has {left} left of the {budget} it may spend {what}"
                ),
                remedy: if left == RhoMicro(0) {
                    "the stewards can sign a study with a larger budget".into()
                } else {
                    format!("ask at a lower price (at most {left}), or drop an estimate")
                },
            });
        }
        within_quotas(inquiry, self.asked(study.digest(), &inquiry.query().text, now))
    }

    /// What the study's queries that are not void cost.
    fn spending(&self, study: Digest, now: Moment) -> Spending {
        let same = |c: &&Case| c.inquiry.study().digest() == study && !c.is_void();
        let in_all = self.cases.values().filter(same).map(|c| c.inquiry.query().rho).sum();
        let year = |c: &&Case| now.since(c.submitted) < Millis::BUDGET_YEAR;
        let year = self.cases.values().filter(same).filter(year).map(|c| c.inquiry.query().rho).sum();
        Spending { in_all, year }
    }

    /// What a study has left, for one of its researchers.
    fn budget<R: CryptoRng>(&self, desk: &Desk<'_, R>, from: Principal, study: &Envelope) -> Reply {
        let study = match admit_study(study, desk.chain) {
            Ok(study) => study,
            Err(why) => {
                return Reply::Refused(Refused {
                    code: why.code().into(),
                    says: why.to_string(),
                    remedy: why.remedy(),
                });
            }
        };
        if !study.researchers.contains(&from) {
            return Reply::Refused(Refused {
                code: "not-a-researcher".into(),
                says: format!("{from} is no researcher of the study {}", study.id),
                remedy: "only those who may ask in a study are told what it has left; use one of their keys".into(),
            });
        }
        let (now, digest) = (desk.now, study.digest());
        let asked = self.asked(digest, "", now);
        let planned: Vec<usize> =
            study.plans.iter().map(|plan| self.asked(digest, &plan.query, now).this_text).collect();
        let policy = &desk.chain.current().policy;
        let spending = self.spending(digest, now);
        Reply::Budget(Box::new(Budget::of((&study, digest), policy, now, spending, (asked, &planned))))
    }

    /// The queries of a study that came before.
    fn asked(&self, study: Digest, text: &str, now: Moment) -> Asked {
        let of_study = |c: &&Case| c.inquiry.study().digest() == study;
        let standing = |c: &&Case| of_study(c) && !c.is_void();
        let this_text = |c: &&Case| standing(c) && c.inquiry.query().text == text;
        let today = |c: &&Case| of_study(c) && now.since(c.submitted) < Millis::DAY;
        Asked {
            this_text: self.cases.values().filter(this_text).count(),
            in_all: self.cases.values().filter(standing).count(),
            today: self.cases.values().filter(today).count(),
        }
    }

    fn followed<R: CryptoRng>(&self, desk: &Desk<'_, R>, from: Principal, query: Digest) -> Vec<Effect> {
        let reply = match self.cases.get(&query) {
            Some(case) if case.inquiry.study().researchers.contains(&from) => {
                Reply::Progress(Box::new(case.progress(desk.now)))
            }
            _ => Reply::Refused(Refused {
                code: "no-such-query".into(),
                says: format!("this hub knows no query {query} of yours"),
                remedy: "submit it again; the same query is never charged twice".into(),
            }),
        };
        vec![Effect::Reply(reply)]
    }

    fn relay<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: Principal,
        cover: Envelope,
        body: Octets,
    ) -> Result<Vec<Effect>, Fault> {
        let relay = cover.claim::<Relay>().and_then(|c| c.verify(&from));
        let relay = relay.map_err(|why| Fault::Document { why: why.to_string() })?;
        self.case(Some(relay.query), |case| case.relayed(desk, &relay, cover, body))
    }

    fn tick<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>) -> Vec<Effect> {
        self.cases.values_mut().flat_map(|case| case.tick(desk)).collect()
    }
}

/// Which query an unchecked word of the round speaks of; the case then checks it.
fn claimed_query(envelope: &Envelope) -> Option<Digest> {
    use crate::document::{commitment::Commitment, freeze::Freeze, manifest::Manifest, upload::Upload};
    let commitment = envelope.claim::<Commitment>().ok().map(|c| c.peek().query);
    let freeze = || envelope.claim::<Freeze>().ok().map(|c| c.peek().query);
    let manifest = || envelope.claim::<Manifest>().ok().map(|c| c.peek().query);
    let upload = || envelope.claim::<Upload>().ok().map(|c| c.peek().query);
    commitment.or_else(freeze).or_else(manifest).or_else(upload)
}

fn refuse(fault: &Fault) -> Vec<Effect> {
    let refused = Refused { code: fault.code().into(), says: fault.to_string(), remedy: fault.remedy() };
    vec![Effect::Note(format!("refused: {fault}")), Effect::Reply(Reply::Refused(refused))]
}

fn keep_case(form: &StoredCase, id: Digest) -> Effect {
    Effect::Keep { role: Role::Coordinator, id, form: Octets(encode(form)) }
}
