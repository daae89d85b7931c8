//! The kinds that are built in, a file each: a kind's options, with their help, and all that it says of itself. Nobody
//! else asks which kind a sink is.

mod exec;
mod external;
mod files;
mod lines;
mod listen;
mod null;
mod print;
mod serve;
mod sockets;
mod tcp;
mod unix;

use std::ffi::OsString;

use clap::Subcommand;

use crate::cli::cluster::Target;
use crate::cli::guarantee::SinkGuarantee;
use crate::cli::{Environment, ToolError, output};
use crate::sink::Sink;
use crate::sink::kinds::exec::CommandOutput;
use crate::sink::stdout::Stdout;

/// Kinds of sinks, with their help.
#[derive(Subcommand, Debug)]
pub enum ChosenSink {
    #[command(name = print::NAME)]
    Print(print::PrintArgs),

    /// A string as itself and anything else as JSON, one a line, as they come
    #[command(name = lines::TEXT.name)]
    Text,

    /// Every record as JSON, one a line, as they come
    #[command(name = lines::JSON.name)]
    Json,

    #[command(name = files::NAME)]
    Files(files::FilesArgs),

    #[command(name = exec::NAME)]
    Exec(exec::ExecArgs),

    #[command(name = listen::NAME)]
    Listen(listen::ListenArgs),

    #[command(name = tcp::NAME)]
    Tcp(tcp::TcpArgs),

    #[command(name = unix::NAME)]
    Unix(unix::UnixArgs),

    #[command(name = serve::NAME)]
    Serve(serve::ServeArgs),

    #[command(name = null::NAME)]
    Null(null::NullArgs),

    /// A kind that is a program on PATH.
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl ChosenSink {
    /// What is to be known of it.
    pub fn built_in(&self) -> &dyn BuiltIn {
        match self {
            ChosenSink::Print(kind) => kind,
            ChosenSink::Text => &lines::TEXT,
            ChosenSink::Json => &lines::JSON,
            ChosenSink::Files(kind) => kind,
            ChosenSink::Exec(kind) => kind,
            ChosenSink::Listen(kind) => kind,
            ChosenSink::Tcp(kind) => kind,
            ChosenSink::Unix(kind) => kind,
            ChosenSink::Serve(kind) => kind,
            ChosenSink::Null(kind) => kind,
            ChosenSink::Other(words) => words,
        }
    }
}

/// The kind that names files which may be a connector's.
pub const OF_FILES: &str = files::NAME;

/// A kind of sink: its options (this type, by clap), and what it says of itself.
pub trait BuiltIn {
    /// As it is called: on the command line, in a checkpoint, in messages.
    fn name(&self) -> &str;

    /// What it does with a stream.
    fn does(&self) -> &'static str;

    /// What holds for its records under a checkpoint, if there is anything to promise.
    fn guarantee(&self) -> Option<SinkGuarantee>;

    /// What a cluster does with it: the tool itself runs on the driver, unless a kind says otherwise.
    ///
    /// # Errors
    /// A cluster cannot have it.
    fn target(&self) -> Result<Target, String> {
        Ok(Target::Driver(None))
    }

    /// Makes the sink.
    ///
    /// # Errors
    /// What keeps it from that.
    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError>;
}

/// What a kind is opened with.
pub struct Opening<'e> {
    /// Stdout belongs to the stream that is passed on.
    pub pass: bool,
    /// What the tool has around it.
    pub environment: &'e Environment,
}

impl Opening<'_> {
    /// Where records go that are for stdout, and what that is called.
    ///
    /// # Errors
    /// It is closed.
    pub fn output(&self) -> Result<(Stdout, &'static str), ToolError> {
        if !self.pass {
            return Ok((output::stdout(self.environment)?, "stdout"));
        }
        let stderr = Stdout::error(self.environment.waited.clone());
        let failed = |error| ToolError::Open { what: "stderr".to_owned(), error };
        Ok((stderr.map_err(failed)?, "stderr"))
    }

    /// The same for what commands write.
    pub fn output_of_commands(&self) -> CommandOutput {
        if self.pass { CommandOutput::Stderr } else { CommandOutput::Stdout }
    }
}
