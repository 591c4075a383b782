//! The plain table as comma-separated values (RFC 4180), with a heading.

use super::{Cells, Tidy};
use crate::failure::Failure;
use crate::show::answer::number::exact;

/// Writes all rows. What nothing stands in is empty.
pub(super) fn write(tidy: &Tidy) -> Result<String, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::bug(format!("the answer cannot be written as CSV: {why}"));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let names = tidy.columns.iter().map(|(name, _)| name.as_str());
    writer.write_record(names).map_err(|why| failed(&why))?;
    for row in 0..tidy.len() {
        let cells = tidy.columns.iter().map(|(_, cells)| cell(cells, row));
        writer.write_record(cells).map_err(|why| failed(&why))?;
    }
    let bytes = writer.into_inner().map_err(|why| failed(&why))?;
    String::from_utf8(bytes).map_err(|why| failed(&why))
}

/// A cell as text; empty where nothing is known, which is not the same as 0.
fn cell(cells: &Cells, row: usize) -> String {
    match cells {
        Cells::Text(cells) => cells.get(row).and_then(Option::as_deref).map(harmless).unwrap_or_default(),
        Cells::Whole(cells) => cells.get(row).copied().flatten().map(|whole| whole.to_string()).unwrap_or_default(),
        Cells::Number(cells) => cells.get(row).copied().flatten().map(exact).unwrap_or_default(),
        Cells::Truth(cells) => cells.get(row).copied().unwrap_or_default().to_string(),
    }
}

/// A text that a spreadsheet does not take for a formula: a name that begins as one is told from it by a quote, as OWASP
/// advises against CSV injection. A band such as `<18` or `18+` begins as none.
fn harmless(text: &str) -> String {
    let text = crate::show::one_line(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}
