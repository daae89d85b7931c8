//! How the programs of a release are linked, where it is known that the linker can: so that a start touches
//! few pages. Anywhere else they are linked as cargo does, and weigh more.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a start runs, by the names of functions: it lies together, and not all over the program.
const ORDER: &str = "assets/start.ld";

/// What a program does not need that ends by a panic and has no names of functions in it: how its stack is unwound,
/// which is a twelfth of it. The message says where it happened.
const LEFT_OUT: &str = "assets/left-out.ld";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ORDER}");
    println!("cargo::rerun-if-changed={LEFT_OUT}");
    println!("cargo::rerun-if-env-changed=SSTREAM_START_ORDER");
    let is_release = variable("PROFILE") == "release" && variable("HOST") == variable("TARGET");
    if !is_release || !is_linked_by_lld() {
        return;
    }
    // A program at a fixed place, as Go's are, has no pointers that a start has to set: in others these are on 79 pages,
    // which each process would then have for itself. Stack, heap and libraries lie anywhere. Who wants the program to, too, says
    // so by rustc's own option, RUSTFLAGS='-C relocation-model=pic'.
    if !variable("CARGO_ENCODED_RUSTFLAGS").contains("relocation-model") && !has_feature("crt-static") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    if let Some(folder) = own_unwinder() {
        println!("cargo::rustc-link-arg-bins=-L{folder}");
    }
    for argument in ["--no-eh-frame-hdr", "-T", &format!("{}/{LEFT_OUT}", variable("CARGO_MANIFEST_DIR"))] {
        println!("cargo::rustc-link-arg-bins=-Wl,{argument}");
    }
    // scripts/start-order looks at programs that are in no order.
    if variable("SSTREAM_START_ORDER") != "none" {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}/{ORDER}", variable("CARGO_MANIFEST_DIR"));
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Whether the target has a feature.
fn has_feature(feature: &str) -> bool {
    variable("CARGO_CFG_TARGET_FEATURE").split(',').any(|has| has == feature)
}

/// Whether rustc links by the LLD that came with it, as it does for this target unless it is told otherwise.
fn is_linked_by_lld() -> bool {
    let is_told = !variable("RUSTC_LINKER").is_empty() || variable("CARGO_ENCODED_RUSTFLAGS").contains("link");
    let target = variable("TARGET");
    let sysroot = output(&variable("RUSTC"), &["--print", "sysroot"]).unwrap_or_default();
    let lld = Path::new(&sysroot).join("lib/rustlib").join(&target).join("bin/gcc-ld/ld.lld");
    target == "x86_64-unknown-linux-gnu" && !is_told && lld.exists()
}

/// A folder in which the linker finds, before the system's, what unwinds stacks as a part of the program: one library
/// less is loaded at a start, and GCC does the same for C.
fn own_unwinder() -> Option<String> {
    let archive = output("cc", &["-print-file-name=libgcc_eh.a"])?;
    let folder = Path::new(&variable("OUT_DIR")).join("unwinder");
    fs::create_dir_all(&folder).ok()?;
    // A compiler that has none gives the name back, which is no file. rustc asks for it by the shared library's name.
    fs::copy(archive, folder.join("libgcc_s.a")).ok()?;
    folder.into_os_string().into_string().ok()
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
