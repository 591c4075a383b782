//! Random records and random plans over a dictionary that has one of everything.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::{Dictionary, Fraction};
use sumac_protocol::plan::{
    Block, BlockKind, Condition, Gain, Grouping, Measure, MissingEndpoint, Mode, Plan, Quantity, Relation,
    SEMANTICS_VERSION, Timepoint,
};
use sumac_protocol::record::{Assessment, Course, FieldValue};

pub(crate) fn dictionary(baseline: &str) -> Dictionary {
    let instrument = |id: &str, max: i64, better: &str| {
        format!(
            "[[instrument]]\nid = '{id}'\nversion = '1'\ncategory = 'outcomes'\nmin = 0\nmax = {max}\n\
             better = '{better}'\nsource = 's'\nlicence = 'l'\n"
        )
    };
    let field = |id: &str, what: &str| format!("[[field]]\nid = '{id}'\ncategory = 'treatment'\n{what}\n");
    let text = [
        format!("name = 'd'\nversion = 1\nbaseline = '{baseline}'\n"),
        instrument("LOW", 27, "lower"),
        instrument("HIGH", 300, "higher"),
        instrument("WIDE", 100_000, "lower"),
        instrument("PLAIN", 10, "neutral"),
        field("a", "type = 'category'\nvalues = ['a1', 'a2', 'a3']"),
        field("b", "type = 'category'\nvalues = ['b1', 'b2', 'b3', 'b4']"),
        field(
            "c",
            "type = 'category'\nvalues = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12']",
        ),
        field("f", "type = 'flag'"),
        field("g", "type = 'flag'"),
        field("n", "type = 'number'\nmin = -100\nmax = 900"),
    ];
    Dictionary::parse(&text.concat()).unwrap()
}

const INSTRUMENTS: [(&str, i64); 4] = [("LOW", 27), ("HIGH", 300), ("WIDE", 100_000), ("PLAIN", 10)];
const CATEGORIES: [(&str, usize); 3] = [("a", 3), ("b", 4), ("c", 12)];

/// The courses of one patient: mostly one, sometimes none, sometimes three; some with values that fit no column.
pub(crate) fn patient() -> impl Strategy<Value = Vec<Course>> {
    let courses = prop_oneof![1 => Just(0_usize), 8 => Just(1), 2 => Just(2), 1 => Just(3)];
    courses.prop_flat_map(|courses| vec(course(), courses))
}

fn course() -> impl Strategy<Value = Course> {
    let code = |id: &'static str, values: usize| {
        let codes = (0..=values).map(move |n| if n == 0 { "unknown".to_owned() } else { format!("{id}{n}") });
        let odd = prop_oneof![40 => Just(None), 1 => Just(Some(FieldValue::Category("gone".into())))];
        let usual = select(codes.collect::<Vec<_>>()).prop_map(FieldValue::Category);
        proptest::option::of((usual, odd).prop_map(|(usual, odd)| odd.unwrap_or(usual)))
    };
    let flag = || proptest::option::of(any::<bool>().prop_map(FieldValue::Flag));
    let number = proptest::option::of(prop_oneof![
        30 => (-100..=900_i64).prop_map(FieldValue::Number),
        1 => Just(FieldValue::Number(901)),
        1 => Just(FieldValue::Flag(true)),
    ]);
    let fields = (code("a", 3), code("b", 4), code("c", 12), flag(), flag(), number);
    let fields = fields.prop_map(|(a, b, c, f, g, n)| {
        let all = [("a", a), ("b", b), ("c", c), ("f", f), ("g", g), ("n", n)];
        all.into_iter().filter_map(|(id, value)| Some((id.to_owned(), value?))).collect::<BTreeMap<_, _>>()
    });
    let scores = prop_oneof![8 => vec(assessment(), 0..12), 1 => vec(assessment(), 20..60)];
    (fields, scores).prop_map(|(fields, mut assessments)| {
        assessments.sort();
        Course { id: "c".into(), fields, assessments, ..Course::default() }
    })
}

