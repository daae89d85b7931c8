//! The kinds of `sstream-source`, with their help.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::received::{ClientArgs, SpoolArgs};
use crate::cli::args::FormArgs;
use crate::cli::guarantee::SourceGuarantee;
use crate::duration;
use crate::net::address::{Address, OwnAddress};
use crate::record::forms::{Field, Framing};
use crate::source::kinds::replay::Speed;

/// Kinds of sources.
#[derive(Subcommand, Debug)]
pub enum ChosenSource {
    /// Lines of standard input
    ///
    /// Batches begin at once, also while nothing has come yet. Stops at the
    /// input's end. Packed input that is cut off or damaged is an error, exit
    /// code 3, behind all that was whole.
    #[command(before_help = "Examples:
  tail -F app.log | sstream-source stdin --batch 10s | sstream-reduce count
  sstream-source stdin --input json < events.jsonl | sstream-sink print
  sstream-source stdin --unpack < events.jsonl.zst | sstream-reduce count")]
    Stdin {
        /// Unpack what gzip, bzip2, xz or zstd have packed, as its first bytes say; other input is left as it is
        #[arg(long, help_heading = "Raw input")]
        unpack: bool,
    },

    /// Lines from a TCP server, to which it connects
    ///
    /// Spark's socketTextStream. When the server is not there, or goes, it is
    /// tried again after 0.1 s, 0.2 s and so on up to every 10 s, as stderr
    /// says. What the server had sent of a line when it ended the connection is a
    /// record, and a bad record where the connection was lost. The source does not
    /// end by itself: stop it with Ctrl-C, --idle-timeout, --stop-after or
    /// --stop-file.
    #[command(before_help = "Examples:
  nc -lk 9999                     # in one terminal: type lines here
  sstream-source tcp localhost:9999 | sstream-flatmap --split ' '
  sstream-source tcp feed:7000 --input json --idle-timeout 1m | sstream-sink print")]
    Tcp {
        /// The server, as localhost:9999
        #[arg(value_name = "HOST:PORT")]
        address: Address,

        #[command(flatten)]
        spool: SpoolArgs,
    },

    /// Lines from clients that connect to a TCP port
    ///
    /// As `nc -lk`, but for many clients at once, whose lines never mix. Listens
    /// on 127.0.0.1 unless a host is given: 0.0.0.0:9999 listens to everybody.
    /// What a client had sent of a line when it ended the connection is a record,
    /// and a bad record where the connection was lost: one that is gone without a
    /// word is let go of after some two minutes. Port 0 is any free port, which
    /// stderr tells. While the pipeline is busy clients wait.
    #[command(before_help = "Examples:
  sstream-source listen 9999 | sstream-filter ERROR
  echo hello | nc -N localhost 9999     # in another terminal
  sstream-source listen 0.0.0.0:9999 --batch 10s | sstream-sink print")]
    Listen {
        /// The port, and the address to listen on
        #[arg(value_name = "[HOST:]PORT")]
        address: OwnAddress,

        #[command(flatten)]
        clients: ClientArgs,

        #[command(flatten)]
        spool: SpoolArgs,
    },

    /// Lines from UDP datagrams
    ///
    /// A datagram is one line or several; its end ends a line. Receives on
    /// 127.0.0.1 unless a host is given. UDP cannot make a sender wait: what
    /// comes while the pipeline is busy and the system's buffer is full is lost,
    /// unless --spool lets it wait here.
    #[command(before_help = "Examples:
  sstream-source udp 5140 | sstream-filter -i error
  logger -n 127.0.0.1 -P 5140 -d 'an error'     # in another terminal
  sstream-source udp 5140 --spool 1GiB | sstream-sink files spool/log")]
    Udp {
        /// The port, and the address to receive on
        #[arg(value_name = "[HOST:]PORT")]
        address: OwnAddress,

        #[command(flatten)]
        spool: SpoolArgs,
    },

    /// Lines from clients that connect to a unix socket
    ///
    /// As listen, at a path. A socket that was left there by a process that is
    /// gone is replaced; the file is removed at the end.
    #[command(before_help = "Examples:
  sstream-source unix /run/app.sock | sstream-filter ERROR
  echo hello | nc -NU /run/app.sock     # in another terminal")]
    Unix {
        /// Where the socket is made
        path: PathBuf,

        #[command(flatten)]
        clients: ClientArgs,

        #[command(flatten)]
        spool: SpoolArgs,
    },

