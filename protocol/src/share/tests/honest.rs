//! Whatever honest courses give can be proved, and its shares add up to it.

use proptest::prelude::*;

use super::{NONCE, everything, everything_of, verify};
use crate::plan::Mode;
use crate::privacy::trial::{count, mean_of, plan, rate_of};
use crate::share::{Circuit, Parties};

type Course = (usize, Option<i64>, Option<i64>, Option<bool>);

/// A course's group, two values that may lie beyond the range or be missing, and a yes or no.
fn course(groups: usize) -> impl Strategy<Value = Course> {
    let value = || proptest::option::weighted(0.8, -40_i64..60);
    (0..groups, value(), value(), proptest::option::weighted(0.7, any::<bool>()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_courses_a_clinic_has_the_proof_holds_and_the_shares_add_up_to_the_truth(
        courses in proptest::collection::vec(course(3), 0..40),
        min in -30_i64..0,
        width in 0_i64..60,
        aggregators in 2_u64..=4,
        counted in any::<bool>(),
    ) {
        let mut asked = vec![mean_of("x", min, min + width, None), rate_of("z"), mean_of("y", 0, 1_000, None)];
        asked.extend(counted.then(count));
        let plan = plan(Mode::Exact, &["a", "b", "c"], asked);
        let mut raw = vec![0_u64; plan.cell_count()];
        for (group, x, y, z) in &courses {
            let values = [*x, z.map(i64::from), *y];
            for (position, block) in plan.blocks.iter().enumerate() {
                let cell = &mut raw[group * plan.blocks.len() + position];
                let Some(at) = block.quantity else { *cell += 1; continue };
                let at = usize::try_from(at).unwrap();
                let Some(v) = values[at].map(|v| plan.quantities[at].shifted(v)) else { continue };
                *cell += match block.kind {
                    crate::plan::BlockKind::Count => 1,
                    crate::plan::BlockKind::Sum => v,
                    crate::plan::BlockKind::Squares => v * v,
                    kind @ (crate::plan::BlockKind::Bin { .. } | crate::plan::BlockKind::Product { .. }) => {
                        panic!("{kind:?} is not tried here")
                    }
                };
            }
        }
        let patients = u64::try_from(courses.len()).unwrap().max(1);
        let circuit = Circuit::new(&plan, &Parties::new(patients, 5, aggregators)).unwrap();
        let split = circuit.split(b"honest", &NONCE, &raw).unwrap();
        let truth: Vec<i128> = raw.iter().copied().map(i128::from).collect();
        prop_assert_eq!(verify(&circuit, b"honest", &split), Ok(truth));
    }

    #[test]
    fn so_do_bins_and_products(
        courses in proptest::collection::vec(proptest::option::weighted(0.8, (0_u64..=10, 0_u64..=20)), 1..30),
        others in proptest::collection::vec(proptest::option::weighted(0.8, (0_u64..=10, 0_u64..=20)), 0..30),
    ) {
        let most = u64::try_from(courses.len() + others.len()).unwrap();
        let circuit = Circuit::of_shape(&everything(2, most), 3).unwrap();
        let cells = [everything_of(&courses), everything_of(&others)].concat();
        let split = circuit.split(b"honest", &NONCE, &cells).unwrap();
        let truth: Vec<i128> = cells.iter().copied().map(i128::from).collect();
        prop_assert_eq!(verify(&circuit, b"honest", &split), Ok(truth));
    }
}
