//! The guest sets its limits before `execve(2)`: the handoff is held to the setup's stack limit.

use microsandbox_types::{
    EncodeError, ExecLimits, GuestFacts, GuestReport, GuestSetup, HandOver, HandOverError,
    HandoffInit, MessageRule, Next, RlimitResource, SetupRlimit,
};

const MIB: u64 = 1024 * 1024;

fn rlimit(resource: RlimitResource, soft: u64) -> SetupRlimit {
    SetupRlimit {
        resource,
        soft,
        hard: u64::MAX,
    }
}

/// Whether the host sends a handoff of this many bytes to a guest whose own stack limit is 8 MiB.
fn is_sent(rlimits: &[SetupRlimit], generation: u8, total: u32) -> bool {
    // The path counts twice, each time with its NUL, and has one pointer. Each string has a NUL
    // and a pointer.
    let overhead = 2 * 11 + 8;
    let mut left = total - overhead;
    let mut init = HandoffInit::new("/sbin/init");
    while left > 0 {
        let len = left.min(100_000);
        init = init.arg("a".repeat(len as usize - 9));
        left -= len;
    }
    let setup = GuestSetup {
        rlimits: rlimits.to_vec(),
        ..GuestSetup::default()
    };
    let setup = (generation > 1).then_some(&setup);
    let mut boot = HandOver::new(setup, Some(&init));
    let ready = GuestReport::Ready {
        generation,
        facts: GuestFacts::new(4096, 8 * MIB, 2, 18),
    };
    match boot.on_report(ready) {
        Ok(Next::Send(_)) => true,
        Err(HandOverError::Encode(EncodeError::Invalid(invalid))) => {
            assert!(matches!(invalid.rule, MessageRule::TotalTooLarge { .. }));
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_handoff_fits_the_stack_that_the_setup_asks_for() {
    let stack = |soft| vec![rlimit(RlimitResource::Stack, soft)];
    let most = |stack| {
        ExecLimits::new(4096, stack)
            .with_inherited(2, 18)
            .max_total_bytes()
    };
    let cases = [
        ("none", vec![], 2, most(8 * MIB)),
        ("a small one", stack(MIB), 2, most(MIB)),
        ("a large one", stack(12 * MIB), 2, most(12 * MIB)),
        (
            "of two limits",
            [vec![rlimit(RlimitResource::Data, 1)], stack(MIB)].concat(),
            2,
            most(MIB),
        ),
        ("a guest that gets no setup", vec![], 1, most(8 * MIB)),
    ];
    for (case, rlimits, generation, most) in cases {
        assert!(is_sent(&rlimits, generation, most), "{case}");
        assert!(!is_sent(&rlimits, generation, most + 1), "{case}");
    }
}
