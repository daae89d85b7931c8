//! The public surface for connectors: kinds of sources and sinks that are programs of
//! their own.
//!
//! A source is a [`SourceKind`], its options and what it says of itself, that opens a
//! [`RecordSource`]; a sink is a [`SinkKind`] that opens a [`Sink`]; an [`OperatorKind`] makes an
//! [`Operator`]. [`source_main`], [`sink_main`] and [`operator_main`] make a tool of a kind, with everything that all tools have: `--batch`,
//! `--checkpoint` and its log, back-pressure, `--on-error`, `--pass`, `--metrics`.
//!
//! `docs/CONNECTORS.md` leads through a source of a hundred lines. What is not in this module may
//! change in any version; what is in it changes as semantic versioning has it.
//!
//! # A source
//!
//! ```
//! use std::time::Duration;
//! use sstream::connect::{
//!     Bad, Came, Opened, Reason, RecordSource, Room, SourceError, SourceGuarantee, SourceKind, SourceParts, ToolError,
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
//! // The tool: fn main() -> std::process::ExitCode { sstream::connect::source_main::<Countdown>() }
//! let mut block = Vec::new();
//! let room = Room { records: 2, bytes: 1 << 20 };
//! let mut bad = |_: &[u8], reason: &str| panic!("{reason}");
//! assert_eq!(Numbers(3).take(room, &mut block, &mut bad).unwrap(), 2);
//! assert_eq!(block, b"3\n2\n");
//! ```
//!
//! # A sink
//!
//! ```
//! use sstream::connect::{BatchTime, Block, OutletError, Sink, SinkGuarantee, SinkKind, SinkParts, ToolError};
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
//! # let _ = sstream::connect::sink_main::<Tally>;
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
pub use crate::frame::{BatchTime, Block, Reason, Watermark};
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
pub mod record {
    pub use crate::record::{
        Canonicalizer, Decimal, JsonError, Kind, canonicalize, elements, field, kind, members, normal_key, pair,
        push_float, push_string, text, unescape,
    };
}

/// Batches that are directories, as Spark's `saveAs…` makes them, for sinks whose files are not of [`Files`].
pub mod directory {
    pub use crate::os::sync_directory;
    pub use crate::sink::kinds::files::{SUCCESS, remove, replace};
}

/// Aggregations, as `sstream-reduce` has them.
pub mod agg {
    pub use crate::agg::{Accumulator, AggError, Aggregation, Aggregator};
}

/// Files that are not this machine's: found by the same patterns, read as the same records, and called the same as
/// those of `sstream-source dir` and `sstream-sink files`.
pub mod files {
    pub use crate::sink::kinds::files::FileNames;
    pub use crate::source::kinds::files::dir::is_left_alone;
    pub use crate::source::kinds::files::{Boundary, LineReader, Lines, Pattern, ReadAt};
    pub use crate::source::kinds::packing::Packing;
}

/// What raw lines mean.
pub mod forms {
    pub use crate::record::forms::csv::{Csv, CsvOptions};
    pub use crate::record::forms::{Bad, Field, Form, Format, Recipe};
}

/// The directory of the stages that run, this user's own.
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
/// // With a sign, as Avro's numbers.
/// varint::push_signed(-2, &mut position);
/// assert_eq!(varint::take_signed(&mut &position[3..]), Some(-2));
/// ```
pub mod varint {
    pub use crate::varint::{LONGEST, push, push_signed, take, take_signed};
}
