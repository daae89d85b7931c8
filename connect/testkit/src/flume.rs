//! Apache Flume, which Maven fetches: `flume/agent` beside `src` says how.

use std::process::Command;
use std::sync::OnceLock;

use crate::needs::{has_all, lacks};

/// The script that runs agents.
pub const AGENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/flume/agent");

/// Whether there is a Flume; what it needs may be required, as [`has_all`] has it.
///
/// # Panics
/// There is none, and it is required.
pub fn is_possible(variable: &str) -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    has_all(variable, &["java", "mvn", "flock"])
        && (*IS_THERE.get_or_init(|| Command::new(AGENT).arg("available").status().unwrap().success())
            || lacks(variable, "Flume, nor can it be fetched"))
}
