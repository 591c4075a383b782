//! The demo trial dealt to clinics, as if each ran some of its sites.
//!
//! Whole sites are dealt, because a real clinic holds its own patients and nobody else's: largest
//! first, each to the clinic with the fewest courses so far, ties by name and by number. Equal files
//! are dealt equally. What says more than a clinic would export (`site`, `dataset`) is dropped.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Writer};

/// The files of one clinic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Dealt {
    /// A row for each course, with a header.
    pub(crate) courses_csv: String,
    /// A row for each total, with a header.
    pub(crate) assessments_csv: String,
    /// The sites whose rows these are, in the order in which they were dealt.
    pub(crate) sites: Vec<String>,
    /// Rows of the courses file.
    pub(crate) courses: usize,
}

/// Why a trial cannot be dealt. The demo's own files never give one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misdeal {
    /// No CSV, or rows of unequal length.
    #[error("the {file} file is no table: {source}")]
    NoTable {
        /// Which file.
        file: &'static str,
        /// What the CSV reader said.
        source: csv::Error,
    },
    /// No column to deal by.
    #[error("the {file} file has no column `{SITE}`")]
    NoSite {
        /// Which file.
        file: &'static str,
    },
    /// Some clinics would be empty, or there is none.
    #[error("{sites} sites cannot be dealt to {clinics} clinics")]
    Clinics {
        /// Sites of the courses file.
        sites: usize,
        /// Clinics asked for.
        clinics: usize,
    },
    /// Assessments of a site without courses.
    #[error("site `{site}` of the assessments file has no course")]
    SiteWithoutCourse {
        /// Which site.
        site: String,
    },
}

impl Misdeal {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NoTable { .. } => "deal-no-table",
            Self::NoSite { .. } => "deal-no-site",
            Self::Clinics { .. } => "deal-clinics",
            Self::SiteWithoutCourse { .. } => "deal-site-without-course",
        }
    }

    /// What whoever runs the demo can do.
    #[must_use]
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::NoTable { .. } => "use comma-separated files with a header".to_owned(),
            Self::NoSite { .. } => format!("add a column `{SITE}`"),
            Self::Clinics { sites, .. } => format!("ask for 1 to {sites} clinics"),
            Self::SiteWithoutCourse { .. } => "add its courses, or take its assessments out".to_owned(),
        }
    }
}

/// Deals a trial to `clinics` clinics. Every site goes to exactly one of them.
///
/// # Errors
/// [`Misdeal`] if a file is no table with a `site` column, or there are fewer sites than clinics.
pub(crate) fn deal(courses_csv: &str, assessments_csv: &str, clinics: usize) -> Result<Vec<Dealt>, Misdeal> {
    let courses = Table::read("courses", courses_csv)?;
    let assessments = Table::read("assessments", assessments_csv)?;
    let sizes = courses.sizes();
    if clinics == 0 || clinics > sizes.len() {
        return Err(Misdeal::Clinics { sites: sizes.len(), clinics });
    }
    let mut hands = vec![Dealt::default(); clinics];
    let mut largest_first: Vec<(&str, usize)> = sizes.into_iter().collect();
    largest_first.sort_by_key(|(site, size)| (Reverse(*size), *site));
    for (site, size) in largest_first {
        // `min_by_key` takes the first of equals, so a tie goes to the clinic of the lower number.
        if let Some(hand) = hands.iter_mut().min_by_key(|hand| hand.courses) {
            hand.sites.push(site.to_owned());
            hand.courses += size;
        }
    }
    let known = |site: &str| hands.iter().any(|hand| hand.holds(site));
    if let Some(site) = assessments.sizes().into_keys().find(|site| !known(site)) {
        return Err(Misdeal::SiteWithoutCourse { site: site.to_owned() });
    }
    for hand in &mut hands {
        hand.courses_csv = courses.of_clinic(hand)?;
        hand.assessments_csv = assessments.of_clinic(hand)?;
    }
    Ok(hands)
}

impl Dealt {
    /// Whether a site was dealt to this clinic.
    fn holds(&self, site: &str) -> bool {
        self.sites.iter().any(|own| own == site)
    }
}

/// A CSV file with its header and the place of its site column.
struct Table {
    /// Stands in errors, so that whoever reads them knows which table is meant.
    file: &'static str,
    /// Written first into every clinic's copy, without the dropped columns.
    header: StringRecord,
    /// In the order of the file, each as long as the header.
    rows: Vec<StringRecord>,
    /// Index into the header and into every row. A table without it is an error.
    site: usize,
}

impl Table {
    /// Reads a table whole; rows of unequal length are an error.
    fn read(file: &'static str, text: &str) -> Result<Self, Misdeal> {
        let no_table = |source| Misdeal::NoTable { file, source };
        let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
        let header = reader.headers().map_err(no_table)?.clone();
        let site = header.iter().position(|name| name == SITE).ok_or(Misdeal::NoSite { file })?;
        let rows = reader.records().collect::<Result<_, _>>().map_err(no_table)?;
        Ok(Self { file, header, rows, site })
    }

