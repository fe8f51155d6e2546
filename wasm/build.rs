//! Gives the WebAssembly a stack that the deepest filter fits in, in every question, several times over: a stack
//! that overflows breaks the instance for good.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=4194304");
    }
}
