use prio::field::{Field64, FieldElementWithInteger as _};

use crate::limits::{ELEMENTS_MAX_DP, ELEMENTS_MAX_EXACT, GROUPS_MAX};
use crate::plan::Mode;
use crate::privacy::trial::{count, mean_of, plan, rate_of};
use crate::share::layout::MODULUS;
use crate::share::{Circuit, Parties, TooWide, Unfit, check_fit};

#[test]
fn a_plan_that_could_wrap_is_refused_and_one_below_the_bound_is_not() {
    let (any, few) = (1_000, 10_000_u64);
    let cases = [
        ("an ordinary scale", 104, few, 50, 1 << 40, None),
        ("(10^4 · 214 749)² is just above p/4", 214_749, few, 1, 0, Some("proof-overflows")),
        ("(10^4 · 214 748)² is just below p/4, and its sum of squares below p/2", 214_748, few, 1, 0, None),
        ("20 000 operators still add up to less than p/2", 214_747, few, 20_000, 0, None),
        ("one operator more does not", 214_747, few, 20_001, 0, Some("sum-overflows")),
        ("three aggregators' noise alone fills the field", 10, any, 1, u64::MAX / 6, Some("counts-overflow")),
        (
            "numbers that overflow 128 bits are no smaller for it",
            i64::MAX,
            u64::MAX,
            u64::MAX,
            u64::MAX,
            Some("counts-overflow"),
        ),
        ("nobody to count", 10, 0, 1, 0, Some("nothing-to-share")),
    ];
    for (why, width, patients_max, operators, sigma, want) in cases {
        let mut asked = plan(Mode::Dp, &[], vec![mean_of("x", 0, width, None)]);
        asked.blocks.iter_mut().for_each(|b| b.sigma = sigma);
        let parties = Parties::new(patients_max, operators, 3);
        assert_eq!(check_fit(&asked, &parties).map_err(|e| e.code()).err(), want, "{why}");
        assert_eq!(Circuit::new(&asked, &parties).map_err(|e| e.code()).err(), want, "{why}: nor is there a circuit");
    }
}

#[test]
fn a_range_that_is_too_wide_is_refused_with_the_clip_and_the_unit_that_fit() {
    let mut wide = plan(Mode::Exact, &[], vec![mean_of("weight", 250, 3_000, None)]);
    wide.quantities[0].decimals = 1;
    let million = Parties::new(1_000_000, 3, 3);
    let refused = check_fit(&wide, &million).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the proof of a spread overflows: weight spans 275 in steps of 0.1, at 1000000 patients a clinic"
    );
    assert_eq!(
        refused.remedy(),
        "clip weight to a range of at most 214.7 with clip(x, lo, hi), or have the dictionary keep it in steps of 1 \
         instead of 0.1"
    );
    wide.quantities[0].max = 250 + 2_147;
    assert_eq!(check_fit(&wide, &million), Ok(()), "the clip that was proposed fits");
    wide.quantities[0].max = 250 + 2_148;
    assert!(check_fit(&wide, &million).is_err(), "and is the widest");
    wide.quantities[0] = plan(Mode::Exact, &[], vec![mean_of("weight", 25, 300, None)]).quantities.remove(0);
    assert_eq!(check_fit(&wide, &million), Ok(()), "the unit that was proposed fits");
}

#[test]
fn a_sum_over_clinics_that_is_too_wide_is_refused_with_a_range_that_fits() {
    let sums = |width| plan(Mode::Exact, &[], vec![mean_of("dose", 0, width, None)]);
    let parties = Parties::new(10_000, 20_001, 3);
    let Err(Unfit::Sum { wide, .. }) = check_fit(&sums(214_747), &parties) else { panic!("it is too wide") };
    assert!((214_000..214_747).contains(&wide.fits), "{wide:?}");
    assert_eq!(check_fit(&sums(i64::try_from(wide.fits).unwrap()), &parties), Ok(()));
}

#[test]
fn a_contribution_has_at_most_so_many_elements_in_each_mode() {
    let names: Vec<String> = (0..GROUPS_MAX).map(|group| group.to_string()).collect();
    let arms = |n: usize| names.iter().take(n).map(String::as_str).collect::<Vec<_>>();
    let asked = || vec![count(), mean_of("x", 0, 52, None), rate_of("y")];
    let fits = |mode, groups| check_fit(&plan(mode, &arms(groups), asked()), &Parties::new(10_000, 5, 3));
    for (mode, most) in [(Mode::Dp, ELEMENTS_MAX_DP), (Mode::Exact, ELEMENTS_MAX_EXACT)] {
        let Err(Unfit::TooManyElements { elements, groups, most: told }) = fits(mode, GROUPS_MAX) else {
            panic!("{GROUPS_MAX} groups are too many")
        };
        assert!(elements > most && told == most && groups == GROUPS_MAX);
        // A total of 14 bits belongs to all groups.
        let most_groups = (most - 14) / ((elements - 14) / groups);
        assert_eq!(fits(mode, most_groups), Ok(()), "{most_groups} groups fit");
        let refused = fits(mode, most_groups + 1).unwrap_err();
        assert!(refused.remedy().starts_with(&format!("ask for {most_groups} groups instead of")), "{refused}");
    }
    let too_many = plan(Mode::Exact, &vec!["a"; GROUPS_MAX + 1], vec![count()]);
    assert_eq!(check_fit(&too_many, &Parties::new(9, 5, 3)).unwrap_err().code(), "too-many-groups");
}

#[test]
fn a_committee_has_two_to_eight_members() {
    let asked = plan(Mode::Exact, &[], vec![count()]);
    for (aggregators, fits) in [(0, false), (1, false), (2, true), (8, true), (9, false), (258, false)] {
        assert_eq!(Circuit::new(&asked, &Parties::new(9, 5, aggregators)).is_ok(), fits, "{aggregators}");
    }
}

#[test]
fn the_modulus_is_that_of_the_field_the_shares_live_in() {
    assert_eq!(MODULUS, u128::from(Field64::modulus()));
}

#[test]
fn every_refusal_says_what_to_do() {
    let wide = |width, fits| TooWide { name: "x".to_owned(), width, decimals: 2, patients_max: 1, fits };
    for refusal in [
        Unfit::TooManyGroups { groups: 5_000 },
        Unfit::TooManyElements { elements: 1 << 20, groups: 1, most: 1 << 17 },
        Unfit::Proof(wide(9, 0)),
        Unfit::Sum { wide: wide(u64::MAX, 1), operators: 1 },
        Unfit::Counts { patients_max: 1, aggregators: 3 },
        Unfit::Nothing,
        Unfit::Committee { aggregators: 1 },
    ] {
        let (says, remedy) = (refusal.to_string(), refusal.remedy());
        assert!(!remedy.is_empty() && says.len() > 20 && says != remedy, "{says}: {remedy}");
    }
}