    /// The site that a row belongs to.
    fn site<'t>(&self, row: &'t StringRecord) -> &'t str {
        row.get(self.site).unwrap_or_default()
    }

    /// Rows of each site.
    fn sizes(&self) -> BTreeMap<&str, usize> {
        let mut sizes = BTreeMap::new();
        for row in &self.rows {
            *sizes.entry(self.site(row)).or_default() += 1;
        }
        sizes
    }

    /// The clinic's rows in the file's order, without the columns that a clinic would not have.
    fn of_clinic(&self, clinic: &Dealt) -> Result<String, Misdeal> {
        let no_table = |source| Misdeal::NoTable { file: self.file, source };
        let kept = |row: &StringRecord| {
            let cells = self.header.iter().zip(row).filter(|(column, _)| !DROPPED.contains(column));
            cells.map(|(_, cell)| cell.to_owned()).collect::<Vec<_>>()
        };
        let mut writer = Writer::from_writer(Vec::new());
        let own = self.rows.iter().filter(|row| clinic.holds(self.site(row)));
        for row in std::iter::once(&self.header).chain(own) {
            writer.write_record(kept(row)).map_err(no_table)?;
        }
        let bytes = writer.into_inner().map_err(|error| no_table(error.into_error().into()))?;
        String::from_utf8(bytes).map_err(|error| no_table(std::io::Error::other(error).into()))
    }
}

/// The column that says which site a course was treated at.
const SITE: &str = "site";
/// Columns that no clinic would export: they would say which part of the trial it holds.
const DROPPED: [&str; 2] = [SITE, "dataset"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Dealt, deal};

    const COURSES: &str = include_str!("../../../tests/data/real/hamd_duloxetine.courses.csv");
    const ASSESSMENTS: &str = include_str!("../../../tests/data/real/hamd_duloxetine.csv");

    fn trial(clinics: usize) -> Vec<Dealt> {
        deal(COURSES, ASSESSMENTS, clinics).unwrap()
    }

    fn rows(csv: &str) -> BTreeSet<&str> {
        csv.lines().skip(1).collect()
    }

    #[test]
    fn every_site_and_course_is_at_exactly_one_of_five_clinics() {
        let hands = trial(5);
        assert_eq!(hands.iter().map(|hand| hand.courses).sum::<usize>(), 172);
        let sites: Vec<_> = hands.iter().flat_map(|hand| &hand.sites).collect();
        assert_eq!((sites.len(), sites.iter().collect::<BTreeSet<_>>().len()), (17, 17));
        let courses: BTreeSet<_> = hands.iter().flat_map(|hand| rows(&hand.courses_csv)).collect();
        let assessments: BTreeSet<_> = hands.iter().flat_map(|hand| rows(&hand.assessments_csv)).collect();
        assert_eq!((courses.len(), assessments.len()), (172, 1_993));
        for Dealt { courses_csv, courses, .. } in &hands {
            assert_eq!(rows(courses_csv).len(), *courses, "as many rows as it says");
        }
    }

    #[test]
    fn clinics_are_as_equal_as_whole_sites_allow() {
        let sizes: Vec<_> = trial(5).iter().map(|hand| hand.courses).collect();
        assert_eq!(sizes.iter().max(), Some(&38), "the largest site alone");
        assert!(sizes.iter().all(|size| (30..=38).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_clinic_gets_its_own_courses_assessments_and_no_others() {
        for Dealt { courses_csv, assessments_csv, .. } in trial(5) {
            let id = |row: &str| row.split(',').next().map(str::to_owned);
            let own: BTreeSet<_> = rows(&courses_csv).into_iter().map(id).collect();
            assert_eq!(rows(&assessments_csv).into_iter().map(id).collect::<BTreeSet<_>>(), own);
        }
    }

    #[test]
    fn clinics_do_not_learn_that_they_are_sites_of_a_trial() {
        for hand in trial(3) {
            assert!(hand.courses_csv.starts_with("course_id,arm,sex,age,tte_name,tte_days,tte_event\n"));
            assert!(hand.assessments_csv.starts_with("course_id,arm,instrument,day,value\n"));
            assert!(!hand.courses_csv.contains("INV") && !hand.assessments_csv.contains("hamd_duloxetine"));
        }
    }

    #[test]
    fn equal_files_are_dealt_equally() {
        assert_eq!(trial(5), trial(5));
        let by_name = deal("site,c\nb,1\na,2\nc,3\n", "site,c\n", 2).unwrap();
        let sites: Vec<_> = by_name.into_iter().map(|hand| hand.sites).collect();
        assert_eq!(sites, [vec!["a", "c"], vec!["b"]], "ties by name, then by number");
    }

    #[test]
    fn one_clinic_may_hold_all_and_each_site_may_be_a_clinic() {
        assert_eq!(trial(1).first().map(|hand| hand.courses), Some(172));
        assert!(trial(17).iter().all(|hand| hand.sites.len() == 1));
    }

    #[test]
    fn what_cannot_be_dealt_is_refused() {
        let cases = [
            (COURSES, ASSESSMENTS, 0, "deal-clinics", "no clinic"),
            (COURSES, ASSESSMENTS, 18, "deal-clinics", "more clinics than sites"),
            ("", ASSESSMENTS, 5, "deal-no-site", "an empty file"),
            (COURSES, "course_id,value\n", 5, "deal-no-site", "nothing to deal by"),
            ("site,c\na,1,2\n", "site,c\n", 1, "deal-no-table", "a row with a cell too many"),
            ("site,c\na,1\n", "site,c\nb,1\n", 1, "deal-site-without-course", "assessments of nobody"),
        ];
        for (courses, assessments, clinics, code, why) in cases {
            let error = deal(courses, assessments, clinics).expect_err(why);
            assert_eq!(error.code(), code, "{why}: {error}");
            assert!(!error.remedy().is_empty(), "{why}");
        }
    }
}
