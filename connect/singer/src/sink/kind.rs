//! Options of `sstream-sink singer`, and what it says of itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use sstream::connect::record::{Kind, canonicalize, kind};
use sstream::connect::{
    MemoryArgs, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, describe, program,
};

use super::SingerSink;
use super::messages::{Messages, Stream};

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The target and its arguments, behind --
    #[arg(value_name = "TARGET", required = true, last = true)]
    command: Vec<String>,

    /// The stream, as a table, that a record is of: the result, a string, of a jq program; no record
    /// without a result. One for all is '"clicks"' [default: "records"]
    #[arg(long, value_name = "EXPR", help_heading = "Singer")]
    stream: Option<String>,

    /// The record: the result, an object, of a jq program; no record without a result
    #[arg(long, value_name = "EXPR", help_heading = "Singer")]
    value: Option<String>,

    /// A property that identifies a record, which many targets replace records by; several times for several
    #[arg(long, value_name = "NAME", help_heading = "Singer")]
    key: Vec<String>,

    /// A stream's schema is in this file (JSON Schema), and not found out from its records; several times for
    /// several streams
    #[arg(long, value_name = "STREAM=FILE", value_parser = parse_schema, help_heading = "Singer")]
    schema: Vec<(String, PathBuf)>,

    /// Have a batch done with when the target has ended well, though it gives back no STATE
    #[arg(long, help_heading = "Singer")]
    without_state: bool,

    #[command(flatten)]
    memory: MemoryArgs,
}

fn parse_schema(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((stream, file)) if !stream.is_empty() && !file.is_empty() => Ok((stream.to_owned(), file.into())),
        _ => Err("which stream, and which file? as records=schema.json".to_owned()),
    }
}

fn read_schema(file: &PathBuf) -> Result<Vec<u8>, ToolError> {
    let wrong = |why: String| ToolError::Usage(format!("--schema: {}: {why}", file.display()));
    let (text, mut schema) = (std::fs::read(file).map_err(|error| wrong(describe(&error)))?, Vec::new());
    canonicalize(&text, &mut schema).map_err(|error| wrong(error.to_string()))?;
    match kind(&schema) {
        Some(Kind::Object) => Ok(schema),
        _ => Err(wrong("a schema is an object".to_owned())),
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-singer";

    const ABOUT: &'static str = "Records to a Singer target

Runs a target, a program that takes messages of Singer to a warehouse, a database or files, once for each batch that has \
                                 records: the schemas of its streams, found out from records unless --schema gives them, \
                                 the records, and a STATE with the batch's time. When the target gives that back and ends \
                                 well the batch is done with.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink singer --stream '\"clicks\"' --key id -- target-postgres --config c.json
  … | sstream-sink singer --stream .kind --value .event --schema orders=orders.json -- target-csv
";

    const DOES: &'static str = "gives each batch to a run of a Singer target";

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::AtLeastOnce(
            "a batch that its target has and did not give back comes again; by --key many count it once",
        )
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::of_one_machine("the target is a command")
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let parse =
            |option, source: &Option<String>| source.as_deref().map(|text| program(option, text, &[])).transpose();
        let stream = parse("--stream", &self.stream).map_err(|error| match error {
            ToolError::Usage(message) => {
                let stream = self.stream.as_deref().unwrap_or_default();
                ToolError::Usage(format!("{message} (it is a jq program: one stream for all is '\"{stream}\"')"))
            }
            other => other,
        })?;
        let mut streams = BTreeMap::new();
        for (name, file) in &self.schema {
            streams.insert(name.clone(), Stream::given(read_schema(file)?));
        }
        let messages = Messages { stream, value: parse("--value", &self.value)?, keys: self.key, streams };
        let SinkParts { console, waited, bad_records, .. } = parts;
        Ok(Box::new(SingerSink {
            command: self.command,
            without_state: self.without_state,
            messages,
            spool: Spool::new(self.memory.memory),
            bad_records,
            console,
            waited,
        }))
    }
}
