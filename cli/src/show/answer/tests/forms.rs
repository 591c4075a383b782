//! The plain table as CSV and as Parquet says the same.

use std::io::Write as _;

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::{Tidy, cases};

#[test]
fn a_parquet_file_reads_back_as_what_the_csv_says() {
    for case in cases() {
        let tidy = Tidy::of(&case.answer, &case.about);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&tidy.parquet().unwrap()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns());
        let read: Vec<Vec<(String, String)>> = rows
            .map(|row| row.into_iter().map(|(name, field)| (name, field.to_string().replace("null", ""))).collect())
            .collect();
        let text = tidy.csv().unwrap();
        let mut csv = ::csv::Reader::from_reader(text.as_bytes());
        let headings = csv.headers().unwrap().clone();
        let written: Vec<::csv::StringRecord> = csv.records().map(|row| row.unwrap()).collect();
        assert_eq!(read.len(), written.len(), "{}", case.why);
        for (read, written) in read.iter().zip(&written) {
            assert!(read.iter().map(|(name, _)| name.as_str()).eq(headings.iter()), "{}", case.why);
            for ((name, read), written) in read.iter().zip(written) {
                match (read.parse::<f64>(), written.parse::<f64>()) {
                    (Ok(read), Ok(written)) => assert!((read - written).abs() < 1e-12, "{}: {name}", case.why),
                    _ if name == "paradigm" => {}
                    _ => assert_eq!(read.trim_matches('"'), written, "{}: {name}", case.why),
                }
            }
        }
    }
}

#[test]
fn a_spreadsheet_takes_no_name_for_a_formula() {
    let case = cases().into_iter().find(|case| case.why == "names that are markup").unwrap();
    let text = Tidy::of(&case.answer, &case.about).csv().unwrap();
    assert!(text.lines().any(|line| line.starts_with("'=,courses,count")), "{text}");
}
