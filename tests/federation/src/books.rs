//! A clinic's records, consents and charges in memory, by the rules of the node's own books.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cohort::{Candidate, Cohort, ConsentView};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::{History, Statement, StatementError, admit_statement};
use sumac_protocol::document::enrolment::{Enrolment, EnrolmentError, admit_enrolment};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;
use sumac_protocol::record::Record;
use sumac_protocol::round::progress::Refused;
use sumac_protocol::round::quota::{Asked, within_quotas};
use sumac_protocol::round::{Order, Outcome, Selection};

/// Everything a clinic keeps of its patients. Survives every crash.
#[derive(Debug)]
pub struct Books {
    clinic: Principal,
    rows: BTreeMap<u32, Row>,
    ledger: u64,
    charges: Vec<Charge>,
    /// What uploads commit to in place of the ledger that the cohort is selected under, if this clinic lies.
    pub commits_to: Option<Digest>,
    /// The cells of every cohort that was ever selected, to look for in messages.
    pub cells_seen: Vec<Vec<u64>>,
    /// The cells of each attempt's cohort.
    pub cells_of: BTreeMap<(Digest, u8), Vec<u64>>,
    /// The rows of each attempt's cohort.
    pub rows_of: BTreeMap<(Digest, u8), Vec<u32>>,
}

/// One query's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The query.
    pub query: Digest,
    /// The study it was asked in.
    pub study: Digest,
    /// The question's text, as its SHA-256.
    pub text: Digest,
    /// What every selected patient was charged.
    pub rho: RhoMicro,
    /// When.
    pub at: Moment,
    /// The rows of those selected.
    pub rows: Vec<u32>,
    /// How long the consent ledger was.
    pub ledger_position: u64,
    /// How it ended; nothing while that is not known.
    pub ended: Option<Outcome>,
}

impl Charge {
    /// Whether the debit stands.
    #[must_use]
    pub const fn stands(&self) -> bool {
        matches!(self.ended, None | Some(Outcome::Released(_)))
    }
}

#[derive(Debug)]
struct Row {
    record: Record,
    enrolment: Option<Verified<Enrolment>>,
    statements: Vec<(u64, Verified<Statement>)>,
}

impl Books {
    /// Empty books.
    #[must_use]
    pub const fn new(clinic: Principal) -> Self {
        Self {
            clinic,
            rows: BTreeMap::new(),
            ledger: 0,
            charges: Vec::new(),
            commits_to: None,
            cells_seen: Vec::new(),
            cells_of: BTreeMap::new(),
            rows_of: BTreeMap::new(),
        }
    }

    /// Keeps a patient's record.
    pub fn keep_record(&mut self, row: u32, record: Record) {
        let new = Row { record: Record::default(), enrolment: None, statements: Vec::new() };
        self.rows.entry(row).or_insert(new).record = record;
    }

