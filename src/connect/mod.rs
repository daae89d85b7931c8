//! The public surface for connectors: kinds of sources and sinks that are programs of
//! their own.
//!
//! A source is a [`SourceKind`], its options and what it says of itself, that opens a
//! [`RecordSource`]; a sink is a [`SinkKind`] that opens a [`Sink`]; an [`OperatorKind`] makes an
//! [`Operator`]. [`source_main`], [`sink_main`] and [`operator_main`] make a tool of a kind, with everything that all tools have: `--batch`,
//! `--checkpoint` and its log, back-pressure, `--on-error`, `--pass`, `--metrics`.
//!
//! `docs/CONNECTORS.md` leads through a source of a hundred lines. What is not in this module may
//! change in any version; what is in it changes as semantic versioning has it. Each item is shown by an example, on its own
//! page or on that of its module.
//!
//! # A source
//!
//! ```
//! use std::process::ExitCode;
//! use std::time::Duration;
//! use sstream::connect::{
//!     Bad, Came, Opened, Reason, RecordSource, Room, SourceError, SourceGuarantee, SourceKind, SourceParts, ToolError,
//!     source_main, testing,
//! };
//!
//! /// Options of the kind.
//! #[derive(clap::Args, Debug)]
//! struct Countdown {
//!     /// Where to begin
//!     from: u64,
//! }
//!
//! impl SourceKind for Countdown {
//!     const TOOL: &'static str = "sstream-source-countdown";
//!     const ABOUT: &'static str = "Numbers, down to one";
//!     const EXAMPLES: &'static str = "  sstream-source-countdown 10 | sstream-reduce count\n";
//!
//!     fn identity(&self) -> String {
//!         self.from.to_string()
//!     }
//!
//!     fn guarantee(&self) -> SourceGuarantee {
//!         SourceGuarantee::Logged
//!     }
//!
//!     fn open(&self, _: SourceParts) -> Result<Opened, ToolError> {
//!         Ok(Opened::Records(Box::new(Numbers(self.from))))
//!     }
//! }
//!
//! struct Numbers(u64);
//!
//! impl RecordSource for Numbers {
//!     fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
//!         Ok(if self.0 > 0 { Came::Something } else { Came::End })
//!     }
//!     fn held(&mut self) -> Result<bool, SourceError> {
//!         Ok(false)
//!     }
//!     fn has_records(&self) -> bool {
//!         self.0 > 0
//!     }
//!     fn take(&mut self, room: Room, block: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
//!         let records = room.records.min(self.0);
//!         for _ in 0..records {
//!             block.extend_from_slice(format!("{}\n", self.0).as_bytes());
//!             self.0 -= 1;
//!         }
//!         Ok(records)
//!     }
//!     fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
//!         Ok(0)
//!     }
//! }
//!
//! // The program's main function, and tests of it.
//! let main: fn() -> ExitCode = source_main::<Countdown>;
//! testing::check_source_kind::<Countdown>();
//! let Ok(Opened::Records(mut numbers)) = Countdown { from: 3 }.open(testing::source_parts()) else { panic!() };
//! let mut block = Vec::new();
//! assert_eq!(testing::take(&mut *numbers, 2, &mut block), 2);
//! assert_eq!(block, b"3\n2\n");
//! ```
//!
//! # A sink
//!
//! ```
//! use std::process::ExitCode;
//! use sstream::connect::{
//!     BatchTime, Block, OutletError, Sink, SinkGuarantee, SinkKind, SinkParts, ToolError, sink_main, testing,
//! };
//!
//! /// Options of the kind: none.
//! #[derive(clap::Args, Debug)]
//! struct Tally;
//!
//! impl SinkKind for Tally {
//!     const TOOL: &'static str = "sstream-sink-tally";
//!     const ABOUT: &'static str = "A line with the number of records on stderr";
//!     const EXAMPLES: &'static str = "  … | sstream-sink-tally\n";
//!     const DOES: &'static str = "tells how many records a batch has";
//!
//!     fn guarantee(&self) -> SinkGuarantee {
//!         SinkGuarantee::AtLeastOnce("the last line may come again")
//!     }
//!
//!     fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
//!         Ok(Box::new(Counts(0, parts)))
//!     }
//! }
//!
//! struct Counts<'a>(u64, SinkParts<'a>);
//!
//! impl Sink for Counts<'_> {
//!     fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
//!         self.0 += block.records;
//!         Ok(())
//!     }
//!     fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
//!         self.1.console.warn(&format!("{time}: {}", std::mem::take(&mut self.0)));
//!         Ok(())
//!     }
//! }
//!
//! // The program's main function, and tests of it.
//! let main: fn() -> ExitCode = sink_main::<Tally>;
//! testing::check_sink_kind::<Tally>();
//! let mut tally = Tally.open(testing::sink_parts()).unwrap();
//! tally.block(Block { time: BatchTime(1000), records: 1, bytes: b"1\n" }).unwrap();
//! tally.end(BatchTime(1000), 1).unwrap();
//! ```
//!
//! # Options
//!
//! Groups of options that kinds have in common are flattened into their own:
//!
//! ```
//! use clap::Parser as _;
//! use sstream::connect::{MemoryArgs, StateArgs, ValueArgs, ValueForm, ValueKind};
//!
//! #[derive(clap::Parser)]
//! struct Options {
//!     /// What messages are.
//!     #[command(flatten)]
//!     value: ValueArgs,
//!
//!     /// Of a sink or an operator that holds records.
//!     #[command(flatten)]
//!     memory: MemoryArgs,
//!
//!     /// Of an operator with state.
//!     #[command(flatten)]
//!     state: StateArgs,
//! }
//!
//! let options = Options::parse_from(["tool", "--value", "json", "--memory", "64MiB", "--checkpoint-every", "1m"]);
//! assert_eq!((options.value.value, options.value.check()), (ValueKind::Json, Ok(())));
//! assert_eq!(format!("topic clicks{}", options.value.words()), "topic clicks --value json"); // an identity
//! assert!(matches!(options.value.open(), Ok(ValueForm::Json)));
//! assert_eq!(options.memory.memory, 64 << 20);
//! assert_eq!(options.state.checkpoint_every, Some(60_000));
//! ```

