//! Every script under `examples/` prints what the files beside it hold, and is in
//! the table of `examples/README.md`. After a change `UPDATE=1` writes the files
//! anew.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::bash::bash;
use super::live;
use super::support::shell;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Rows of the table that begin ``| [`COMMAND`](SCRIPT) |``: commands by script.
fn table() -> BTreeMap<String, String> {
    let page = fs::read_to_string(folder().join("README.md")).unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix("| [`")?.split_once(") |")?.0.split_once("`]("))
        .map(|(command, script)| (script.to_owned(), command.to_owned()))
        .collect()
}

/// Whatever can be run.
fn scripts() -> Vec<String> {
    let mut scripts: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| {
            let about = entry.metadata().unwrap();
            about.is_file() && about.permissions().mode() & 0o111 != 0
        })
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    scripts.sort();
    scripts
}

#[test]
fn the_table_lists_every_script() {
    assert_eq!(table().into_keys().collect::<Vec<_>>(), scripts(), "left: examples/README.md, right: examples/");
}

#[test]
fn every_script_says_how_it_is_run_live() {
    for script in scripts() {
        let text = fs::read_to_string(folder().join(&script)).unwrap();
        assert!(text.contains(&format!("\n#   examples/{script}")), "{script}: its header shows how to run it");
    }
}

#[test]
fn scripts_print_what_is_beside_them() {
    for (script, command) in table() {
        // Run somewhere else, since a script finds its data by itself.
        let ran = shell(&format!("{}/{command}", folder().display())).exits(0);
        // Two outputs may overtake each other when nobody waits for a clock.
        for (ending, printed) in [("out", &ran.stdout), ("err", &ran.stderr)] {
            let path = folder().join(format!("{script}.{ending}"));
            if std::env::var_os("UPDATE").is_some() {
                if printed.is_empty() { drop(fs::remove_file(&path)) } else { fs::write(&path, printed).unwrap() }
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(*printed, expected, "{script}: not what {} holds\n{ran}", path.display());
        }
    }
}

#[test]
fn every_output_belongs_to_a_script() {
    let scripts = scripts();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "out" || ending == "err") {
            let script = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(scripts.contains(&script), "{} belongs to no script", path.display());
        }
    }
}

/// The servers are two real nc, each with a fifo that stands for its keyboard.
/// The second one comes late, and the first one goes early.
#[test]
fn union_of_two_sockets_through_nc() {
    let (one, other) = (live::free_port(), live::free_port());
    let script = folder().join("union-sockets");
    // The shell holds the fifos open, so that what is typed before nc reads is
    // not lost.
    let mut run = live::start(&format!(
        "mkfifo one other; exec 3<>one 4<>other; touch ready
         nc -l 127.0.0.1 {one} <&3 & echo $! >one.pid
         (until [ -e late ]; do sleep 0.02; done; exec nc -l 127.0.0.1 {other} <&4) &
         exec {} 127.0.0.1 {one} 127.0.0.1 {other}",
        script.display()
    ));
    let directory = run.path("");
    let types = |fifo: &str, line: &str| fs::write(directory.join(fifo), format!("{line}\n")).unwrap();
    run.until("ready", |run| run.path("ready").exists());
    types("one", "alpha beta");
    run.until_holds("stdout", "(alpha,1)\n(beta,1)\n");
    fs::write(directory.join("late"), "").unwrap();
    types("other", "gamma gamma");
    run.until_holds("stdout", "(gamma,2)\n");
    assert!(bash(&[], "kill $(cat one.pid)", &directory).status().unwrap().success());
    types("other", "delta");
    run.until_holds("stdout", "(delta,1)\n");
    run.signal(Signal::INT);
    run.exits(0);
}
