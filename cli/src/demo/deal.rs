//! Deals whole sites of the trial to clinics.

use std::collections::BTreeMap;

/// One clinic's part of the trial.
pub(super) struct Dealt {
    pub(super) courses_csv: String,
    pub(super) assessments_csv: String,
}

/// Deals.
pub(super) fn deal(courses: &str, assessments: &str, clinics: usize) -> Vec<Dealt> {
    let mut sites: BTreeMap<&str, usize> = BTreeMap::new();
    for row in courses.lines().skip(1) {
        *sites.entry(row.split(',').nth(1).unwrap_or_default()).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = sites.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut sizes = vec![0_usize; clinics];
    let mut home: BTreeMap<&str, usize> = BTreeMap::new();
    for (site, size) in order {
        let at = (0..clinics).min_by_key(|i| sizes.get(*i).copied().unwrap_or(usize::MAX)).unwrap_or(0);
        if let Some(s) = sizes.get_mut(at) {
            *s += size;
        }
        home.insert(site, at);
    }
    let part = |csv: &str, at: usize| {
        let keep = |row: &&str| home.get(row.split(',').nth(1).unwrap_or_default()) == Some(&at);
        let cut = |row: &str| row.splitn(3, ',').nth(2).unwrap_or_default().to_owned() + "\n";
        let header = csv.lines().take(1).map(cut);
        header.chain(csv.lines().skip(1).filter(keep).map(cut)).collect::<String>()
    };
    (0..clinics).map(|at| Dealt { courses_csv: part(courses, at), assessments_csv: part(assessments, at) }).collect()
}
