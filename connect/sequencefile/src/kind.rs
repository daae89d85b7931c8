//! Options of `sstream-sink sequencefile`, and what it says of itself.

use clap::Args;
use sstream::connect::{
    FileArgs, Layout, Program, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError, program,
};

use crate::compress::Codec;
use crate::file::{Compression, SequenceFile, Settings};
use crate::java::classes::Scala;
use crate::java::value::Tuples;
use crate::objects::Objects;
use crate::pairs::{From, Pairs, Side};
use crate::writable::Writable;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    #[command(flatten)]
    files: FileArgs,

    /// The key of a record, an EXPR; without it the first of a pair
    #[arg(long, value_name = "EXPR", conflicts_with = "objects", help_heading = "Records")]
    key: Option<String>,

    /// The value of a record, an EXPR; without it the second of a pair, or with --key-type null and --objects the record itself
    #[arg(long, value_name = "EXPR", help_heading = "Records")]
    value: Option<String>,

    /// The class of keys: Text (a string as itself, anything else as JSON), LongWritable, IntWritable, DoubleWritable, BooleanWritable,
    /// BytesWritable (of UTF-8, or of what a string is the base64 of), or NullWritable, which holds nothing
    #[arg(
        long,
        value_enum,
        value_name = "text|long|int|double|boolean|bytes|base64|null",
        default_value = "text",
        hide_possible_values = true,
        conflicts_with = "objects",
        help_heading = "Records"
    )]
    key_type: Writable,

    /// The class of values, as that of keys
    #[arg(
        long,
        value_enum,
        value_name = "text|long|…",
        default_value = "text",
        hide_possible_values = true,
        conflicts_with = "objects",
        help_heading = "Records"
    )]
    value_type: Writable,

    /// Records as objects of Java, ten in an array, as Spark's saveAsObjectFile has them: String, Long, Double, Boolean, null, Object[],
    /// scala.Tuple2, LinkedHashMap, and BigInteger or BigDecimal for numbers that do not fit
    #[arg(long, help_heading = "Objects")]
    objects: bool,

    /// Which arrays of two are a scala.Tuple2: records that are pairs, all of them, or none
    #[arg(
        long,
        value_enum,
        value_name = "record|all|none",
        requires = "objects",
        default_value = "record",
        hide_possible_values = true,
        help_heading = "Objects"
    )]
    tuples: Tuples,

    /// The Scala of who reads: tuples of one are not those of the other. Spark 3 has 2.12 unless it says 2.13, Spark 4 has 2.13
    #[arg(
        long,
        value_enum,
        value_name = "2.12|2.13",
        requires = "objects",
        default_value = "2.12",
        hide_possible_values = true,
        help_heading = "Objects"
    )]
    scala: Scala,

    /// What is compressed: nothing, each value by itself, or blocks of about 1 MB
    #[arg(
        long,
        value_enum,
        value_name = "none|record|block",
        default_value = "none",
        hide_possible_values = true,
        help_heading = "Files"
    )]
    compression: Compression,

    /// How: by Hadoop's DefaultCodec, GzipCodec or SnappyCodec [default: zlib]
    #[arg(long, value_enum, value_name = "zlib|gzip|snappy", hide_possible_values = true, help_heading = "Files")]
    codec: Option<Codec>,

    /// Metadata in the head of each file; several times for several
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_metadata, help_heading = "Files")]
    metadata: Vec<(String, String)>,
}

fn parse_metadata(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("metadata is as origin=sstream".to_owned()),
    }
}

/// What holds nothing is made of nothing.
fn check_null(option: &str, expr: Option<&String>, writable: Writable) -> Result<(), String> {
    match expr {
        Some(_) if writable == Writable::Null => {
            Err(format!("--{option} and --{option}-type null: a NullWritable holds nothing, leave --{option} out"))
        }
        _ => Ok(()),
    }
}

impl SinkArgs {
    fn program(option: &'static str, expr: Option<&String>) -> Result<Option<Program>, ToolError> {
        expr.map(|expr| program(option, expr, &[])).transpose()
    }

    fn file(&self) -> SequenceFile {
        let (key, value) =
            if self.objects { (Writable::Null, Writable::Bytes) } else { (self.key_type, self.value_type) };
        let mut metadata = self.metadata.clone();
        // Hadoop keeps it sorted.
        metadata.sort();
        let codec = self.codec.unwrap_or_default();
        SequenceFile::new(Settings { key, value, compression: self.compression, codec, metadata })
    }

    fn sides(&self) -> Result<(Side, Side), ToolError> {
        let whole = if self.key_type == Writable::Null { From::Record } else { From::Second };
        let from = |option, expr, or| {
            Ok::<From, ToolError>(Self::program(option, expr)?.map_or(or, |program| From::Program(option, program)))
        };
        let key = Side { from: from("--key", self.key.as_ref(), From::First)?, writable: self.key_type };
        let value = Side { from: from("--value", self.value.as_ref(), whole)?, writable: self.value_type };
        Ok((key, value))
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-sequencefile";

    const ABOUT: &'static str = "SequenceFiles of Hadoop

A batch is a file, PREFIX-TIME_IN_MS[.SUFFIX], as of sstream-sink files: it is seen when it is whole, and each record is there \
                                 once, whatever is killed. With --layout spark it is a directory as Spark's saveAsHadoopFiles and \
                                 saveAsObjectFiles make it. A record that is not of the classes is a bad record, for --on-error.";

    const EXAMPLES: &'static str = "  \
  … | sstream-window 30s 10s --by .user count | sstream-sink sequencefile out/counts --value-type long --layout spark
  … | sstream-sink sequencefile out/hits seq --key .user --value . --compression block
  … | sstream-sink sequencefile out/hits --objects --layout spark     # sc.objectFile reads them
";

    const DOES: &'static str = "writes batches as SequenceFiles of Hadoop, which are seen when they are whole";

    fn check(&self) -> Result<(), String> {
        self.files.names()?;
        check_null("key", self.key.as_ref(), self.key_type)?;
        check_null("value", self.value.as_ref(), self.value_type)?;
        if self.codec.is_some() && self.compression == Compression::None {
            return Err("--codec says how --compression record or block compresses, and there is neither".to_owned());
        }
        let mut names: Vec<&str> = self.metadata.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|two| two[0] == two[1]) {
            Some(two) => Err(format!("--metadata has two values for {}", two[0])),
            None => Ok(()),
        }
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce(match self.files.layout {
            Layout::Files => "in files that are renamed when they are whole",
            Layout::Spark => "in directories that are renamed when they are whole",
        })
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::of_one_machine("the files are in a folder")
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let file = self.file();
        if self.objects {
            let value = Self::program("--value", self.value.as_ref())?;
            let objects = Objects::new(value, (self.tuples, self.scala), file, parts.bad_records);
            return Ok(Box::new(self.files.open(objects)?));
        }
        let (key, value) = self.sides()?;
        Ok(Box::new(self.files.open(Pairs::new(key, value, file, parts.bad_records))?))
    }
}
