//! What a clinic does with what its patients say: by key and on paper, with lost keys, and to be destroyed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

mod consent {
    mod erasing;
    mod forms;
    mod paper;
    mod replacing;
    mod rig;
}