#[doc(hidden)]
pub mod docs;
pub mod testing;

mod braced;
mod message;
mod pattern;
mod run_id;
mod schemas;
mod secret;
mod shard;

pub use braced::Braced;
pub use message::{ValueArgs, ValueForm, ValueKind, only_result, only_result_with};
pub use pattern::NamePattern;
pub use run_id::run_id;
pub use schemas::Schemas;
pub use secret::Secret;
pub use shard::Shard;

pub use crate::checkpoint::job::Places;
pub use crate::checkpoint::offsets::Position;
pub use crate::cli::ToolError;
pub use crate::cli::args::{FileArgs, MemoryArgs, StateArgs};
pub use crate::cli::cluster::{OnCluster, SinkOnCluster};
pub use crate::cli::connector::{
    Opened, OperatorKind, OperatorParts, SinkKind, SinkParts, SourceKind, SourceParts, operator_main, sink_main,
    source_main,
};
pub use crate::cli::guarantee::{SinkGuarantee, SourceGuarantee};
pub use crate::cli::nearest::nearest;
pub use crate::cli::program::program;
pub use crate::console::{Console, Level};
pub use crate::error::{Exit, Failure, describe};
pub use crate::event::{TimeForm, TimeOf, TimeUnit};
pub use crate::expr::Program;
pub use crate::flow::{BadRecords, LineForm, OnError, OutletError, Under, Waited, push_lines};
pub use crate::frame::{BatchTime, Block, OwnBlock, Reason, Watermark};
pub use crate::interval::parse_zone;
pub use crate::keyed_state::{KeyedState, PairOut};
pub use crate::net::address::{Address, OwnAddress};
pub use crate::net::backoff::Backoff;
pub use crate::op::beside::Beside;
pub use crate::op::durable::{Durable, Shown};
pub use crate::op::{BLOCK_BYTES, Downstream, Held, OpError, Operator, Out};
pub use crate::record::forms::Bad;
pub use crate::signal::StopSignal;
pub use crate::sink::Sink;
pub use crate::sink::kinds::files::{Content, FileNames, Files, Layout};
pub use crate::source::beside::FileBeside;
pub use crate::source::engine::kept::OnLoss;
pub use crate::source::engine::rate_limit::RateLimiter;
pub use crate::source::engine::records::{Came, ReadAgain, RecordSource, Room};
pub use crate::source::kinds::stdin::{Ready, wait_readable};
pub use crate::source::kinds::wake::{Bell, Wake};
pub use crate::source::{ByteSource, Client, Got, SourceError, Torn};
pub use crate::spool::{Aside, Spool};

