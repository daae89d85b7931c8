//! How much a tool that keeps keys holds in memory.

use clap::Args;

use crate::duration::{parse_size, show_size};

/// `--memory` of tools that can have the rest on disk.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct KeyMemoryArgs {
    /// Hold about so many bytes of what is known of keys in memory; what is more goes to files in the
    /// checkpoint, or in $TMPDIR [default: all is in memory]
    #[arg(long, value_name = "SIZE", value_parser = parse, help_heading = "Memory")]
    pub memory: Option<usize>,
}

impl KeyMemoryArgs {
    /// Why such a stage does not run on a cluster.
    pub const NOT_ON_A_CLUSTER: &str = "--memory: a cluster keeps keys in its own memory, spread over --parts";
}

fn parse(text: &str) -> Result<usize, String> {
    let bytes = parse_size(text)?;
    check_key_memory(bytes)?;
    Ok(bytes)
}

/// Whether that is enough for what is known of keys.
///
/// # Errors
/// How much it has to be.
pub fn check_key_memory(bytes: usize) -> Result<(), String> {
    const LEAST: usize = 4 << 10;
    if bytes < LEAST { Err(format!("it is at least {}", show_size(LEAST as u64))) } else { Ok(()) }
}
