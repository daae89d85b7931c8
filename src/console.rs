//! What a tool says to people: one line on stderr at a time, as
//! `sstream-filter: what, where: what to do`. Never on stdout, which belongs to
//! the stream.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::printable;

/// What sstream-run calls the pipeline that it runs, or nothing: set for its
/// stages, which then say their place in it.
pub const RUN_VARIABLE: &str = "SSTREAM_RUN";

/// What sstream-run reads on stdin, as `DEVICE:INODE`: set for its stages, of which the one
/// that has the same stdin is the first. The underscore says that it is nobody else's business.
pub const RUN_INPUT_VARIABLE: &str = "_SSTREAM_RUN_STDIN";

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

impl Level {
    /// What systemd's journal takes from a line's beginning.
    fn priority(self) -> &'static str {
        match self {
            Level::Error => "<3>",
            Level::Warn => "<4>",
            Level::Info => "<6>",
        }
    }
}

/// Whether stderr goes to systemd's journal: JOURNAL_STREAM then names its
/// device and inode. The variable alone does not say it, since stderr may have
/// been redirected.
pub fn is_journal() -> bool {
    let Some((device, inode)) = std::env::var("JOURNAL_STREAM").ok().and_then(|stream| {
        let (device, inode) = stream.split_once(':')?;
        Some((device.parse::<u64>().ok()?, inode.parse::<u64>().ok()?))
    }) else {
        return false;
    };
    // Field widths differ from system to system.
    #[allow(clippy::unnecessary_cast)]
    rustix::fs::fstat(rustix::stdio::stderr())
        .is_ok_and(|stat| (stat.st_dev as u64, stat.st_ino as u64) == (device, inode))
}

/// Writes messages of one tool to stderr.
#[derive(Clone, Debug)]
pub struct Console {
    tool: &'static str,
    level: Level,
    /// Lines begin with syslog's priority, as `<4>`.
    with_priority: bool,
    /// Which stage of its pipeline the tool is, from 1, where messages are to say
    /// so; 0 before that is known.
    place: Option<Arc<AtomicUsize>>,
}

impl Console {
    /// The console of `tool`.
    pub fn new(tool: &'static str, level: Level) -> Console {
        let place = std::env::var_os(RUN_VARIABLE).map(|_| Arc::default());
        Console { tool, level, with_priority: is_journal(), place }
    }

    /// The tool is this stage of its pipeline, from 1.
    pub fn stands_at(&self, place: usize) {
        if let Some(own) = &self.place {
            own.store(place, Ordering::Relaxed);
        }
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

    /// Whether only errors are said.
    pub fn is_quiet(&self) -> bool {
        self.level == Level::Error
    }

    fn say(&self, level: Level, message: &str) {
        if level <= self.level {
            // One write, so that the lines of a pipeline's stages do not mix. A
            // stderr that is gone leaves nobody to tell.
            let priority = if self.with_priority { level.priority() } else { "" };
            let place = match self.place.as_ref().map_or(0, |place| place.load(Ordering::Relaxed)) {
                0 => String::new(),
                place => format!("stage {place}, "),
            };
            let line = format!("{priority}{place}{}: {}\n", self.tool, printable(message));
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
}