fn assessment() -> impl Strategy<Value = Assessment> {
    let near = select(vec![-30, -8, -7, -1, 0, 1, 2, 3, 7, 13, 14, 15, 21, 24, 25, 26, 27, 28, 29, 30, 31, 32, 90]);
    let day =
        prop_oneof![20 => near, 3 => -400..2_000_i32, 1 => select(vec![-36_525, 36_525, 36_526, i32::MIN, i32::MAX])];
    (select(INSTRUMENTS.to_vec()), day, any::<prop::sample::Index>(), 0..60_u8).prop_map(|((id, max), day, at, odd)| {
        let most = usize::try_from(max).unwrap() + 1;
        let value = if odd == 0 { max + 1 } else { i64::try_from(at.index(most)).unwrap() };
        Assessment::total(id, day, value)
    })
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let group_by = proptest::sample::subsequence(CATEGORIES.to_vec(), 0..=2).prop_map(|chosen| {
        let values = |id: &str, n: usize| (1..=n).rev().map(|n| format!("{id}{n}")).collect();
        chosen.into_iter().map(|(id, n)| Grouping::category(id.to_owned(), values(id, n))).collect::<Vec<_>>()
    });
    let banded = (measure(), proptest::collection::btree_set(-20..40_i64, 1..4))
        .prop_map(|(measure, bounds)| Grouping::banded(measure, bounds.into_iter().collect(), 0));
    let flag = select(vec!["f", "g"]).prop_map(|id: &str| Grouping::flag(id.to_owned()));
    let cut = proptest::option::of(prop_oneof![banded, flag]);
    let group_by = (group_by, cut, any::<bool>()).prop_map(|(mut group_by, cut, first)| {
        let at = if first { 0 } else { group_by.len() };
        cut.into_iter().for_each(|cut| group_by.insert(at, cut));
        group_by
    });
    let filter = proptest::option::of(condition());
    let quantities = (vec(quantity(), 0..3), any::<bool>()).prop_map(|(mut quantities, joint)| {
        if joint {
            quantities.iter_mut().for_each(|quantity| quantity.joint = Some(0));
        }
        quantities
    });
    (group_by, filter, quantities, 1..3_u32).prop_map(|(group_by, filter, quantities, courses)| {
        let block = |quantity, kind| Block { quantity, kind, rho: RhoMicro::default(), sigma: 0 };
        let mut blocks = vec![block(None, BlockKind::Count)];
        for at in 0..u32::try_from(quantities.len()).unwrap() {
            blocks.extend([BlockKind::Count, BlockKind::Sum, BlockKind::Squares].map(|kind| block(Some(at), kind)));
            let product = BlockKind::Product { with: 0 };
            blocks.extend(
                quantities.iter().filter_map(|quantity| quantity.joint).take(1).map(|_| block(Some(at), product)),
            );
            blocks.push(block(Some(at), BlockKind::Bin { width: 3, from: 1, to: 3 }));
        }
        Plan {
            semantics: SEMANTICS_VERSION,
            mode: Mode::Dp,
            group_by,
            filter,
            quantities,
            blocks,
            estimates: Vec::new(),
            courses_per_patient: courses,
        }
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let bounds = select(vec![(-27, 27), (0, 1), (-5, 9), (-100_000, 100_000), (0, 300)]);
    (measure(), bounds).prop_map(|(measure, (min, max))| Quantity {
        measure,
        min,
        max,
        decimals: 0,
        reference_sd: None,
        joint: None,
    })
}

fn measure() -> impl Strategy<Value = Measure> {
    let instrument = || select(INSTRUMENTS.to_vec()).prop_map(|(id, _)| id.to_owned());
    let field = select(vec!["n", "f", "g", "a"]).prop_map(|id: &str| Measure::Field(id.to_owned()));
    let share = (1..4_u32, 4..9_u32).prop_map(|(num, den)| Fraction { num, den });
    let missing = select(vec![MissingEndpoint::LeftOut, MissingEndpoint::NonResponder]);
    let leaf = prop_oneof![
        2 => field,
        2 => instrument().prop_map(|instrument| Measure::Baseline { instrument }),
        3 => (instrument(), timepoint()).prop_map(|(instrument, at)| Measure::Score { instrument, at }),
        4 => (instrument(), timepoint()).prop_map(|(instrument, at)| Measure::Change { instrument, at }),
        2 => (instrument(), timepoint(), share, missing).prop_map(|(instrument, at, at_least, missing)| {
            Measure::Response { instrument, at, at_least: Gain::OfBaseline(at_least), missing }
        }),
        2 => (instrument(), timepoint(), 0..30_i64).prop_map(|(instrument, at, limit)| {
            Measure::Remission { instrument, at, limit }
        }),
    ];
    (leaf, proptest::option::of((-20..0_i64, -3..20_i64))).prop_map(|(leaf, clip)| match clip {
        Some((low, high)) => Measure::Clip { of: Box::new(leaf), low, high },
        None => leaf,
    })
}

/// Windows wide and narrow, on the edges of slots and beside them, also empty ones.
fn timepoint() -> impl Strategy<Value = Timepoint> {
    let named =
        select(vec![(28, 14, 31), (28, 25, 31), (28, 26, 30), (1, 1, 1), (0, -7, 0), (7, 4, 10), (90, 60, 120)]);
    let any = (-40..100_i32, 0..60_i32, -2..60_i32).prop_map(|(day, before, after)| (day, day - before, day + after));
    let wide = Just((28, -36_525, 36_525));
    prop_oneof![4 => named, 4 => any, 1 => wide].prop_map(|(day, from, to)| Timepoint { day, from, to })
}

fn condition() -> impl Strategy<Value = Condition> {
    use Relation::{Above, AtLeast, AtMost, Below, Equal, Unequal};
    let flag = select(vec!["f", "g", "a"]).prop_map(|id: &str| Condition::Flag(id.to_owned()));
    let is = select(CATEGORIES.to_vec()).prop_flat_map(|(id, n)| {
        let all: Vec<String> = (1..=n).map(|n| format!("{id}{n}")).collect();
        proptest::sample::subsequence(all, 0..=n).prop_map(move |values| Condition::Is { field: id.to_owned(), values })
    });
    let compare = (measure(), select(vec![Equal, Unequal, Below, AtMost, Above, AtLeast]), -30..60_i64)
        .prop_map(|(measure, relation, value)| Condition::Compare { measure, relation, value });
    let leaf = prop_oneof![2 => flag, 4 => is, 2 => compare, 1 => measure().prop_map(Condition::Holds)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..4).prop_map(Condition::All),
            2 => vec(inner.clone(), 0..4).prop_map(Condition::Any),
            1 => inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}
