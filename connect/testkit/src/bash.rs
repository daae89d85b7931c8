//! How every test runs a line of shell: by bash, with the built tools.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Ends a line that hangs, not one that is slow on a busy machine, with all that it started: at a
/// gentler signal bash would go alone, and a tool that drains would stay.
pub const FOR_MINUTES: &[&str] = &["timeout", "--signal=KILL", "300"];

/// Bash with pipefail, the built tools in PATH and nothing on stdin, in
/// `directory`; `runner` runs it, if there is one.
pub fn bash(runner: &[&str], line: &str, directory: &Path) -> Command {
    let tools = tools();
    let words = [runner, &["bash", "-o", "pipefail", "-c", line]].concat();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()))
        .env_remove("SSTREAM_BATCH")
        .env_remove("SSTREAM_CHECKPOINT")
        .env_remove("SSTREAM_LOG")
        .env_remove("SSTREAM_RUN")
        .stdin(Stdio::null())
        .current_dir(directory);
    command
}

/// Where the built tools are: cargo puts tests into a directory below them.
///
/// # Panics
/// Without the tools.
pub fn tools() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let tools = test.ancestors().nth(2).unwrap();
    assert!(tools.join("sstream-source").is_file(), "there are no tools: cargo build --workspace makes them");
    tools.to_owned()
}
