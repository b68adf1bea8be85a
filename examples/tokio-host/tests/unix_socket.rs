//! The program itself, against a guest at the other end of a Unix socket.

use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;

use microsandbox_types::{FrameKind, GuestFacts, GuestReport, GuestSetup, read_frame};

#[test]
fn a_guest_is_booted_over_a_unix_socket() {
    let folder = std::env::temp_dir().join(format!("tokio-host-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (socket, spec) = (folder.join("agent.sock"), folder.join("spec.json"));
    std::fs::write(
        &spec,
        r#"{"name": "web-1", "image": {"Bind": "/srv"}, "init": {"cmd": "/sbin/init"}}"#,
    )
    .unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    let guest = thread::spawn(move || {
        let (mut host, _) = listener.accept().unwrap();
        let facts = GuestFacts::default();
        let say = |report: GuestReport| report.write_to(&host).unwrap();
        say(GuestReport::Ready {
            generation: 2,
            facts,
        });
        let setup = GuestSetup::decode(&read_frame(&mut &host, FrameKind::GuestSetup).unwrap());
        say(GuestReport::SetUp);
        read_frame(&mut host, FrameKind::HandoffInit).unwrap();
        GuestReport::Accepted.write_to(&host).unwrap();
        GuestReport::Started.write_to(&host).unwrap();
        setup.unwrap()
    });
    let program = env!("CARGO_BIN_EXE_tokio-host");
    let output = Command::new(program)
        .arg(&socket)
        .arg(&spec)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "the VM needs root for image\n\
         the guest is ready for generation 2\n\
         the guest is set up\n\
         the guest accepted the handoff\n\
         the guest started the init\n\
         Started\n"
    );
    let setup = guest.join().unwrap();
    assert_eq!(setup.hostname.as_deref(), Some("web-1"));
    assert!(setup.clock.is_some());
}
