use super::{NONCE, ROOT, everything, everything_of, verify};
use crate::cost::RhoMicro;
use crate::plan::{Block, BlockKind, Mode};
use crate::privacy::trial::{count, mean_of, plan, rate_of};
use crate::share::{Cell, Circuit, Parties, Shape, SharingError};

#[test]
fn shares_add_up_to_the_contribution_and_cells_that_break_a_bound_are_refused_at_home() {
    let plan = plan(Mode::Exact, &["a", "b"], vec![count(), mean_of("x", -10, 42, None), rate_of("y")]);
    let circuit = Circuit::new(&plan, &Parties::new(100, 5, 3)).unwrap();
    let honest = [5, 4, 100, 2_800, 3, 2, 0, 0, 0, 0, 0, 0];
    let split = circuit.split(b"c", &NONCE, &honest).unwrap();
    assert_eq!(verify(&circuit, b"c", &split), Ok(honest.map(i128::from).to_vec()));
    let cases: [(&str, usize, u64); 6] = [
        ("more courses than patients", 0, 101),
        ("more values than courses", 1, 6),
        ("a sum beyond the range", 2, 4 * 52 + 1),
        ("squares below what the sum takes", 3, 2_499),
        ("squares beyond the range", 3, 5_201),
        ("more yes than answers", 5, 4),
    ];
    for (why, at, value) in cases {
        let mut cells = honest;
        cells[at] = value;
        assert_eq!(circuit.split(b"c", &NONCE, &cells).unwrap_err(), SharingError::OutOfRange, "{why}");
    }
    let short = circuit.split(b"c", &NONCE, &honest[1..]);
    assert_eq!(short.unwrap_err(), SharingError::OutOfRange, "a cell is missing");
}

#[test]
fn sides_that_disagree_on_the_context_reject_each_other() {
    let circuit = Circuit::of_shape(&everything(2, 50), 3).unwrap();
    let split = circuit.split(b"one", &NONCE, &everything_of(&[Some((3, 4)), None]).repeat(2)).unwrap();
    assert_eq!(verify(&circuit, b"two", &split), Err(SharingError::Rejected));
    assert!(verify(&circuit, b"one", &split).is_ok());
}

#[test]
fn whatever_changes_how_shares_decode_changes_the_parameters() {
    let of = |shape: &Shape, k| Circuit::of_shape(shape, k).unwrap().parameters().digest();
    let cells = |width| vec![ROOT, Cell::Sum { count: 0, width }, Cell::Bin { count: 0, histogram: 0 }];
    let first = of(&Shape::new(2, 50, cells(9)), 3);
    let others = [
        ("another width of the same bits", of(&Shape::new(2, 50, cells(10)), 3)),
        ("more courses of the same bits", of(&Shape::new(2, 51, cells(9)), 3)),
        ("another group", of(&Shape::new(3, 50, cells(9)), 3)),
        ("another member", of(&Shape::new(2, 50, cells(9)), 4)),
        ("a bin that is a count of its own", of(&Shape::new(2, 50, vec![ROOT, cells(9)[1], ROOT]), 3)),
    ];
    for (why, other) in others {
        assert_ne!(first, other, "{why}");
    }
    assert_eq!(first, of(&Shape::new(2, 50, cells(9)), 3));
}

#[test]
fn a_plan_has_the_shape_of_its_blocks_whatever_their_order() {
    let mut asked = plan(Mode::Dp, &["a"], vec![mean_of("x", 0, 52, None), count(), rate_of("y")]);
    asked.courses_per_patient = 3;
    let want = [
        Cell::Count { within: Some(3) },
        Cell::Sum { count: 0, width: 52 },
        Cell::Squares { sum: 1 },
        ROOT,
        Cell::Count { within: Some(3) },
        Cell::Sum { count: 4, width: 1 },
    ];
    let shape = Shape::of(&asked, 70).unwrap();
    assert_eq!((shape.cells(), shape.groups(), shape.courses_max()), (want.as_slice(), 1, 210));
    let alone = plan(Mode::Dp, &[], vec![rate_of("y")]);
    assert_eq!(Shape::of(&alone, 70).unwrap().cells(), [ROOT, Cell::Sum { count: 0, width: 1 }]);
    for kind in [BlockKind::Sum, BlockKind::Squares] {
        asked.blocks = vec![Block { quantity: Some(0), kind, rho: RhoMicro(0), sigma: 0 }];
        assert_eq!(Shape::of(&asked, 70).unwrap_err().at, 0, "{kind:?} stands without what bounds it");
    }
}

#[test]
fn a_shape_of_absurd_numbers_is_refused_without_a_panic() {
    let wide =
        |width| vec![ROOT, Cell::Sum { count: 0, width }, Cell::Squares { sum: 1 }, Cell::Product { x: 1, y: 1 }];
    let bin = Cell::Bin { count: 0, histogram: 0 };
    let bins = vec![ROOT, bin, bin, bin, bin];
    let cases = [
        ("no groups", 0, 9, wide(9), "nothing-to-share"),
        ("no courses, and a range that overflows", 1, 0, wide(u64::MAX), "nothing-to-share"),
        ("no cells", 1, 9, vec![], "nothing-to-share"),
        ("a range that overflows", 1, 9, wide(u64::MAX), "sum-overflows"),
        ("groups that overflow", usize::MAX, 9, wide(9), "counts-overflow"),
        ("courses that overflow", 1, u64::MAX, vec![ROOT], "sum-overflows"),
        ("more elements than any study has", 1 << 20, 9, wide(9), "too-many-elements"),
        ("more bins than can be counted", 1, 1 << 58, bins, "counts-overflow"),
    ];
    for (why, groups, courses, cells, want) in cases {
        let refused = Circuit::of_shape(&Shape::new(groups, courses, cells), 3).unwrap_err();
        assert_eq!(refused.code(), want, "{why}");
    }
}

#[test]
fn a_cell_that_names_what_is_no_count_or_sum_gets_no_circuit() {
    let cases: [(&str, Vec<Cell>); 8] = [
        ("a part of itself", vec![Cell::Count { within: Some(0) }]),
        ("a part of a part", vec![ROOT, Cell::Count { within: Some(0) }, Cell::Count { within: Some(1) }]),
        ("a sum of no count", vec![ROOT, Cell::Sum { count: 1, width: 3 }]),
        ("a sum of a cell beyond the last", vec![ROOT, Cell::Sum { count: 2, width: 3 }]),
        ("squares of a count", vec![ROOT, Cell::Squares { sum: 0 }]),
        ("bins of a sum", vec![ROOT, Cell::Sum { count: 0, width: 3 }, Cell::Bin { count: 1, histogram: 0 }]),
        ("a product with a count", vec![ROOT, Cell::Sum { count: 0, width: 3 }, Cell::Product { x: 0, y: 1 }]),
        (
            "a product over different courses",
            vec![
                ROOT,
                Cell::Count { within: Some(0) },
                Cell::Sum { count: 0, width: 3 },
                Cell::Sum { count: 1, width: 3 },
                Cell::Product { x: 2, y: 3 },
            ],
        ),
    ];
    for (why, cells) in cases {
        let refused = Circuit::of_shape(&Shape::new(1, 9, cells), 3).unwrap_err();
        assert_eq!(refused.code(), "misshapen-plan", "{why}");
    }
}
