//! Whatever a guest sends, the host comes to an end, and to the right one.

use proptest::prelude::*;

use crate::laws;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_end_in_an_outcome_or_an_error(
        data in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        laws::run("hand_over", &data);
    }

    /// A list of reports, mostly in an order that gets somewhere.
    #[test]
    fn any_reports_end_in_an_outcome_or_an_error(
        messages in 128u8..,
        reads in any::<u8>(),
        ready in 1u8..4,
        reports in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut data = vec![messages, reads, ready << 4];
        data.extend(reports);
        laws::run("hand_over", &data);
    }
}
