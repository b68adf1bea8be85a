//! Tells the crate when it is built for size: what is there for speed alone is then left out.

use std::env;

fn main() {
    println!("cargo:rustc-check-cfg=cfg(for_size)");
    println!("cargo:rerun-if-changed=build.rs");
    if matches!(env::var("OPT_LEVEL").as_deref(), Ok("s" | "z")) {
        println!("cargo:rustc-cfg=for_size");
    }
}
