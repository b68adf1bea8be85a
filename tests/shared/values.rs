//! Values of a type at random, for property tests.

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;

/// Makes values of a type from random bytes by its own generator.
pub fn values<T: for<'a> Arbitrary<'a> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    proptest::collection::vec(any::<u8>(), 0..1200).prop_map(|bytes| {
        T::arbitrary(&mut Unstructured::new(&bytes)).expect("the generators take any bytes")
    })
}

/// Runs a property as often as `PROPTEST_CASES` says.
pub fn check<S: Strategy>(strategy: &S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if let Err(failure) = proptest::test_runner::TestRunner::new(config).run(strategy, law) {
        panic!("{failure}");
    }
}
