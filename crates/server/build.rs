//! Says when the program is to be built anew because the page was: `cargo xtask` tells which page it is. Nothing is built
//! here.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=INSTEP_PAGE");
}
