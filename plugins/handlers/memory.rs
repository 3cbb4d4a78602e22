//! The build script of every handler that is shipped: a session's memory begins small, because a
//! server holds many sessions. It grows as the session needs it.

fn main() {
    println!("cargo:rerun-if-changed=../memory.rs");
    // A native library, which tests make too, has no such memory.
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32") {
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=131072");
        println!("cargo:rustc-link-arg-cdylib=--initial-memory=393216");
    }
}
