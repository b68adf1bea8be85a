//! A small host runtime: boots the sandbox that a spec describes, under QEMU.
//!
//! `cargo run --example vm [-- SPEC.json]`, after `examples/vm-setup` has fetched QEMU and a
//! kernel; `-- --help` says what it understands of a spec.

use std::process::ExitCode;

#[cfg(unix)]
mod attach;
#[cfg(unix)]
mod demo;
#[cfg(unix)]
#[path = "launch.rs"]
mod launch;
#[cfg(unix)]
mod run;

fn main() -> ExitCode {
    #[cfg(unix)]
    let result = run::run().map_err(|error| launch::terminal::shown_lines(&error.to_string()));
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
