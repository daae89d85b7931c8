//! Kinds of sources and sinks that are programs of their own: what such a kind says of
//! itself, the tool that is made of it, and how `sstream-source KIND` finds it.

pub(in crate::cli) mod ask;
pub(in crate::cli) mod found;
pub mod known;
pub(in crate::cli) mod mark;
mod operator;
pub(in crate::cli) mod remote;
pub mod show;
mod sink;
mod sound;
mod source;

pub use ask::Declared;
pub use operator::{OperatorKind, OperatorParts, OperatorTool};
pub(in crate::cli) use sink::run_sink;
pub use sink::{SinkKind, SinkParts, SinkTool};
pub use source::{Opened, SourceKind, SourceParts, SourceTool};

use std::process::ExitCode;

use super::{Tool, process};
use crate::command::ONCE_A_BATCH;
use crate::console::{Console, Level};
use crate::error::Exit;

/// The main function of a tool that is a connector's, which may only be asked something.
fn main<T: Tool + Declared + 'static>() -> ExitCode {
    mark::leave();
    if cfg!(debug_assertions)
        && let Some(fault) = T::faults().first()
    {
        Console::new(T::NAME, Level::Error).error(&format!("{fault} (this is said in debug builds only)"));
        return Exit::Usage.code().into();
    }
    match ask::asked::<T>() {
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
    if let Some(refused) = refuse_one_batch(K::TOOL) {
        return refused;
    }
    main::<SinkTool<K>>()
}

/// The main function of a tool between two pipes, `sstream-NAME`.
pub fn operator_main<K: OperatorKind>() -> ExitCode {
    show::asked::<K>().unwrap_or_else(main::<OperatorTool<K>>)
}

/// A sink that `sstream-sink KIND` starts once a batch, since it took its program for one of
/// lines, as a script that starts the sink: each batch would be a stream of its own, and
/// what the sink promises under a checkpoint would not hold.
fn refuse_one_batch(tool: &'static str) -> Option<ExitCode> {
    let parent = rustix::process::getppid()?.as_raw_nonzero().to_string();
    if std::env::var(ONCE_A_BATCH).ok()? != parent {
        return None;
    }
    Console::new(tool, Level::Error).error(&format!(
        "is started once a batch, as a program of lines, and is a stage that takes the whole stream: end the pipeline \
         with … | {tool} ARGS"
    ));
    Some(Exit::Usage.code().into())
}

/// A kind's words about itself: the first paragraph is for lists, all of it for the
/// help.
fn with_about(command: clap::Command, about: &'static str) -> clap::Command {
    let first = about.split("\n\n").next().unwrap_or_default();
    command.about(first).long_about(about)
}