/// Records: JSON values as bytes, in canonical form.
///
/// ```
/// use sstream::connect::record::{canonicalize, field, kind, normal_key, push_string, unescape, Kind};
///
/// let mut block = Vec::new();
/// push_string("a \"quoted\" line".as_bytes(), &mut block);
/// assert_eq!(block, br#""a \"quoted\" line""#);
/// assert_eq!(kind(&block), Some(Kind::String));
/// assert_eq!(&*unescape(&block), br#"a "quoted" line"#);
///
/// let mut json = Vec::new();
/// canonicalize(br#" { "b" : 1.50 } "#, &mut json).unwrap();
/// assert_eq!(json, br#"{"b":1.50}"#);
/// assert_eq!(field(&json, b"b"), Some(&b"1.50"[..]));
/// // Keys are compared by meaning.
/// assert_eq!(&*normal_key(b"10e-1"), b"1");
/// ```
///
/// ```
/// use sstream::connect::record::{Canonicalizer, Decimal, JsonError, elements, members, pair, push_float, text};
///
/// assert_eq!(elements(b"[1,[2]]").collect::<Vec<_>>(), [&b"1"[..], b"[2]"]);
/// assert_eq!(members(br#"{"a":1}"#).next(), Some((&br#""a""#[..], &b"1"[..])));
/// // A pair has a key and a value, and a string's text is without quotes.
/// let (key, value) = pair(br#"["ann",2]"#).unwrap();
/// assert_eq!((&*text(key), &*text(value)), (&b"ann"[..], &b"2"[..]));
/// // A sum is exact, a float is not.
/// let mut sum = Decimal::ZERO;
/// (0..10).for_each(|_| sum.add(&Decimal::parse(b"0.1").unwrap()));
/// sum.subtract(&Decimal::parse(b"1").unwrap());
/// assert!(sum.is_zero());
/// let mut out = Vec::new();
/// push_float(0.5, &mut out);
/// assert_eq!(out, b"0.5");
/// // Who makes many records canonical keeps a Canonicalizer; what is no JSON is refused, with the place.
/// let refused: JsonError = Canonicalizer::default().canonicalize(b"[1,", &mut out).unwrap_err();
/// assert_eq!((refused.offset, refused.found), (3, None));
/// ```
pub mod record {
    pub use crate::record::{
        Canonicalizer, Decimal, JsonError, Kind, canonicalize, elements, field, kind, members, normal_key, pair,
        push_float, push_string, text, unescape,
    };
}

/// Batches that are directories, as Spark's `saveAs…` makes them, for sinks whose files are not of [`Files`].
///
/// ```
/// use std::fs;
/// use sstream::connect::directory::{SUCCESS, remove, replace, sync_directory};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let out = folder.path();
/// // A batch is written where nobody looks, is marked as complete, and takes the place of an earlier try.
/// let (temporary, batch) = (out.join(".words-1000.tmp"), out.join("words-1000"));
/// for words in ["a\n", "a\nb\n"] {
///     remove(&temporary).unwrap(); // what a crash has left
///     fs::create_dir(&temporary).unwrap();
///     fs::write(temporary.join("part-00000"), words).unwrap();
///     fs::write(temporary.join(SUCCESS), "").unwrap();
///     sync_directory(&temporary).unwrap(); // the names of its parts
///     replace(&temporary, &batch).unwrap();
/// }
/// assert_eq!(fs::read(batch.join("part-00000")).unwrap(), b"a\nb\n");
/// ```
pub mod directory {
    pub use crate::os::sync_directory;
    pub use crate::sink::kinds::files::{SUCCESS, remove, replace};
}