    /// Lines that a program writes
    ///
    /// Any program is a receiver: it writes lines to stdout. Exit code 0 ends
    /// the stream; when it ends otherwise it is started again, after 0.1 s, 0.2 s
    /// and so on up to every 10 s, and what it had written of a line is a bad
    /// record. It runs in a process group of its own, which
    /// gets SIGTERM at a stop and has 5 s for its last lines; SSTREAM_CHECKPOINT
    /// and SSTREAM_BATCH are not in its environment.
    #[command(before_help = "Examples:
  sstream-source exec --batch 5s -- journalctl -f
  sstream-source --input json exec -- curl -sN https://example.org/events
  sstream-source exec -- sh -c 'while sleep 1; do cat /proc/loadavg; done'")]
    Exec {
        /// The program and its arguments
        #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },

    /// Records made at a steady rate, to try a pipeline
    ///
    /// Record n is {"n":n,"time":T}, where T is when it was due, in ms since the
    /// epoch. A batch holds exactly the records that are due in its interval,
    /// N times the interval, however busy the machine is; the first batch too.
    /// When the pipeline is too slow, batches come late and none is left out.
    #[command(before_help = "Examples:
  sstream-source rate 1000 | sstream-reduce count
  sstream-source rate 100000 --batch 1ms --stop-after 10s | sstream-sink null")]
    Rate {
        /// Records a second
        #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
        per_second: u64,
    },

    /// Every file of a directory, once and whole
    ///
    /// Spark's textFileStream. The files that are there at the start come first, by
    /// their time of change, then those that come. A file that is renamed into the
    /// directory is taken at once, so write it elsewhere on the same disk, or under a
    /// name that is left alone, and rename it. One that is written in place is taken when it
    /// was not changed for --settle; so is a renamed one where the file system has no events
    /// (over a network). Names with a dot at the beginning, *.tmp and *._COPYING_ are left
    /// alone. A file that is renamed within the directories is the same file; a
    /// new one under an old name is another; what is changed after it was taken is not taken
    /// again. A packed file (.gz .bz2 .xz .zst) is read as what it holds. A file that cannot be read is left
    /// out, and tried again. A last line with no newline is
    /// a record, and each csv file has its own header.
    ///
    /// PATH is a directory, or a quoted pattern of directories or files: 'in/*.log',
    /// '/data/*/in', '/data/**/*.csv'. URLs (s3:// gs:// az:// hdfs://) are read by sstream-source objects, a connector
    /// that dir becomes. Under a checkpoint a restart reads the files of
    /// the newest batches again: leave them where they are until then.
    #[command(before_help = "Examples:
  sstream-source dir spool --batch 10s | sstream-filter ERROR
  cp report .report && mv .report spool/report     # in another terminal
  sstream-source dir '/data/*/in' --input csv --checkpoint ck | sstream-sink files out/rows
  sstream-source dir 'in/*.log' --available-now --checkpoint ck | sstream-sink text    # from cron")]
    Dir {
        /// Directories, or quoted patterns of directories or files
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,

        /// A file that is written in place is whole when it was not changed for so long
        #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "2s")]
        settle: Duration,

        /// Leave what is there at the first start
        #[arg(long)]
        new_only: bool,

        /// How the files are found.
        #[command(flatten)]
        look: LookArgs,
    },

    /// Lines that are appended to files
    ///
    /// As tail -F, from the files' beginning unless told, and with nothing lost in a
    /// rotation: a file that was renamed is read to its end before the one that takes
    /// its place; of one that was truncated (copytruncate) the rest is read from its copy beside
    /// it. A pattern may match what a log becomes ('app.log*'): each line comes once. A file that
    /// vanishes is waited for; one that cannot be read is left out, and tried again. Only whole lines
    /// are taken; a rotated file's last line needs no newline. Lines of several files keep their order
    /// within each.
    ///
    /// Under a checkpoint a restart goes on where the run before ended, and finds files
    /// that were rotated meanwhile, in the same directory. One that was packed (.gz .bz2 .xz .zst) is known by
    /// what it holds, and what was not read of it is read there. What is gone is an error, exit
    /// code 5, unless --on-loss skip.
    #[command(before_help = "Examples:
  sstream-source tail /var/log/app.log | sstream-filter ERROR | sstream-window 30s 10s count
  sstream-source tail '/var/log/*/access.log' --from end --input logfmt | sstream-sink print
  sstream-source tail app.log --available-now --checkpoint ck | sstream-sink files out/part   # from cron")]
    Tail {
        /// Files, or quoted patterns of files
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,

        /// Where to begin in files that are there at the first start
        #[arg(long, value_enum, value_name = "WHERE", default_value = "beginning")]
        from: TailFrom,

        /// How the files are found.
        #[command(flatten)]
        look: LookArgs,
    },

    /// A file of batches: each line a JSON array of records
    ///
    /// Spark's queueStream. Blank lines are skipped; [] is an empty batch. By
    /// default the clock is virtual: batches come as fast as they are read, and
    /// the first one's interval starts at --start.
    #[command(before_help = "Examples:
  sstream-source queue --batch 1s batches.jsonl | sstream-sink print
  printf '[1,2]\\n[]\\n[3]\\n' | sstream-source queue - | sstream-reduce sum
  sstream-source queue --clock wall batches.jsonl | sstream-window 30s 10s count")]
    Queue {
        /// The file, or - for standard input
        file: PathBuf,

        /// Give batches as fast as they are read, or by the wall clock
        #[arg(long, value_enum, default_value = "virtual")]
        clock: ClockKind,

        /// Where the first batch's interval starts, in ms since the epoch; 0 unless told
        #[arg(long, value_name = "TIME")]
        start: Option<u64>,
    },

    /// A saved framed stream, once more
    ///
    /// Batches keep their times, ends and contents; the checkpoint of the saved
    /// stream is left out. A stop takes effect between two batches.
    #[command(before_help = "Examples:
  nc -lk 9999 | sstream-filter '' > saved.frames
  sstream-source replay saved.frames | sstream-window 30s 10s count
  sstream-source replay --speed 10x saved.frames | sstream-sink print")]
    Replay {
        /// The file, or - for standard input
        file: PathBuf,

        /// How fast: 1x keeps to the batches' times, max is as fast as it goes
        #[arg(long, default_value_t = Speed::Max)]
        speed: Speed,
    },

    /// A kind that is a program on PATH.
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl ChosenSource {
    /// Whether it reads standard input.
    pub fn reads_stdin(&self) -> bool {
        match self {
            ChosenSource::Stdin { .. } => true,
            ChosenSource::Queue { file, .. } | ChosenSource::Replay { file, .. } => file == Path::new("-"),
            _ => false,
        }
    }

    /// Whether it may come upon what is only to be understood from its beginning on.
    pub fn reads_whole_files(&self) -> bool {
        matches!(self, ChosenSource::Stdin { .. } | ChosenSource::Dir { .. } | ChosenSource::Tail { .. })
    }

    /// Ways of writing records that do not go with this kind.
    pub fn check_coding(&self, form: &FormArgs) -> Result<(), String> {
        let is_file = matches!(self, ChosenSource::Dir { .. } | ChosenSource::Tail { .. });
        let has_one_beginning = is_file || matches!(self, ChosenSource::Stdin { .. });
        if !has_one_beginning && form.encoding.is_some_and(|charset| charset.by_mark) {
            let message = "byte order marks are looked for in files and standard input: say utf-16le or utf-16be";
            return Err(format!("--encoding utf-16: {message}"));
        }
        let is_udp = matches!(self, ChosenSource::Udp { .. });
        match form.framing {
            Some(Framing::Octets) if is_file || is_udp => {
                Err("--framing octets: counts are of connections, as listen and tcp have them: leave it out".to_owned())
            }
            Some(Framing::Fixed(_)) if is_udp => {
                Err("--framing: a datagram's end ends a record: leave it out".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether it knows this of a record.
    pub fn knows(&self, field: WithField) -> bool {
        match field {
            WithField::File | WithField::Line | WithField::Offset => {
                matches!(self, ChosenSource::Dir { .. } | ChosenSource::Tail { .. })
            }
            WithField::Client => {
                matches!(self, ChosenSource::Listen { .. } | ChosenSource::Udp { .. } | ChosenSource::Unix { .. })
            }
            WithField::Host => true,
        }
    }

    /// What a restart finds of its batches.
    pub fn guarantee(&self) -> SourceGuarantee {
        match self {
            ChosenSource::Dir { .. } | ChosenSource::Tail { .. } => {
                SourceGuarantee::ReadAgain("from the files, which must stay there until then")
            }
            ChosenSource::Queue { file, .. } | ChosenSource::Replay { file, .. } if is_seekable(file) => {
                SourceGuarantee::ReadAgain("from the file")
            }
            ChosenSource::Rate { .. } => SourceGuarantee::ReadAgain("as they were made, and the numbers go on"),
            _ => SourceGuarantee::Logged,
        }
    }
}

/// Whether a file can be read again from anywhere: not standard input, nor a FIFO. One that
/// is not there yet may be.
pub fn is_seekable(path: &Path) -> bool {
    path != Path::new("-") && path.metadata().map_or(true, |metadata| metadata.is_file())
}

/// How files are found.
#[derive(Args, Clone, Debug)]
pub struct LookArgs {
    /// Take what is there at the start, in batches, and stop; exit code 1 if something could not be read
    #[arg(long)]
    pub available_now: bool,

    /// How often to look for files, for file systems with no events [default: 10s; tail 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub scan: Option<Duration>,
}

/// Where a file is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TailFrom {
    /// All that it holds
    Beginning,
    /// What is appended from now on
    End,
}

/// What a record can say of where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WithField {
    /// The file's path, without what a rotation added to it
    File,
    /// The number of the (first) line in its file, from 1; a restart counts those before it again
    Line,
    /// The byte of the file at which the line begins
    Offset,
    /// This machine's name
    Host,
    /// Who sent it: address and port, or on a unix socket its number
    Client,
}

impl WithField {
    /// The field of a record.
    pub fn of_records(self) -> Field {
        match self {
            WithField::File => Field::File,
            WithField::Line => Field::Line,
            WithField::Offset => Field::Offset,
            WithField::Host => Field::Host,
            WithField::Client => Field::Client,
        }
    }
}

/// Kinds of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockKind {
    /// As fast as input comes
    Virtual,
    /// Real time
    Wall,
}
