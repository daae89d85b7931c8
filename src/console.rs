//! What a tool says to people: one line on stderr at a time, as
//! `sstream-filter: what, where: what to do`. Never on stdout, which belongs to
//! the stream.

use std::io::Write as _;

/// How much a tool says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Errors only (`--quiet`).
    Error,
    /// Errors and what a careful person wants to know.
    #[default]
    Warn,
    /// What happens, batch by batch (`--verbose`).
    Info,
}

/// Writes messages of one tool to stderr.
#[derive(Clone, Debug)]
pub struct Console {
    tool: &'static str,
    level: Level,
}

impl Console {
    /// The console of `tool`.
    pub fn new(tool: &'static str, level: Level) -> Console {
        Console { tool, level }
    }

    /// The tool's name, as `sstream-filter`.
    pub fn tool(&self) -> &'static str {
        self.tool
    }

    /// Why the tool ends.
    pub fn error(&self, message: &str) {
        self.say(Level::Error, message);
    }

    /// Something that a careful person wants to know.
    pub fn warn(&self, message: &str) {
        self.say(Level::Warn, message);
    }

    /// What happens.
    pub fn info(&self, message: &str) {
        self.say(Level::Info, message);
    }

    /// Whether [`Console::info`] says anything.
    pub fn is_verbose(&self) -> bool {
        self.level >= Level::Info
    }

    fn say(&self, level: Level, message: &str) {
        if level <= self.level {
            // One write, so that the lines of a pipeline's stages do not mix. A
            // stderr that is gone leaves nobody to tell.
            let line = format!("{}: {message}\n", self.tool);
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
}