/// Aggregations, as `sstream-reduce` has them.
///
/// ```
/// use sstream::connect::agg::{Accumulator, AggError, Aggregation, Aggregator};
///
/// let mut sums = Aggregator::new(Aggregation::parse("sum").unwrap());
/// let mut of_ann: Accumulator = sums.accumulator(); // one a key
/// sums.add(&mut of_ann, b"0.1").unwrap();
/// sums.add(&mut of_ann, b"0.2").unwrap();
/// assert!(matches!(sums.add(&mut of_ann, b"\"x\""), Err(AggError::NotANumber { .. })), "it is left out");
/// let mut sum = Vec::new();
/// assert!(sums.write(&of_ann, &mut sum));
/// assert_eq!(sum, b"0.3");
/// ```
pub mod agg {
    pub use crate::agg::{Accumulator, AggError, Aggregation, Aggregator};
}

/// Files that are not this machine's: found by the same patterns, read as the same records, and called the same as
/// those of `sstream-source dir` and `sstream-sink files`.
///
/// ```
/// use std::ffi::OsStr;
/// use std::io;
/// use std::path::Path;
/// use sstream::connect::files::{Boundary, FileNames, LineReader, Lines, Packing, Pattern, ReadAt, is_left_alone};
/// use sstream::connect::{BatchTime, Room, forms::Recipe};
///
/// // Which objects of a bucket are taken: not those that are being written.
/// let logs = Pattern::parse_elsewhere(Path::new("logs/*.log.gz")).unwrap();
/// assert!(logs.matches(Path::new("logs/a.log.gz")) && !logs.matches(Path::new("logs/a.txt")));
/// assert!(is_left_alone(OsStr::new("a.log.tmp")));
/// assert_eq!(Packing::of(Path::new("logs/a.log.gz")), Some(Packing::Gzip));
///
/// /// An object, of which a server gives any part.
/// struct Object(&'static [u8]);
///
/// impl ReadAt for Object {
///     fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
///         let rest = self.0.get(from as usize..).unwrap_or_default();
///         let count = rest.len().min(buffer.len());
///         buffer[..count].copy_from_slice(&rest[..count]);
///         Ok(count)
///     }
/// }
///
/// // Its lines, from a boundary on: a position keeps how far it was read.
/// let (lines, object) = (Lines { recipe: Recipe::default(), max_line: 1 << 20 }, Object(b"a\nb\nc\n"));
/// let name = "s3://bucket/logs/a";
/// let mut reader = LineReader::open(name.into(), name.as_bytes(), Box::new(object), Boundary::at(2), &lines).unwrap();
/// while reader.read(u64::MAX).unwrap() > 0 {}
/// let (mut block, room) = (Vec::new(), Room { records: 1, bytes: 1 << 20 });
/// assert_eq!(reader.take(room, &mut block, &mut |_, _| Ok(())).unwrap(), 1);
/// assert_eq!((block.as_slice(), reader.boundary()), (&b"\"b\"\n"[..], Boundary::at(4)));
///
/// // What a batch is called there.
/// let names = FileNames::new(Path::new("out/words"), Some("txt")).unwrap();
/// assert_eq!(names.path(BatchTime(1000)), Path::new("out/words-1000.txt"));
/// ```
pub mod files {
    pub use crate::sink::kinds::files::FileNames;
    pub use crate::source::kinds::files::dir::is_left_alone;
    pub use crate::source::kinds::files::{Boundary, LineReader, Lines, Pattern, ReadAt};
    pub use crate::source::kinds::packing::Packing;
}

