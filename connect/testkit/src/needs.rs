//! What a test needs beside the tools.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Whether all these commands are there. Where one is not, that is told, and the test may pass:
/// unless the variable says `required`, as it does in continuous integration.
///
/// # Panics
/// One is not there, and is required.
pub fn has_all(variable: &str, commands: &[&str]) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    // What serves others is where only an administrator looks.
    let is_there =
        |command: &str| path.split(':').chain(["/usr/sbin"]).any(|folder| Path::new(folder).join(command).is_file());
    let missing: Vec<&str> = commands.iter().copied().filter(|command| !is_there(command)).collect();
    missing.is_empty() || lacks(variable, &missing.join(", "))
}

/// Something else is not there: that is told as [`has_all`] tells of commands. Always false.
///
/// # Panics
/// It is required.
pub fn lacks(variable: &str, what: &str) -> bool {
    let required = std::env::var(variable).is_ok_and(|value| value == "required");
    assert!(!required, "{variable}=required, and there is no {what}");
    // Not by a macro, whose output a test that passes keeps to itself.
    std::io::stderr().write_all(format!("SKIPPED: there is no {what}\n").as_bytes()).unwrap();
    false
}

/// A port that nobody listens at, below those that the system gives to clients, so that it can be
/// listened at again and again.
pub fn free_port() -> u16 {
    let mut random = crate::random::Random::new(u64::from(std::process::id()) ^ nanoseconds());
    loop {
        let port = random.between(10_000, 32_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn nanoseconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64
}

/// The path of a Python that has pyspark, the one of the benchmarks, which is fetched once (700 MB); nothing where that is
/// not to be had, which `VARIABLE=required` makes a failure.
pub fn pyspark(variable: &str) -> Option<String> {
    if !has_all(variable, &["python3", "java"]) {
        return None;
    }
    let make = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/others/python");
    let made = Command::new(make).output().unwrap();
    if !made.status.success() {
        lacks(variable, "pyspark, nor can it be fetched");
        return None;
    }
    Some(String::from_utf8(made.stdout).unwrap().trim().to_owned())
}
