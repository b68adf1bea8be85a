//! `tokio-host SOCKET SPEC.json`: boots the guest whose agent is at the other end of a Unix
//! socket, as the spec says.
//!
//! Over vsock it is the same with `tokio_vsock::VsockStream::connect(VsockAddr::new(cid, port))`
//! in place of `UnixStream`. Attaching the plan's devices is the VM's part, before this.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use microsandbox_types::{BootHost, HandOver, HostPath, SandboxSpec, WallClock};
use tokio::net::UnixStream;
use tokio_host::{TimeOuts, boot};

/// A host that shares folders and files, and attaches disk images.
struct Host;

impl BootHost for Host {
    fn is_file(&self, path: &HostPath) -> bool {
        path.is_file()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(socket), Some(spec)) = (args.next(), args.next()) else {
        return Err("usage: tokio-host SOCKET SPEC.json".into());
    };
    let spec: SandboxSpec = serde_json::from_slice(&std::fs::read(spec)?)?;
    let plan = spec.plan(&Host)?;
    for device in &plan.devices {
        println!("the VM needs {} for {}", device.id, device.path);
    }
    let guest = UnixStream::connect(socket).await?;
    let time_outs = TimeOuts {
        ready: Duration::from_secs(30),
        outcome: Duration::from_secs(60),
    };
    let host = HandOver::from(&plan).with_clock(WallClock::now);
    let outcome = boot(guest, host, time_outs, |report| {
        println!("the guest {report}")
    })
    .await?;
    println!("{outcome:?}");
    Ok(())
}
