//! The same question of the same records, however they are split over clinics.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sumac_protocol::answer::{Answer, AnswerInput, Operators, answer, suppress};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::question::compile;
use sumac_protocol::record::Course;
use sumac_protocol::share::{Parties, check_fit};

use crate::trials::Trial;

/// A trial, and the clinics that its records were split over: in each of several ways.
pub(crate) struct Pooling<'a> {
    pub(crate) trial: &'a Trial,
    splits: Vec<Vec<Vec<&'a Course>>>,
    /// What was asked before.
    known: RefCell<BTreeMap<(String, u64), Result<Answer, String>>>,
}

impl<'a> Pooling<'a> {
    pub(crate) fn of(trial: &'a Trial) -> Self {
        let mut by_site: BTreeMap<&str, Vec<&Course>> = BTreeMap::new();
        for (site, course) in &trial.courses {
            by_site.entry(site).or_default().push(course);
        }
        let mut splits: Vec<Vec<Vec<&Course>>> = vec![by_site.into_values().collect()];
        for clinics in [2, 3, 5, 9] {
            let mut split = vec![Vec::new(); clinics];
            for (at, (_, course)) in trial.courses.iter().enumerate() {
                split[(at * 7 + at / 11) % clinics].push(course);
            }
            assert!(split.iter().all(|clinic| !clinic.is_empty()));
            splits.push(split);
        }
        Self { trial, splits, known: RefCell::default() }
    }

    /// The answer with every group shown that has anybody in it, or why there is none.
    pub(crate) fn ask(&self, text: &str) -> Result<Answer, String> {
        self.ask_with(text, 1)
    }

    /// The same with groups held back that are smaller.
    pub(crate) fn ask_with(&self, text: &str, cohort_min: u64) -> Result<Answer, String> {
        let known = self.known.borrow().get(&(text.to_owned(), cohort_min)).cloned();
        known.unwrap_or_else(|| {
            let answered = self.answered(text, cohort_min);
            self.known.borrow_mut().insert((text.to_owned(), cohort_min), answered.clone());
            answered
        })
    }

    fn answered(&self, text: &str, cohort_min: u64) -> Result<Answer, String> {
        let plan = compile(text, &self.trial.dictionary, Mode::Exact).map_err(|why| why.to_string())?;
        // What a federation of as many clinics as the largest trial has sites could be asked.
        check_fit(&plan, &Parties::new(300, 17, 3)).map_err(|why| why.to_string())?;
        let mut sums: Vec<Vec<i128>> = self.splits.iter().map(|clinics| self.released(&plan, clinics)).collect();
        let released = sums.pop().unwrap();
        assert!(sums.iter().all(|other| *other == released), "the sum of the cells depends on the clinics: {text}");
        Ok(told(&plan, released, cohort_min))
    }

    /// Each clinic's raw cells, added up and re-centred.
    fn released(&self, plan: &Plan, clinics: &[Vec<&Course>]) -> Vec<i128> {
        let mut sum = vec![0_i128; plan.cell_count()];
        for clinic in clinics {
            let patients = clinic.iter().map(|course| std::slice::from_ref(*course));
            let mut cells = plan.raw_cells(&self.trial.dictionary, patients);
            cells.zero_small_groups(plan, 1);
            sum.iter_mut().zip(cells.expose()).for_each(|(sum, cell)| *sum += i128::from(*cell));
        }
        plan.recentre(&sum).unwrap()
    }
}

/// What a release without noise tells: the counts are opened, small groups zeroed, the rest is added up.
pub(crate) fn told(plan: &Plan, mut released: Vec<i128>, cohort_min: u64) -> Answer {
    let opened: Vec<i128> = released
        .chunks_exact(plan.blocks.len())
        .flat_map(|group| plan.opened_blocks().into_iter().map(|at| group[at]))
        .collect();
    let suppressed = suppress(plan, &opened, cohort_min, 3);
    for (group, _) in released.chunks_exact_mut(plan.blocks.len()).zip(&suppressed).filter(|(_, held)| **held) {
        group.fill(0);
    }
    answered(plan, &released, &suppressed, cohort_min)
}

/// The answer to these released cells, all groups shown.
pub(crate) fn shown(plan: &Plan, released: &[i128]) -> Answer {
    answered(plan, released, &vec![false; plan.group_count()], 1)
}

fn answered(plan: &Plan, released: &[i128], suppressed: &[bool], cohort_min: u64) -> Answer {
    let told = answer(AnswerInput {
        plan,
        study: "parity",
        release: Digest::of(Label::Release, &[]),
        rho: RhoMicro(0),
        delta_per_1e12: 0,
        operators: Operators { asked: 9, counted: 9 },
        cohort_min,
        aggregators: 3,
        suppressed,
        merged: &[],
        released,
    })
    .unwrap();
    let text = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), told, "an answer survives being written and read");
    told
}
