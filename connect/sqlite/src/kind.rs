//! Options of `sstream-sink sqlite`, and what it says of itself.

use std::path::PathBuf;

use clap::Args;
use sstream::connect::{Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError};
use sstream_tables::{TableArgs, TableSink};

use crate::file::File;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The database; it is made if it is not there
    file: PathBuf,

    #[command(flatten)]
    tables: TableArgs,
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-sqlite";

    const ABOUT: &'static str = "A table of a SQLite file

A batch is one transaction, in which its time is written too (table sstream_commits): whatever is killed, \
                                 its rows are there once. Who reads meanwhile sees whole batches (write-ahead log). The columns are \
                                 a record's keys. A row that the database refuses is a bad record, for --on-error; the others \
                                 of its batch are written.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink sqlite hits.db --table hits --create
  … | sstream-window 1m count --by .path | sstream-sink sqlite hits.db --table 'totals(path,count)' --key path
  … | sstream-sink sqlite hits.db --sql 'update page set hits = hits + :count where path = :path'
";

    const DOES: &'static str = "writes each batch into a table, in one transaction";

    fn check(&self) -> Result<(), String> {
        self.tables.check()
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("by the batch's time in the same transaction")
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::of_one_machine("a file")
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let name = format!("sqlite {}", self.file.display());
        let file = File::new(self.file);
        Ok(Box::new(TableSink::new(file, name, &self.tables, parts)))
    }
}
