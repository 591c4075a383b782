//! An answer for a terminal: rows of at most eighty columns.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use sumac_protocol::answer::Answer;

use super::about::About;
use super::block::{Block, Shown, block};
use super::words::{compare, price, warnings};
use crate::show::{WIDTH, wrap};

/// The lines of an answer: a table for each estimate, then what compares the groups, and what to know.
pub(super) fn lines(answer: &Answer, about: &About) -> Vec<String> {
    let mut lines = Vec::new();
    let prose = |lines: &mut Vec<String>, text: &str| lines.extend(wrap::rows(text, "", "  "));
    for at in 0..about.asked.len() {
        let Some(block) = block(answer, about, at) else { continue };
        prose(&mut lines, &block.title);
        lines.extend(rows(&block));
        for below in &block.below {
            lines.extend(wrap::rows(below, " ", "   "));
        }
        lines.push(String::new());
    }
    for comparison in &answer.comparisons {
        let asked = about.asked.iter().find(|asked| asked.name == comparison.name);
        prose(&mut lines, &compare(comparison, asked));
    }
    for warning in warnings(answer, about) {
        prose(&mut lines, &warning);
    }
    prose(&mut lines, &format!("{} of {} operators counted", answer.operators.counted, answer.operators.asked));
    prose(&mut lines, &price(answer));
    lines
}

/// A table of one estimate, without the columns that a terminal has no room for.
fn rows(block: &Block) -> Vec<String> {
    let kept = |at: usize| {
        let column = block.columns.get(at).filter(|column| column.shown != Shown::Page);
        // A column that nothing stands in takes room from those that hold something.
        column.filter(|_| block.rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty())))
    };
    let columns: Vec<usize> = (0..block.columns.len()).filter(|at| kept(*at).is_some()).collect();
    let cells = |row: &Vec<String>| columns.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<_>>();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(columns.iter().filter_map(|at| block.columns.get(*at)).map(|column| column.heading));
    table.add_rows(block.rows.iter().map(cells));
    for (place, at) in columns.iter().enumerate() {
        if let Some(column) = table.column_mut(place)
            && block.columns.get(*at).is_some_and(|column| column.right)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.to_string().lines().map(|row| row.trim_end().to_owned()).collect()
}
