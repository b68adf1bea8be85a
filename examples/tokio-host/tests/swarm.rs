//! Ten thousand made-up guests at once: each outcome is exactly what that guest did.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use microsandbox_types::{
    BootStep, FrameHeader, FrameKind, GuestFacts, GuestReport, GuestSetup, HandOver, HandOverError,
    HandoffInit, Mount, MountFlags, MountSource, Outcome, Then,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};
use tokio_host::{HostError, TimeOuts, boot};

/// The system's allocator, counting what is held.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

const GUESTS: usize = 10_000;
const TIME_OUTS: TimeOuts = TimeOuts {
    ready: Duration::from_secs(30),
    outcome: Duration::from_secs(60),
};
/// What a stream holds on its way: less than most frames.
const PIPE_BYTES: usize = 256;

/// The steps that a guest can fail at.
const STEPS: u8 = 16;

/// What a guest does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Guest {
    Good,
    GenerationOne,
    GenerationOneFails,
    /// Waits so many seconds before each thing that it does.
    Slow(u64),
    /// Sends its reports byte by byte.
    ByteByByte,
    Silent,
    SilentAfterReady,
    /// Closes its end after so many bytes of its reports.
    Closes(usize),
    RefusesSetup,
    RefusesHandoffEarly,
    Fails(u8),
    FailsAfterAccepted,
    Stays,
    Garbage,
    EndlessReports,
    HugeLength,
}

impl Guest {
    fn number(n: usize) -> Self {
        match n % 16 {
            0 => Self::Good,
            1 => Self::GenerationOne,
            2 => Self::GenerationOneFails,
            3 => Self::Slow((n as u64 / 16) % 8),
            4 => Self::ByteByByte,
            5 => Self::Silent,
            6 => Self::SilentAfterReady,
            7 => Self::Closes((n / 16) % (reports().concat().len() + 1)),
            8 => Self::RefusesSetup,
            9 => Self::RefusesHandoffEarly,
            10 => Self::Fails((n as u64 / 16 % u64::from(STEPS)) as u8 + 1),
            11 => Self::FailsAfterAccepted,
            12 => Self::Stays,
            13 => Self::Garbage,
            14 => Self::EndlessReports,
            _ => Self::HugeLength,
        }
    }
}

fn frame(report: GuestReport) -> Vec<u8> {
    let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
    report.encode(&mut buffer).unwrap().to_vec()
}

fn ready(generation: u8) -> GuestReport {
    let facts = GuestFacts::default();
    GuestReport::Ready { generation, facts }
}

/// What a good guest says.
fn reports() -> [Vec<u8>; 4] {
    [
        ready(2),
        GuestReport::SetUp,
        GuestReport::Accepted,
        GuestReport::Started,
    ]
    .map(frame)
}

/// What the hosts send.
struct Messages {
    setup: GuestSetup,
    stay: GuestSetup,
    init: HandoffInit,
    /// More than a stream holds, many times over.
    long: HandoffInit,
}

impl Messages {
    fn new() -> Self {
        let setup = GuestSetup {
            mounts: vec![Mount {
                source: MountSource::Virtiofs { tag: "m0".into() },
                guest: "/data".into(),
                flags: MountFlags::default(),
            }],
            ..GuestSetup::default()
        };
        let init = HandoffInit::new("/sbin/init").env("PASSWORD", "hunter2");
        let long = (0..15).fold(init.clone(), |init, n| {
            init.env(format!("K{n}"), "x".repeat(10_000))
        });
        Self {
            stay: GuestSetup {
                then: Then::Stay,
                ..setup.clone()
            },
            setup,
            init,
            long,
        }
    }

    fn host(&self, guest: Guest) -> HandOver<'_> {
        match guest {
            Guest::GenerationOne | Guest::GenerationOneFails => {
                HandOver::new(None, Some(&self.init))
            }
            Guest::RefusesHandoffEarly => HandOver::new(Some(&self.setup), Some(&self.long)),
            Guest::Stays => HandOver::new(Some(&self.stay), None),
            _ => HandOver::new(Some(&self.setup), Some(&self.init)),
        }
    }
}

