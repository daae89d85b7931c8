//! The files of Parquet that are being written: one a folder, each with the rows of its next row group in memory.
//!
//! - *Memory is bounded by what all of them hold together*: beyond that the largest is written first, as a
//!   row group.
//! - *Few files are open at once*: a file is opened for its first row group, and is complete with its last; of very many
//!   folders some get a second file.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;
use rustix::process::{Resource, getrlimit};
use sstream::connect::{BatchTime, Layout, OutletError};

use super::staging::{ENDING, Staging, Whole, failed, further};
use crate::error::SinkError;
use crate::rows::column::Column;
use crate::rows::shred::{Refused, Shredder};

/// A quarter of the files that a process may have open, within these bounds: 256, more often than not.
const MOST_OPEN: std::ops::RangeInclusive<u64> = 16..=1000;

/// Rows of a row group at most; what other writers take for a whole one.
const MOST_ROWS: usize = 1 << 20;

/// The format counts row groups in 15 bits.
const MOST_ROW_GROUPS: usize = 1 << 14;

/// The folder of records that have none. (An empty name would make each look-up slow: comparing nothing with nothing
/// costs a processor with masked vectors more than comparing something.)
pub const HERE: &str = ".";

/// What files are like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What their names begin with.
    pub prefix: String,
    /// Compression, and the like.
    pub properties: WriterPropertiesPtr,
    /// So many bytes of rows are held in memory.
    pub memory: usize,
    /// What a group is: a file a folder, or a directory with such files.
    pub layout: Layout,
    /// What names of files end with in a directory of Spark's layout: its codec is in it.
    pub ending: &'static str,
}

/// The files of a group of batches.
pub struct Files {
    settings: Settings,
    most_open: usize,
    open: BTreeMap<String, Open>,
    /// How many files each folder has already.
    made: HashMap<String, u32>,
    whole: Vec<Whole>,
    /// Of the next temporary name.
    number: u64,
    opened: u64,
    /// Folders that have a file open, in the order in which these were opened.
    order: BTreeMap<u64, String>,
}

/// The file of a folder.
struct Open {
    columns: Vec<Column>,
    /// What they take, as far as that is known.
    bytes: usize,
    is_touched: bool,
    writer: Option<Writer>,
}

/// A file that has row groups.
struct Writer {
    file: SerializedFileWriter<File>,
    name: String,
    row_groups: usize,
    /// Which of all that were opened it is.
    opened: u64,
}

/// The columns of files, and what puts records into them.
pub struct Columns {
    /// The schema.
    pub root: TypePtr,
    /// What fills them.
    pub shredder: Shredder,
}

/// A group: its name is the time of its first batch.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    /// Where files are under way.
    pub staging: &'p Staging,
    /// The group.
    pub start: BatchTime,
}

