//! What Spark's `print` prints, byte for byte: `DStream.print` of Spark 3.5, or `pprint` of PySpark.

use jiff::tz::TimeZone;

use super::python;
use crate::flow::OutletError;
use crate::frame::{BatchTime, Block};
use crate::sink::stdout::Output;
use crate::sink::{Sink, form};
use crate::spool::{DEFAULT_MEMORY, Spool};

/// What is printed is written in pieces of at least so many bytes.
const WRITE_BYTES: usize = 64 << 10;

/// As who prints.
#[derive(Clone, Debug, Default)]
pub enum Style {
    /// Spark's `print`: times in ms, pairs as `(key,value)`.
    #[default]
    Spark,
    /// PySpark's `pprint`: times of this zone, values as Python writes them.
    Python(TimeZone),
}

/// Shows the first records of each batch, once the batch is complete.
pub struct Print<W> {
    output: W,
    /// How many records of a batch are shown.
    limit: u64,
    style: Style,
    /// Where it goes, for messages.
    what: &'static str,
    /// The records to show of the open batch.
    held: Spool,
    /// How many records it has so far.
    seen: u64,
    text: Vec<u8>,
}

impl<W: Output> Print<W> {
    /// Shows at most `limit` records a batch, 10 in Spark.
    pub fn new(output: W, what: &'static str, limit: u64) -> Print<W> {
        Print { output, limit, style: Style::Spark, what, held: Spool::new(DEFAULT_MEMORY), seen: 0, text: Vec::new() }
    }

    /// As who it prints.
    pub fn with_style(mut self, style: Style) -> Print<W> {
        self.style = style;
        self
    }

    /// Holds more than so many bytes of records on disk.
    pub fn with_memory(mut self, memory_limit: usize) -> Print<W> {
        self.held = Spool::new(memory_limit);
        self
    }
}

/// The first records of a block, at least one.
fn first(block: Block<'_>, records: u64) -> Block<'_> {
    if block.records <= records {
        return block;
    }
    let last = usize::try_from(records - 1).unwrap_or(usize::MAX);
    let end = memchr::memchr_iter(b'\n', block.bytes).nth(last).map_or(block.bytes.len(), |newline| newline + 1);
    Block { records, bytes: &block.bytes[..end], ..block }
}

impl<W: Output> Sink for Print<W> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let left = self.limit.saturating_sub(self.seen);
        self.seen += block.records;
        if left > 0 {
            self.held.append(first(block, left))?;
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, _records: u64) -> Result<(), OutletError> {
        const RULE: &str = "-------------------------------------------";
        let Print { output, limit, style, what, held, seen, text } = self;
        let mut write = |text: &mut Vec<u8>, at_least: usize| {
            if text.len() >= at_least {
                output.write_all(text).map_err(|error| OutletError::write(*what, error))?;
                text.clear();
            }
            Ok::<(), OutletError>(())
        };
        text.clear();
        text.extend_from_slice(format!("{RULE}\nTime: ").as_bytes());
        match style {
            Style::Spark => text.extend_from_slice(format!("{time} ms").as_bytes()),
            Style::Python(zone) => python::push_time(time, zone, text),
        }
        text.extend_from_slice(format!("\n{RULE}\n").as_bytes());
        let mut blocks = held.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                match style {
                    Style::Spark => form::push_shown(record, text),
                    Style::Python(_) => python::push_shown(record, text),
                }
                text.push(b'\n');
                write(text, WRITE_BYTES)?;
            }
        }
        if *seen > *limit {
            text.extend_from_slice(b"...\n");
        }
        text.push(b'\n');
        write(text, 0)?;
        held.clear();
        *seen = 0;
        Ok(())
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        self.output.sync().map_err(|error| OutletError::write(self.what, error))
    }

    fn is_reader_gone(&self) -> bool {
        self.output.is_reader_gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is printed of batches, a second apart; each record a block of its
    /// own if `split`.
    fn printed(limit: u64, batches: &[&[&str]], split: bool) -> String {
        let mut out = Vec::new();
        let mut print = Print::new(&mut out, "stdout", limit).with_memory(100);
        for (index, records) in batches.iter().enumerate() {
            let time = BatchTime((index as u64 + 1) * 1000);
            let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
            let blocks = if split { lines } else { vec![lines.concat()] };
            for bytes in blocks.iter().filter(|bytes| !bytes.is_empty()) {
                let records = bytes.lines().count() as u64;
                print.block(Block { time, records, bytes: bytes.as_bytes() }).unwrap();
            }
            print.end(time, records.len() as u64).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    fn header(time_ms: u64) -> String {
        let rule = "-".repeat(43);
        format!("{rule}\nTime: {time_ms} ms\n{rule}\n")
    }

    /// What Spark 3.5.8 printed for the same batches.
    #[test]
    fn it_is_what_spark_prints() {
        let lines: Vec<String> = (1..=15).map(|n| format!("\"line {n}\"")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let shown = |count: usize| (1..=count).map(|n| format!("line {n}\n")).collect::<String>();
        for split in [false, true] {
            let got = printed(10, &[&[], &lines[..3], &lines[..10], &lines[..11], &lines], split);
            let want = [
                header(1000) + "\n",
                header(2000) + &shown(3) + "\n",
                header(3000) + &shown(10) + "\n",
                header(4000) + &shown(10) + "...\n\n",
                header(5000) + &shown(10) + "...\n\n",
            ];
            assert_eq!(got, want.concat());
            let got = printed(3, &[&[], &lines[..3], &lines[..10]], split);
            let want = [header(1000) + "\n", header(2000) + &shown(3) + "\n", header(3000) + &shown(3) + "...\n\n"];
            assert_eq!(got, want.concat());
            let got = printed(10, &[&["\"two\\nlines\"", "null", "\"\"", "\"tab\\tx\""], &[]], split);
            assert_eq!(got, header(1000) + "two\nlines\nnull\n\ntab\tx\n\n" + &header(2000) + "\n");
            let pairs = ["[\"a\",-4]", "[\"a\",4]", "[\"日本\",7]", "[\"\",1]"];
            assert_eq!(printed(10, &[&pairs], split), header(1000) + "(a,-4)\n(a,4)\n(日本,7)\n(,1)\n\n");
            assert_eq!(printed(10, &[&["3", "-1", "4"]], split), header(1000) + "3\n-1\n4\n\n");
            assert_eq!(printed(0, &[&["3"], &[]], split), header(1000) + "...\n\n" + &header(2000) + "\n");
        }
    }
}
