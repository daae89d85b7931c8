//! Kinds of sources and sinks that are programs of their own: what such a kind says of
//! itself, the tool that is made of it, and how `sstream-source KIND` finds it.

mod declare;
pub mod known;
mod operator;
mod sink;
mod source;

pub use declare::Declared;
pub use operator::{OperatorKind, OperatorParts, OperatorTool};
pub(in crate::cli) use sink::run_sink;
pub use sink::{SinkKind, SinkParts, SinkTool};
pub use source::{Opened, SourceKind, SourceParts, SourceTool};

use std::process::ExitCode;

use super::{Tool, process};

/// The main function of a tool that is a connector's: with `--declare` in front it says
/// what it would do, for `sstream explain`, and does nothing.
fn main<T: Tool + Declared>() -> ExitCode {
    match declare::asked::<T>() {
        Some(code) => code,
        None => process::main::<T>(),
    }
}

/// The main function of `sstream-source-KIND`.
pub fn source_main<K: SourceKind>() -> ExitCode {
    main::<SourceTool<K>>()
}

/// The main function of `sstream-sink-KIND`.
pub fn sink_main<K: SinkKind>() -> ExitCode {
    main::<SinkTool<K>>()
}

/// The main function of a tool between two pipes, `sstream-NAME`.
pub fn operator_main<K: OperatorKind>() -> ExitCode {
    main::<OperatorTool<K>>()
}

/// A kind's words about itself: the first paragraph is for lists, all of it for the
/// help.
fn with_about(command: clap::Command, about: &'static str) -> clap::Command {
    let first = about.split("\n\n").next().unwrap_or_default();
    command.about(first).long_about(about)
}
