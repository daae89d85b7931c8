//! `sstream-sink-ledger FILE`: appends each batch to a file, and behind its last record a
//! line with a mark, which says whose batch it is.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sstream::connect::{
    BatchTime, Block, OutletError, Sink, SinkGuarantee, SinkKind, SinkParts, ToolError, Under,
};

fn main() -> ExitCode {
    sstream::connect::sink_main::<Ledger>()
}

/// The options of this kind.
#[derive(clap::Args, Debug)]
struct Ledger {
    /// The file, which is made if it is not there
    file: PathBuf,
}

impl SinkKind for Ledger {
    const TOOL: &'static str = "sstream-sink-ledger";
    const ABOUT: &'static str = "Appends each batch to a file, with a mark behind it";
    const EXAMPLES: &'static str = "  … | sstream-sink ledger rolls\n";
    const DOES: &'static str = "appends each batch to a ledger, with a mark behind it";

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("for whoever reads up to the last mark")
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let what = self.file.display().to_string();
        let (book, cut) = Book::open(&self.file).map_err(|error| ToolError::Open { what: what.clone(), error })?;
        if cut > 0 {
            parts.console.warn(&format!("{what}: cut off {cut} bytes of a batch that was never finished"));
        }
        Ok(Box::new(book))
    }
}

/// The open file.
struct Book {
    what: String,
    out: BufWriter<File>,
    /// Who writes, as its marks say.
    who: String,
    /// The newest batch of each that has written.
    newest: HashMap<String, BatchTime>,
}

impl Book {
    /// Opens it, and cuts off what stands behind the last mark: how many bytes that was.
    fn open(path: &Path) -> io::Result<(Book, u64)> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.try_lock()?;
        let (mut at, mut whole, mut newest) = (0, 0, HashMap::new());
        let mut lines = BufReader::new(&file);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            at += line.len() as u64;
            // A record is JSON, and begins with no #.
            if let Some((time, who)) = line.strip_prefix(b"#").and_then(mark) {
                newest.insert(who, time);
                whole = at;
            }
            line.clear();
        }
        file.set_len(whole)?;
        let (what, out) = (path.display().to_string(), BufWriter::new(file));
        Ok((Book { what, out, who: "-".to_owned(), newest }, at - whole))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), OutletError> {
        self.out.write_all(bytes).map_err(|error| OutletError::write(&self.what, error))
    }

    fn mark(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        let mark = format!("#{time} {}\n", self.who);
        if records > 0 { self.write(mark.as_bytes()) } else { Ok(()) }
    }
}

/// The time of a batch and who wrote it, of a mark behind its #.
fn mark(line: &[u8]) -> Option<(BatchTime, String)> {
    let (time, who) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_once(' ')?;
    Some((BatchTime(time.parse().ok()?), who.to_owned()))
}

impl Sink for Book {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.who = format!("{}/{}", under.job, under.stage);
        Ok(self.newest.get(&self.who).copied())
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.write(block.bytes)
    }

    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        self.mark(time, records)?;
        self.persist()
    }

    /// The same, but several batches share what follows.
    fn prepare(&mut self, time: BatchTime, records: u64, _: &mut Vec<u8>) -> Result<(), OutletError> {
        self.mark(time, records)
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        let synced = self.out.flush().and_then(|()| self.out.get_ref().sync_data());
        synced.map_err(|error| OutletError::write(&self.what, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use sstream::connect::testing;

    #[test]
    fn the_kind_is_sound() {
        testing::check_sink_kind::<Ledger>();
    }

    #[test]
    fn each_record_counts_exactly_once_whenever_it_dies() {
        let dir = std::env::temp_dir().join(format!("sstream-ledger-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let number = Cell::new(0);
        testing::check_sink(
            &Ledger { file: PathBuf::new() }.guarantee(),
            || dir.join(number.replace(number.get() + 1).to_string()),
            |file| Box::new(Book::open(file).unwrap().0),
            |file| {
                let text = std::fs::read_to_string(file).unwrap();
                let whole = &text[..text.rfind('#').unwrap_or(0)];
                whole.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect::<String>().into_bytes()
            },
        );
        std::fs::remove_dir_all(dir).unwrap();
    }
}