impl Files {
    /// No files.
    pub fn new(settings: Settings) -> Files {
        let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) / 4;
        let most_open = allowed.clamp(*MOST_OPEN.start(), *MOST_OPEN.end()) as usize;
        Files {
            settings,
            most_open,
            open: BTreeMap::new(),
            made: HashMap::new(),
            whole: Vec::new(),
            number: 0,
            opened: 0,
            order: BTreeMap::new(),
        }
    }

    /// Adds a record to the file of a folder.
    ///
    /// # Errors
    /// It does not go into the columns.
    pub fn push(&mut self, folder: &str, record: &[u8], columns: &mut Columns) -> Result<(), Refused> {
        if !self.open.contains_key(folder) {
            let open = Open { columns: columns.shredder.columns(), bytes: 0, is_touched: false, writer: None };
            self.open.insert(folder.to_owned(), open);
        }
        match self.open.get_mut(folder) {
            Some(open) => {
                open.is_touched = true;
                columns.shredder.push(record, &mut open.columns)
            }
            None => Ok(()),
        }
    }

    /// Writes row groups until no more is held than may be.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn relieve(&mut self, columns: &Columns, place: Place<'_>) -> Result<(), OutletError> {
        let (mut held, mut full) = (0, Vec::new());
        for (folder, open) in &mut self.open {
            if std::mem::take(&mut open.is_touched) {
                open.bytes = open.columns.iter().map(Column::bytes).sum();
                if open.rows() >= MOST_ROWS {
                    full.push(folder.clone());
                }
            }
            held += open.bytes;
        }
        if held > self.settings.memory {
            let mut sizes: Vec<(usize, &String)> =
                self.open.iter().map(|(folder, open)| (open.bytes, folder)).collect();
            sizes.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
            for (bytes, folder) in sizes {
                if held <= self.settings.memory / 2 {
                    break;
                }
                held -= bytes;
                full.push(folder.clone());
            }
        }
        for folder in full {
            self.write_row_group(&folder, columns, place)?;
        }
        Ok(())
    }

    /// Writes what is held for a folder.
    fn write_row_group(&mut self, folder: &str, columns: &Columns, place: Place<'_>) -> Result<(), OutletError> {
        let is_opened = self.open.get(folder).is_some_and(|open| open.writer.is_some());
        if let (false, true, Some(oldest)) =
            (is_opened, self.order.len() >= self.most_open, self.order.values().next().cloned())
        {
            self.finish(&oldest, place)?;
        }
        let has_rows = self.open.get(folder).is_some_and(|open| open.rows() > 0);
        let new = if has_rows && !is_opened { Some(self.create(columns, place)?) } else { None };
        let Some(open) = self.open.get_mut(folder).filter(|_| has_rows) else { return Ok(()) };
        if let Some((name, file)) = new {
            self.opened += 1;
            self.order.insert(self.opened, folder.to_owned());
            open.writer = Some(Writer { file, name, row_groups: 0, opened: self.opened });
        }
        let Some(writer) = &mut open.writer else { return Ok(()) };
        let full = std::mem::replace(&mut open.columns, columns.shredder.columns());
        open.bytes = 0;
        writer.row_groups += 1;
        let is_last = writer.row_groups >= MOST_ROW_GROUPS;
        writer.write(full).map_err(|error| refused(&place.staging.path(&writer.name), error))?;
        if is_last { self.finish(folder, place) } else { Ok(()) }
    }

    /// Completes a folder's file, as far as it has row groups.
    fn finish(&mut self, folder: &str, place: Place<'_>) -> Result<(), OutletError> {
        let Some(open) = self.open.get_mut(folder) else { return Ok(()) };
        let Some(Writer { file, name, opened, .. }) = open.writer.take() else { return Ok(()) };
        if open.rows() == 0 {
            self.open.remove(folder);
        }
        self.order.remove(&opened);
        file.into_inner().map_err(|error| refused(&place.staging.path(&name), error))?;
        self.add(folder, name, place);
        Ok(())
    }

    /// Notes a file that is complete, under the name that it will have.
    fn add(&mut self, folder: &str, name: String, place: Place<'_>) {
        let made = self.made.entry(folder.to_owned()).or_default();
        *made += 1;
        let number = *made;
        let folder = if folder == HERE { String::new() } else { format!("{folder}/") };
        let Settings { prefix, layout, ending, .. } = &self.settings;
        let path = match layout {
            Layout::Files => format!("{folder}{prefix}-{}{}{ENDING}", place.start, further(number)),
            Layout::Spark => format!("{folder}part-{:05}{ending}", number - 1),
        };
        self.whole.push(Whole { name, path, number });
    }

    /// Adds a file that has columns and no rows.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add_empty(&mut self, columns: &Columns, place: Place<'_>) -> Result<(), OutletError> {
        let (name, file) = self.create(columns, place)?;
        file.close().map_err(|error| refused(&place.staging.path(&name), error))?;
        self.add(HERE, name, place);
        Ok(())
    }

    /// A new file, under a temporary name.
    fn create(
        &mut self,
        columns: &Columns,
        place: Place<'_>,
    ) -> Result<(String, SerializedFileWriter<File>), OutletError> {
        let name = place.staging.name(&format!("{}.{}.tmp", place.start, self.number));
        self.number += 1;
        let path = place.staging.path(&name);
        let file = File::create(&path).map_err(|error| failed(&path, error))?;
        let file = SerializedFileWriter::new(file, columns.root.clone(), self.settings.properties.clone());
        Ok((name, file.map_err(|error| refused(&path, error))?))
    }

    /// What files are like.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Completes all files; those that come after are further ones of the same group.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn finish_all(&mut self, columns: &Columns, place: Place<'_>) -> Result<(), OutletError> {
        while let Some(folder) = self.open.keys().next().cloned() {
            self.write_row_group(&folder, columns, place)?;
            self.finish(&folder, place)?;
            self.open.remove(&folder);
        }
        Ok(())
    }

    /// The files of the group, which is over.
    pub fn take(&mut self) -> Vec<Whole> {
        self.made.clear();
        self.number = 0;
        std::mem::take(&mut self.whole)
    }

    /// Forgets everything; the files stay where they are.
    pub fn clear(&mut self) {
        self.open.clear();
        self.order.clear();
        self.take();
    }
}

impl Open {
    fn rows(&self) -> usize {
        self.columns.first().map_or(0, Column::rows)
    }
}

impl Writer {
    fn write(&mut self, columns: Vec<Column>) -> Result<(), ParquetError> {
        let mut row_group = self.file.next_row_group()?;
        for column in columns {
            if let Some(writer) = row_group.next_column()? {
                column.write(writer)?;
            }
        }
        row_group.close()?;
        Ok(())
    }
}

/// What the writer of Parquet says, or the disk by way of it.
fn refused(path: &Path, error: ParquetError) -> OutletError {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => failed(path, *error),
            Err(error) => SinkError::Parquet { path: path.to_owned(), message: error.to_string() }.into(),
        },
        error => SinkError::Parquet { path: path.to_owned(), message: error.to_string() }.into(),
    }
}