    /// Takes a patient's enrolment.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn enrol(&mut self, row: u32, envelope: &Envelope, chain: &CharterChain) -> Result<(), EnrolmentError> {
        let enrolment = admit_enrolment(envelope, chain.current(), &self.clinic)?;
        self.rows.get_mut(&row).unwrap().enrolment = Some(enrolment);
        Ok(())
    }

    /// Takes a patient's statement into the ledger.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn take_statement(&mut self, row: u32, envelope: &Envelope) -> Result<u64, StatementError> {
        let row = self.rows.get_mut(&row).unwrap();
        let patient = row.enrolment.as_ref().unwrap().patient;
        let statement = admit_statement(envelope, &self.clinic, &patient)?;
        let mut history = History::new();
        row.statements.iter().for_each(|(_, known)| history.append(known));
        history.accepts(&statement)?;
        row.statements.push((self.ledger, statement));
        self.ledger += 1;
        Ok(self.ledger - 1)
    }

    /// A patient's statements, as they were signed, in the ledger's order.
    pub fn statements(&self, row: u32) -> impl Iterator<Item = &Envelope> {
        self.rows[&row].statements.iter().map(|(_, statement)| statement.envelope())
    }

    /// What a patient said, in the ledger's order and with its positions.
    pub fn said(&self, row: u32) -> impl Iterator<Item = (u64, &Statement)> {
        self.rows.get(&row).into_iter().flat_map(|row| &row.statements).map(|(at, said)| (*at, &**said))
    }

    /// What the next statement of a patient must name.
    #[must_use]
    pub fn next_statement(&self, row: u32) -> (u64, Option<Digest>) {
        let mut history = History::new();
        self.rows[&row].statements.iter().for_each(|(_, known)| history.append(known));
        (history.next_sequence(), history.last())
    }

    /// Selects and debits in one step that no crash divides.
    pub fn select(&mut self, order: &Order, now: Moment, rng: &mut impl Rng) -> Selection {
        let (inquiry, id) = (&order.inquiry, order.inquiry.id());
        let before = self.charge(id);
        let declined = if before.is_none() { self.overspent(order, now) } else { None };
        if declined.is_some() {
            return Selection { query: id, attempt: order.attempt, cells: None, ledger: Digest([0; 32]), declined };
        }
        let only: Option<BTreeSet<u32>> = before.map(|charge| charge.rows.iter().copied().collect());
        let (view, ledger) = self.consents(now, rng);
        // What this query itself was charged before does not stand in its own way.
        let own =
            |row: u32| before.filter(|charge| charge.rows.contains(&row)).map_or(RhoMicro(0), |charge| charge.rho);
        let spent = |row: &u32| self.spent(*row, now).after(own(*row)).unwrap_or_default();
        let counted = self.counted(order);
        let candidates = self.rows.iter().filter(|(row, _)| !counted.contains(row));
        let candidates = candidates.map(|(row, kept)| Candidate { row: *row, record: &kept.record, spent: spent(row) });
        let cohort = Cohort::select(&view, inquiry, &self.clinic, candidates, only.as_ref());
        // Selected again after a void attempt: whoever withdrew since is out, and has the debit back.
        let charge = Charge {
            query: id,
            study: inquiry.study().digest(),
            text: Digest::of_bytes(inquiry.query().text.as_bytes()),
            rho: inquiry.query().rho,
            at: before.map_or(now, |charge| charge.at),
            rows: cohort.rows().to_vec(),
            ledger_position: cohort.position(),
            ended: None,
        };
        match self.charges.iter_mut().find(|charge| charge.query == id) {
            Some(known) => *known = charge,
            None => self.charges.push(charge),
        }
        self.rows_of.insert((id, order.attempt), cohort.rows().to_vec());
        let cells = cohort.into_cells();
        self.cells_seen.push(cells.expose().to_vec());
        self.cells_of.insert((id, order.attempt), cells.expose().to_vec());
        Selection { query: id, attempt: order.attempt, cells: Some(cells), ledger, declined: None }
    }

    /// Closes a query's entry, if there is one.
    pub fn settle(&mut self, query: Digest, outcome: Outcome) {
        if let Some(charge) = self.charges.iter_mut().find(|charge| charge.query == query) {
            charge.ended = Some(outcome);
        }
    }

    /// Every query's entry, in order.
    #[must_use]
    pub fn charges(&self) -> &[Charge] {
        &self.charges
    }

    /// The entry of a query.
    #[must_use]
    pub fn charge(&self, query: Digest) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.query == query)
    }

    /// How many statements the ledger has.
    #[must_use]
    pub const fn ledger_length(&self) -> u64 {
        self.ledger
    }

    /// What a patient was charged in the 365 days before.
    #[must_use]
    pub fn spent(&self, row: u32, now: Moment) -> RhoMicro {
        let recent = |charge: &&Charge| charge.stands() && now.since(charge.at) < Millis::BUDGET_YEAR;
        self.charges.iter().filter(recent).filter(|charge| charge.rows.contains(&row)).map(|charge| charge.rho).sum()
    }

    /// Who was counted by another query of this text, where nobody may be counted twice.
    fn counted(&self, order: &Order) -> BTreeSet<u32> {
        let (inquiry, text) = (&order.inquiry, Digest::of_bytes(order.inquiry.query().text.as_bytes()));
        let earlier =
            self.charges.iter().filter(|charge| inquiry.counts_nobody_twice() && charge.query != inquiry.id());
        let same =
            |charge: &&Charge| charge.study == inquiry.study().digest() && charge.text == text && charge.stands();
        earlier.filter(same).flat_map(|charge| charge.rows.iter().copied()).collect()
    }

    fn overspent(&self, order: &Order, now: Moment) -> Option<Refused> {
        let (study, cost) = (order.inquiry.study(), order.inquiry.query().rho);
        let same = |charge: &&Charge| charge.study == study.digest() && charge.stands();
        let text = Digest::of_bytes(order.inquiry.query().text.as_bytes());
        let asked = Asked {
            this_text: self.charges.iter().filter(same).filter(|charge| charge.text == text).count(),
            in_all: self.charges.iter().filter(same).count(),
            today: self.charges.iter().filter(|charge| charge.study == study.digest()).count(),
        };
        if let Err(refused) = within_quotas(&order.inquiry, asked) {
            return Some(refused);
        }
        let spent: RhoMicro = self.charges.iter().filter(same).map(|charge| charge.rho).sum();
        let recent = |charge: &&Charge| now.since(charge.at) < Millis::BUDGET_YEAR;
        let spent_year: RhoMicro = self.charges.iter().filter(same).filter(recent).map(|charge| charge.rho).sum();
        [(study.rho_total, spent), (study.rho_year, spent_year)].into_iter().find_map(|(budget, spent)| {
            let left = budget.after(spent).unwrap_or_default();
            left.after(cost).is_none().then(|| Refused {
                code: "budget-spent".into(),
                says: format!("the query costs {cost} and the study has {left} left"),
                remedy: format!("ask at a lower price (at most {left}), or ask the stewards for a larger study"),
            })
        })
    }

    fn consents(&self, now: Moment, rng: &mut impl Rng) -> (ConsentView<'static>, Digest) {
        let mut view = ConsentView::new(self.ledger, now);
        let mut leaves = BTreeMap::new();
        for (number, row) in &self.rows {
            if row.enrolment.as_ref().is_none_or(|enrolment| now < enrolment.grants_from()) {
                continue;
            }
            leaves.extend(row.statements.iter().map(|(at, statement)| (*at, statement.digest())));
            view.enrolled(*number, row.statements.iter().map(|(_, statement)| statement));
        }
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        let mut parts: Vec<&[u8]> = vec![&salt];
        parts.extend(leaves.values().map(Digest::bytes));
        (view, self.commits_to.unwrap_or_else(|| Digest::of(Label::LedgerCommitment, &parts)))
    }
}
