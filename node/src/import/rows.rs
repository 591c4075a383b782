//! What rows tell, by what they tell of.

pub(super) mod assessments;
pub(super) mod coded;
pub(super) mod courses;
pub(super) mod events;
pub(super) mod forms;
pub(super) mod items;
pub(super) mod scores;
pub(super) mod sessions;
pub(super) mod times;
pub(super) mod when;