/// Reads one frame and not a byte more.
async fn take(stream: &mut DuplexStream) -> std::io::Result<()> {
    let mut header = [0; FrameHeader::LEN];
    stream.read_exact(&mut header).await?;
    let len = FrameHeader::parse(&header).unwrap().frame_len();
    let mut rest = vec![0; len - FrameHeader::LEN];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

/// Acts as this guest does; what a host that has gone leaves undone is no matter.
async fn act(guest: Guest, mut stream: DuplexStream) -> std::io::Result<()> {
    let [is_ready, set_up, accepted, started] = reports();
    let stream = &mut stream;
    let refused = frame(GuestReport::Refused {
        reason: 8,
        offset: 8,
    });
    let failed = |step| {
        frame(GuestReport::Failed {
            step: BootStep::from_u8(step),
            item: 0,
            errno: 19,
        })
    };
    match guest {
        Guest::Good => {
            stream.write_all(&is_ready).await?;
            take(stream).await?;
            stream.write_all(&set_up).await?;
            take(stream).await?;
            stream.write_all(&accepted).await?;
            stream.write_all(&started).await?;
        }
        Guest::GenerationOne | Guest::GenerationOneFails => {
            stream.write_all(&frame(ready(1))).await?;
            take(stream).await?;
            let answer = match guest {
                Guest::GenerationOne => accepted,
                _ => frame(GuestReport::ExecFailed { errno: 8 }),
            };
            stream.write_all(&answer).await?;
        }
        Guest::Slow(seconds) => {
            let pause = || sleep(Duration::from_secs(seconds));
            pause().await;
            stream.write_all(&is_ready).await?;
            pause().await;
            take(stream).await?;
            pause().await;
            stream.write_all(&set_up).await?;
            take(stream).await?;
            pause().await;
            stream.write_all(&accepted).await?;
            pause().await;
            stream.write_all(&started).await?;
        }
        Guest::ByteByByte => {
            for (n, report) in reports().into_iter().enumerate() {
                for byte in report {
                    stream.write_all(&[byte]).await?;
                    sleep(Duration::from_millis(20)).await;
                }
                if n < 2 {
                    take(stream).await?;
                }
            }
        }
        Guest::Silent => sleep(Duration::from_secs(1000)).await,
        Guest::SilentAfterReady => {
            stream.write_all(&is_ready).await?;
            sleep(Duration::from_secs(1000)).await;
        }
        Guest::Closes(after) => {
            let mut left = after;
            for (n, report) in reports().into_iter().enumerate() {
                let len = report.len().min(left);
                stream.write_all(&report[..len]).await?;
                left -= len;
                if len < report.len() {
                    break;
                }
                if n < 2 {
                    take(stream).await?;
                }
            }
        }
        Guest::RefusesSetup => {
            stream.write_all(&is_ready).await?;
            stream.read_exact(&mut [0; FrameHeader::LEN]).await?;
            stream.write_all(&refused).await?;
        }
        Guest::RefusesHandoffEarly => {
            stream.write_all(&is_ready).await?;
            take(stream).await?;
            stream.write_all(&set_up).await?;
            stream.read_exact(&mut [0; FrameHeader::LEN]).await?;
            stream.write_all(&refused).await?;
        }
        Guest::Fails(step) => {
            stream.write_all(&is_ready).await?;
            take(stream).await?;
            stream.write_all(&failed(step)).await?;
        }
        Guest::FailsAfterAccepted => {
            stream.write_all(&is_ready).await?;
            take(stream).await?;
            stream.write_all(&set_up).await?;
            take(stream).await?;
            stream.write_all(&accepted).await?;
            stream.write_all(&failed(13)).await?;
        }
        Guest::Stays => {
            stream.write_all(&is_ready).await?;
            take(stream).await?;
            stream.write_all(&set_up).await?;
        }
        Guest::Garbage => loop {
            stream.write_all(b"[    0.000000] Linux version\n").await?;
        },
        Guest::EndlessReports => {
            stream.write_all(&is_ready).await?;
            take(stream).await?;
            let mut unknown = frame(GuestReport::Accepted);
            // Of generation 3, of a variant that this one does not know, with its checksum.
            unknown[5] = 3;
            unknown[16] = 99;
            let sum = twox_hash::XxHash64::oneshot(0, &unknown[..17]);
            unknown[17..].copy_from_slice(&sum.to_le_bytes());
            loop {
                stream.write_all(&unknown).await?;
            }
        }
        Guest::HugeLength => {
            let mut huge = frame(GuestReport::Accepted);
            huge[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
            stream.write_all(&huge).await?;
            sleep(Duration::from_secs(1000)).await;
        }
    }
    Ok(())
}

/// Holds a host's result, and when it came, to what the guest did.
fn check(guest: Guest, result: &Result<Outcome, HostError>, took: Duration) {
    use HandOverError as E;
    use HostError::{Boot, TimedOut};
    let seconds = took.as_secs_f32();
    let is_right = match guest {
        Guest::Good | Guest::ByteByByte => matches!(result, Ok(Outcome::Started)),
        Guest::Slow(pause) => matches!(result, Ok(Outcome::Started)) && took.as_secs() == 5 * pause,
        Guest::GenerationOne => matches!(result, Ok(Outcome::Accepted)),
        Guest::GenerationOneFails => matches!(result, Err(Boot(E::ExecFailed { errno: 8 }))),
        Guest::Silent => matches!(result, Err(TimedOut(None))) && took.as_secs() == 30,
        Guest::SilentAfterReady => {
            matches!(result, Err(TimedOut(Some(GuestReport::Ready { .. })))) && took.as_secs() == 60
        }
        Guest::Closes(after) => closed_right(after, result),
        Guest::RefusesSetup => matches!(
            result,
            Err(Boot(E::Refused {
                message: FrameKind::GuestSetup,
                reason: 8,
                offset: 8
            }))
        ),
        Guest::RefusesHandoffEarly => matches!(
            result,
            Err(Boot(E::Refused {
                message: FrameKind::HandoffInit,
                reason: 8,
                offset: 8
            }))
        ),
        Guest::Fails(number) => matches!(
            result,
            Err(Boot(E::Failed { step, errno: 19, .. })) if step.as_u8() == number
        ),
        Guest::FailsAfterAccepted => matches!(
            result,
            Err(Boot(E::Failed {
                step: BootStep::ExecInterpreter,
                errno: 19,
                ..
            }))
        ),
        Guest::Stays => matches!(result, Ok(Outcome::SetUp)),
        Guest::Garbage | Guest::HugeLength => matches!(result, Err(Boot(E::BadReport(_)))),
        Guest::EndlessReports => matches!(result, Err(Boot(E::TooManyReports))),
    };
    assert!(is_right, "{guest:?}: {result:?} after {seconds} s");
}

/// Whole reports are told apart from one that is cut short.
fn closed_right(after: usize, result: &Result<Outcome, HostError>) -> bool {
    use HandOverError as E;
    use HostError::{Boot, Write};
    let reports = [
        ready(2),
        GuestReport::SetUp,
        GuestReport::Accepted,
        GuestReport::Started,
    ];
    let (mut left, mut last) = (after, None);
    for report in reports {
        let len = frame(report).len();
        if left < len {
            break;
        }
        left -= len;
        last = Some(report);
    }
    match result {
        Ok(outcome) => *outcome == Outcome::Started && last == Some(GuestReport::Started),
        Err(Boot(E::Ended { last: seen })) => left == 0 && *seen == last,
        Err(Boot(E::BadReport(error))) => left > 0 && error.offset as usize == left,
        // It closed before it had read all.
        Err(Write(_)) => left == 0 && matches!(last, Some(GuestReport::SetUp)),
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn each_of_ten_thousand_outcomes_is_what_that_guest_did() {
    let messages = Arc::new(Messages::new());
    let began = Instant::now();
    let mut hosts = Vec::new();
    for n in 0..GUESTS {
        let guest = Guest::number(n);
        let (ours, theirs) = duplex(PIPE_BYTES);
        tokio::spawn(act(guest, theirs));
        let messages = messages.clone();
        hosts.push(tokio::spawn(async move {
            let start = Instant::now();
            let result = boot(ours, messages.host(guest), TIME_OUTS, |_| {}).await;
            (guest, result, start.elapsed())
        }));
    }
    for host in hosts {
        let (guest, result, took) = host.await.unwrap();
        check(guest, &result, took);
    }
    let took = began.elapsed();
    assert!(took <= TIME_OUTS.ready + TIME_OUTS.outcome, "{took:?}");
}

/// What a host holds while its guest is silent, before it is ready and after it was told all.
#[tokio::test(start_paused = true)]
async fn a_waiting_guest_costs_little() {
    const MAX_HEAP: usize = 8 * 1024;
    for silent in [Guest::Silent, Guest::SilentAfterReady] {
        let messages = Arc::new(Messages::new());
        let mut ours = Vec::new();
        for _ in 0..GUESTS {
            let (host, guest) = duplex(PIPE_BYTES);
            tokio::spawn(act(silent, guest));
            ours.push(host);
        }
        sleep(Duration::from_millis(1)).await;
        let before = HELD.load(Ordering::Relaxed);
        let mut hosts = Vec::with_capacity(GUESTS);
        for stream in ours {
            let messages = messages.clone();
            hosts.push(tokio::spawn(async move {
                boot(stream, messages.host(silent), TIME_OUTS, |_| {}).await
            }));
        }
        sleep(Duration::from_millis(1)).await;
        let each = (HELD.load(Ordering::Relaxed) - before) / GUESTS;
        println!("{silent:?}: {each} bytes of heap for each waiting guest");
        assert!(each <= MAX_HEAP, "{silent:?}: {each} bytes");
        for host in hosts {
            assert!(matches!(host.await.unwrap(), Err(HostError::TimedOut(_))));
        }
    }
}
