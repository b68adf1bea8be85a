//! A host runtime in small: boots a Linux VM whose guest agent becomes the init of your choice.
//!
//! `cargo run --example vm [-- SPEC.json]`, after `examples/vm-setup` has fetched QEMU and a
//! kernel. SPEC.json is a sandbox spec with an `init`, or that init alone; its `cmd` must be in
//! the guest, where `/sbin/init` is a program that tells what it was given.

use std::process::ExitCode;

#[cfg(unix)]
#[path = "vm/launch.rs"]
mod launch;

fn main() -> ExitCode {
    #[cfg(unix)]
    let result = host::run();
    #[cfg(not(unix))]
    let result: Result<(), &str> = Err("needs a Unix machine: QEMU's ports are Unix sockets");
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(unix)]
mod host {
    use std::error::Error;
    use std::io::{self, IsTerminal, Write};
    use std::path::Path;
    use std::time::Duration;
    use std::{env, fs};

    use super::launch::{File, Kit, Vm};
    use microsandbox_types::{GuestReport, HandoffInit};

    const TIMEOUT: Duration = Duration::from_secs(120);

    pub fn run() -> Result<(), Box<dyn Error>> {
        let handoff = match env::args_os().nth(1) {
            Some(path) => read_init(&fs::read(path)?)?,
            None => HandoffInit::new("auto")
                .arg("--greeting=hello from the host")
                .env("LANG", "C.UTF-8")
                .env("HOME", "/root")
                .cwd("/root"),
        };
        handoff.validate()?;

        println!("building the guest agent");
        let kit = Kit::new()?;
        println!(
            "guest agent: {} bytes, init: {} bytes",
            kit.agent.len(),
            kit.test_init.len()
        );
        // Among what cargo builds, so that Ctrl-C leaves nothing behind.
        let initramfs = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/guest-agent/initramfs");
        kit.write_initramfs(
            &initramfs,
            &[
                File::directory("root"),
                File::directory("sbin"),
                File::program("sbin/init", &kit.test_init),
            ],
        )?;

        let mut vm = Vm::start(&kit, &initramfs, TIMEOUT)?;
        let live = io::stdout().is_terminal();
        let ready = vm.report_with(|elapsed| {
            if live {
                print!("\rbooting {:.1} s ", elapsed.as_secs_f32());
                // A terminal that is gone shows no progress.
                let _ = io::stdout().flush();
            }
        })?;
        if live {
            print!("\r");
        }
        tell(&vm, &ready);
        let GuestReport::Ready { generation, .. } = ready else {
            return Err("the guest did not begin with Ready".into());
        };
        // A guest that cannot read the message is told apart before anything is sent.
        if generation < handoff.min_generation() {
            return Err(format!("the guest reads generation {generation} only").into());
        }
        let frame = handoff.encode()?;
        vm.agent.write_all(&frame)?;
        println!(
            "{:>6.2} s  sent {} bytes",
            vm.elapsed().as_secs_f32(),
            frame.len()
        );
        let answer = vm.report()?;
        tell(&vm, &answer);
        if answer == GuestReport::Accepted {
            print!("the init:\n{}", vm.read_init()?);
            // It powers off once its port is closed.
            vm.init.shutdown(std::net::Shutdown::Both)?;
        }
        let console = vm.wait_off()?;
        println!("{:>6.2} s  powered off", vm.elapsed().as_secs_f32());
        println!("the console:\n{}", console.trim_end());
        if answer == GuestReport::Accepted {
            Ok(())
        } else {
            Err("the guest refused".into())
        }
    }

    /// The init of a sandbox spec, or an init by itself.
    fn read_init(json: &[u8]) -> Result<HandoffInit, serde_json::Error> {
        let spec: serde_json::Value = serde_json::from_slice(json)?;
        serde_json::from_value(spec.get("init").cloned().unwrap_or(spec))
    }

    fn tell(vm: &Vm, report: &GuestReport) {
        println!("{:>6.2} s  {report:?}", vm.elapsed().as_secs_f32());
    }
}
