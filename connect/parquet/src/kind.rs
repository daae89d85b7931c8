//! Options of `sstream-sink parquet`, and what it says of itself.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use sstream::connect::{
    Layout, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, TimeForm, TimeOf, TimeUnit, ToolError, duration,
    parse_zone, program,
};

use crate::partition::{Partitioner, Template};
use crate::rows::shred::OnNewColumn;
use crate::rows::value::{TimeText, Times};
use crate::schema::table::{Table, Told};
use crate::schema::{Leaf, file};
use crate::sink::{Every, ParquetSink, Plan};
use crate::store::files::Settings;
use crate::store::staging::Staging;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The folder of the files; it has to be there
    dir: PathBuf,

    /// What names begin with: PREFIX-TIME.parquet. Two sinks of one folder have two
    #[arg(long, value_name = "PREFIX", default_value = "part", value_parser = parse_prefix)]
    prefix: String,

    /// The columns: a message type of Parquet as text, or a file of Parquet that has them. Without it they are
    /// found in the first batch
    #[arg(long, value_name = "FILE", help_heading = "Columns")]
    schema: Option<PathBuf>,

    /// A column of moments, as at or event.at: text of RFC 3339, or numbers of ms; with =s, =us or =ns numbers of these;
    /// with =FORMAT text as strptime reads it. Several times for several
    #[arg(long, value_name = "COLUMN[=FORMAT]", value_parser = parse_moment, help_heading = "Columns")]
    timestamp: Vec<Moment>,

    /// The type of a column that is found in records, as price=decimal(10,2) or event.n=int: boolean, tinyint, smallint, int, bigint,
    /// float, double, decimal(P,S), string, json, binary, date or timestamp. Several times for several
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = parse_type, conflicts_with = "schema", help_heading = "Columns")]
    types: Vec<(String, Leaf)>,

    /// What becomes of a key that is no column
    #[arg(
        long,
        value_name = "error|add|ignore",
        value_enum,
        default_value = "error",
        hide_possible_values = true,
        help_heading = "Columns"
    )]
    on_new_column: OnNewColumn,

    /// The folder of a record in DIR, as 'dt=%Y-%m-%d/hour=%H': of the batch's time, or of --time; and jq programs in braces, as
    /// 'country={.country}'
    #[arg(long, value_name = "NAME=VALUE/…", help_heading = "Partitions")]
    partition: Option<String>,

    /// The time of a record, an EXPR: go by it in the place of the batch's
    #[arg(long, value_name = "EXPR", requires = "partition", help_heading = "Partitions")]
    time: Option<String>,

    /// What a number of --time counts since 1970 [default: ms]
    #[arg(
        long,
        value_enum,
        value_name = "s|ms|us|ns",
        requires = "time",
        hide_possible_values = true,
        help_heading = "Partitions"
    )]
    time_unit: Option<Unit>,

    /// How a string of --time is to be read, as strptime does: '%d/%b/%Y:%H:%M:%S %z'; without it RFC 3339
    #[arg(long, value_name = "FORMAT", requires = "time", help_heading = "Partitions")]
    time_format: Option<String>,

    /// The zone of folders, and of times that name none: Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    zone: Option<TimeZone>,

    /// Have several batches in a file: until so many bytes of records have come, as 1GiB, or until a multiple of this time,
    /// as 10m; with both whichever comes first
    #[arg(long, value_name = "SIZE|DURATION", help_heading = "Files")]
    every: Vec<String>,

    /// How pages are compressed
    #[arg(
        long,
        value_name = "zstd|snappy|none",
        value_enum,
        default_value = "zstd",
        hide_possible_values = true,
        help_heading = "Files"
    )]
    compression: Compression,

    /// What a batch is: a file a folder, or as Spark has it a directory PREFIX-TIME with part-00000.zstd.parquet and _SUCCESS, of an
    /// empty batch too; with --every several batches are one
    #[arg(
        long,
        value_enum,
        value_name = "files|spark",
        default_value = "files",
        hide_possible_values = true,
        help_heading = "Files"
    )]
    layout: Layout,

    /// So much of all rows is held in memory until it is written, as a row group
    #[arg(long, value_name = "SIZE", value_parser = parse_row_group, default_value = "16MiB", help_heading = "Files")]
    row_group: usize,
}

/// A column of moments, and how they are written.
type Moment = (String, TimeText);

/// Choices of `--time-unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// Seconds
    S,
    /// Milliseconds
    Ms,
    /// Microseconds
    Us,
    /// Nanoseconds
    Ns,
}

/// Choices of `--compression`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// Zstandard: small
    Zstd,
    /// Snappy: what the oldest readers have
    Snappy,
    /// None
    None,
}

