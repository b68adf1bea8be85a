//! Plans for changes to a document, for property tests.

use proptest::prelude::*;

use super::mutate::Plan;

/// Makes plans of a few changes each, most of them without the rarer ones.
pub fn plans() -> impl Strategy<Value = Plan> {
    let change = (any::<usize>(), any::<usize>(), any::<usize>());
    (
        any::<usize>(),
        proptest::collection::vec(change, 0..4),
        any::<usize>(),
        any::<usize>(),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.01),
    )
        .prop_map(|(base, changes, place, frame, escape, empty)| Plan {
            base,
            changes,
            place,
            frame,
            escape,
            empty,
        })
}