/// What raw lines mean.
///
/// ```
/// use sstream::connect::Failure;
/// use sstream::connect::forms::{Bad, Csv, CsvOptions, Field, Form, Format, Recipe};
///
/// /// The records of lines, or why the first bad one is bad.
/// fn records(format: &mut dyn Format, lines: &[u8]) -> Result<String, Box<dyn Failure>> {
///     let mut out = Vec::new();
///     let bad: &mut Bad<'_> = &mut |line, reason| panic!("{}: {reason}", line.escape_ascii());
///     format.records(lines.into(), 1 << 20, &mut out, bad)?;
///     format.finish(&mut out, bad)?;
///     Ok(String::from_utf8_lossy(&out).into_owned())
/// }
///
/// // As options say it: a format for each file, connection or client.
/// let recipe = Recipe { form: Form::Logfmt, with: vec![Field::Line], ..Recipe::default() };
/// let mut of_a_file = recipe.format(b"app.log");
/// assert_eq!(records(&mut *of_a_file, b"level=info\n").unwrap(), "{\"line\":1,\"value\":{\"level\":\"info\"}}\n");
/// // Of a file that is csv, whatever options say.
/// let mut csv = Csv::new(CsvOptions { numbers: true, ..CsvOptions::default() }, None);
/// assert_eq!(records(&mut csv, b"user,n\nann,2\n").unwrap(), "{\"user\":\"ann\",\"n\":2}\n");
/// ```
pub mod forms {
    pub use crate::record::forms::csv::{Csv, CsvOptions};
    pub use crate::record::forms::{Bad, Field, Form, Format, Recipe};
}

/// The directory of the stages that run, this user's own.
///
/// ```
/// use sstream::connect::runtime::{RuntimeError, check, directory, ensure, stages_of};
/// # let folder = tempfile::tempdir().unwrap();
///
/// // A socket of a tool's own goes beside the others; a folder that is anybody's is refused.
/// assert!(directory().is_absolute());
/// let mine = folder.path().join("sstream");
/// ensure(&mine).unwrap();
/// check(&mine).unwrap();
/// assert!(matches!(check(&mine.join("missing")), Err(RuntimeError::Io { .. })));
/// // The processes of a pipeline by its name, and what each is.
/// for (pid, stage) in stages_of("counts") {
///     println!("{pid} {stage}");
/// }
/// ```
pub mod runtime {
    pub use crate::monitor::registry::stages_of;
    pub use crate::monitor::runtime::{RuntimeError, check, directory, ensure};
}

/// Durations and sizes as people write them.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::duration;
///
/// assert_eq!(duration::parse("1m30s"), Ok(Duration::from_secs(90)));
/// assert_eq!(duration::parse_ms("1m30s").map(duration::show_ms), Ok("1m30s".to_owned()));
/// assert_eq!(duration::parse_size("64KiB"), Ok(65_536));
/// assert!(duration::parse("5").is_err(), "of what?");
/// ```
pub mod duration {
    pub use crate::duration::{parse, parse_ms, parse_size, show_ms};
}

/// Numbers in as few bytes as they need: what positions are made of.
///
/// ```
/// use sstream::connect::varint;
///
/// let mut position = Vec::new();
/// varint::push(300, &mut position);
/// varint::push(7, &mut position);
/// let mut rest = position.as_slice();
/// assert_eq!((varint::take(&mut rest), varint::take(&mut rest)), (Some(300), Some(7)));
/// assert_eq!(varint::take(&mut rest), None);
///
/// // From a stream: more bytes than that are no number.
/// let mut number = [0; varint::LONGEST];
/// number[..2].copy_from_slice(&position[..2]);
/// assert_eq!(varint::take(&mut &number[..]), Some(300));
///
/// // With a sign, as Avro's numbers.
/// varint::push_signed(-2, &mut position);
/// assert_eq!(varint::take_signed(&mut &position[3..]), Some(-2));
/// ```
pub mod varint {
    pub use crate::varint::{LONGEST, push, push_signed, take, take_signed};
}