fn parse_prefix(text: &str) -> Result<String, String> {
    match text {
        "" => Err("a name begins with something".to_owned()),
        _ if text.contains('/') => Err("there is a / in it: folders belong into DIR".to_owned()),
        // Readers of folders pass such files over.
        _ if text.starts_with(['.', '_']) => {
            Err("readers of Parquet leave files out that begin with . or _".to_owned())
        }
        _ if text.len() > 200 => Err("it is longer than 200 bytes".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

fn parse_moment(text: &str) -> Result<Moment, String> {
    let (column, format) = text.split_once('=').map_or((text, None), |(column, format)| (column, Some(format)));
    if column.is_empty() {
        return Err("a column of moments is as at or at=%Y-%m-%d".to_owned());
    }
    let form = match format {
        None | Some("ms") => TimeText::Count(1_000_000),
        Some("s") => TimeText::Count(1_000_000_000),
        Some("us") => TimeText::Count(1_000),
        Some("ns") => TimeText::Count(1),
        Some(format) if format.contains('%') => {
            let shown = strtime::format(format, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
            shown.map_err(|error| format!("{format}: {error}"))?;
            TimeText::Format(format.to_owned())
        }
        Some(format) => {
            return Err(format!("{format} is none of s, ms, us, ns, and no format, as %d/%b/%Y:%H:%M:%S %z"));
        }
    };
    Ok((column.to_owned(), form))
}

fn parse_type(text: &str) -> Result<(String, Leaf), String> {
    let told = text.split_once('=').and_then(|(column, word)| Some((column.to_owned(), Leaf::parse(word)?)));
    told.filter(|(column, _)| !column.is_empty()).ok_or_else(|| {
        "a column and its type are as price=decimal(10,2); types are boolean, tinyint, smallint, int, bigint, float, double, \
         decimal(P,S), string, json, binary, date and timestamp"
            .to_owned()
    })
}

fn parse_row_group(text: &str) -> Result<usize, String> {
    match duration::parse_size(text)? {
        0..65_536 => Err("less than 64KiB makes files that nobody wants to read".to_owned()),
        bytes => Ok(bytes),
    }
}

impl SinkArgs {
    fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or(TimeZone::UTC)
    }

    fn template(&self) -> Result<Option<Template>, String> {
        let template = self
            .partition
            .as_deref()
            .map(Template::parse)
            .transpose()
            .map_err(|what| format!("--partition: {what}"))?;
        match &template {
            Some(template) if self.time.is_some() && !template.has_time() => {
                Err("--partition has no place for a time, as %Y-%m-%d, that --time would be of".to_owned())
            }
            _ => Ok(template),
        }
    }

    fn every(&self) -> Result<Option<Every>, String> {
        let every = self.every.iter().try_fold(Every::default(), |every, text| every.with(text))?;
        Ok((!self.every.is_empty()).then_some(every))
    }

    fn told(&self) -> Result<Told, String> {
        let times = |text: TimeText| Times { text, zone: self.zone() };
        Ok(Told {
            fields: self.schema.as_deref().map(file::read).transpose().map_err(|what| format!("--schema {what}"))?,
            types: self.types.clone(),
            moments: self.timestamp.iter().map(|(column, text)| (column.clone(), times(text.clone()))).collect(),
            times: times(TimeText::Count(1_000_000)),
            on_new: self.on_new_column,
            partition: self.template()?,
        })
    }

    /// What tells a record's time.
    fn time(&self) -> Result<Option<TimeOf>, ToolError> {
        let Some(time) = &self.time else { return Ok(None) };
        let unit = match self.time_unit {
            Some(Unit::S) => TimeUnit::Seconds,
            Some(Unit::Ms) | None => TimeUnit::Milliseconds,
            Some(Unit::Us) => TimeUnit::Microseconds,
            Some(Unit::Ns) => TimeUnit::Nanoseconds,
        };
        let form = TimeForm { unit, format: self.time_format.clone(), zone: self.zone() };
        Ok(Some(TimeOf::new(program("--time", time, &[])?, form)))
    }

    fn settings(&self) -> Settings {
        let (codec, ending) = match self.compression {
            Compression::Zstd => (Codec::ZSTD(ZstdLevel::default()), ".zstd.parquet"),
            Compression::Snappy => (Codec::SNAPPY, ".snappy.parquet"),
            Compression::None => (Codec::UNCOMPRESSED, ".parquet"),
        };
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by(concat!("sstream ", env!("CARGO_PKG_VERSION")).to_owned());
        Settings {
            prefix: self.prefix.clone(),
            properties: Arc::new(properties.build()),
            memory: self.row_group,
            layout: self.layout,
            ending,
        }
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-parquet";

    const ABOUT: &'static str = "Files of Parquet, in Hive's layout

A batch is a file, PREFIX-TIME.parquet, or one a folder with --partition; with --every several batches are. It is seen when \
                                 it is whole: whatever is killed, each record is there once. The columns are a record's keys: told \
                                 by --schema, or found in the first batch. A record that does not go into them is a bad record, \
                                 for --on-error.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink parquet out --timestamp at
  … | sstream-sink parquet lake/hits --schema hits.schema --partition 'dt=%Y-%m-%d/hour=%H' --time .at --every 1GiB --every 1h
  … | sstream-sink parquet lake/users --partition 'country={.country}' --on-new-column add --compression snappy
";

    const DOES: &'static str = "writes batches as files of Parquet, which are seen when they are whole";

    fn check(&self) -> Result<(), String> {
        self.template()?;
        self.every()?;
        match (
            &self.zone,
            self.partition.is_none() && self.timestamp.is_empty() && self.types.is_empty() && self.schema.is_none(),
        ) {
            (Some(_), true) => {
                Err("--zone is of --partition, --timestamp, --type and --schema: there is no time without them"
                    .to_owned())
            }
            _ => Ok(()),
        }
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce(match self.layout {
            Layout::Files => "in files that are renamed when they are whole",
            Layout::Spark => "in directories that are renamed when they are whole",
        })
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::of_one_machine("DIR is a folder")
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let usage = ToolError::Usage;
        let kind = |error| ToolError::Kind(Box::new(error));
        let table = Table::new(self.told().map_err(usage)?).map_err(|error| usage(error.to_string()))?;
        let time = self.time()?;
        let partitioner = self.template().map_err(usage)?.map(|template| Partitioner::new(template, time, self.zone()));
        let every = self.every().map_err(usage)?;
        let settings = self.settings();
        let staging = Staging::open(&self.dir, &self.prefix).map_err(kind)?;
        // What a run without a checkpoint has left, that nobody will finish.
        staging.clean(|_| false).map_err(kind)?;
        let plan = Plan { staging, partitioner, table, settings, every };
        let sink = ParquetSink::new(plan, parts.console, parts.bad_records);
        Ok(Box::new(sink))
    }
}
