use sumac_protocol::dictionary::Dictionary;

use super::{FieldPlace, Layout};
use crate::columns::column::{ColumnId, Width};

fn category(id: &str, values: usize) -> String {
    let values: Vec<String> = (0..values).map(|n| format!("\"v{n}\"")).collect();
    format!(
        "[[field]]\nid = \"{id}\"\ncategory = \"treatment\"\ntype = \"category\"\nvalues = [{}]\n",
        values.join(", ")
    )
}

fn layout(text: &str) -> Layout {
    Layout::of(&Dictionary::parse(&format!("name = 'd'\nversion = 1\n{text}")).unwrap())
}

#[test]
fn small_categories_share_a_byte_and_a_large_one_is_in_no_column() {
    let text = [category("a", 6), category("b", 5), category("c", 5), category("d", 256), category("e", 255)].concat();
    let layout = layout(&text);
    let column = |id: &str| match layout.field(id) {
        Some(FieldPlace::Category { digit, .. }) => Some(digit.column),
        Some(FieldPlace::Flag { .. } | FieldPlace::Number { .. }) | None => None,
    };
    let (first, second) = (ColumnId::packed(0), ColumnId::packed(1));
    assert_eq!(column("a"), Some(first));
    assert_eq!(column("b"), Some(first), "7 · 6 patterns");
    assert_eq!(column("c"), Some(first), "7 · 6 · 6 = 252 patterns, and not one more would fit");
    assert_eq!(column("d"), None);
    assert_eq!(column("e"), Some(second), "255 values and missing fill a byte; one more has no place");
}

#[test]
fn digits_of_one_byte_do_not_disturb_each_other() {
    let layout = layout(&[category("a", 6), category("b", 5), category("c", 5)].concat());
    let digits: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|id| match layout.field(id) {
            Some(FieldPlace::Category { digit, .. }) => *digit,
            other => panic!("{other:?}"),
        })
        .collect();
    for (a, b, c) in (0..7).flat_map(|a| (0..6).flat_map(move |b| (0..6).map(move |c| (a, b, c)))) {
        let wanted = [a, b, c];
        let byte: u8 = digits.iter().zip(wanted).map(|(digit, n)| digit.write(n).unwrap()).sum();
        let read: Vec<usize> = digits.iter().map(|digit| usize::from(digit.read(byte))).collect();
        assert_eq!(read, wanted);
    }
    assert_eq!(digits[0].write(7), None, "there are six values");
}

#[test]
fn a_number_lies_in_the_fewest_bytes() {
    let number = |min: i64, max: i64| {
        let text = format!(
            "[[field]]\nid = \"n\"\ncategory = \"treatment\"\ntype = \"number\"\nmin = {min}\nmax = {max}\ndecimals = 0\n"
        );
        match layout(&text).field("n") {
            Some(FieldPlace::Number { column, scale }) => Some((*column, scale.width)),
            Some(FieldPlace::Category { .. } | FieldPlace::Flag { .. }) | None => None,
        }
    };
    let column = ColumnId::number(0);
    assert_eq!(number(-127, 127), Some((column, Width::One)));
    assert_eq!(number(0, 255), Some((column, Width::Two)));
    assert_eq!(number(0, 100_000), Some((column, Width::Four)));
}
