//! The loop over frames in memory, with and without a checkpoint.

use std::io;
use std::sync::Arc;

use super::*;
use crate::checkpoint::job::Retain;
use crate::checkpoint::memory::Memory;
use crate::checkpoint::source::{SourceCheckpoint, SourceOptions};
use crate::clock::testing::ManualClock;
use crate::console::{Console, Level};
use crate::flow::OnError;
use crate::frame::{BatchTime, Block, End, FrameReader, FrameWriter, Head, Watermark};
use crate::interval::Interval;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::signal::StopSignal;

/// Frames to a buffer.
struct Frames<'b>(FrameWriter<&'b mut Vec<u8>>);

fn failed(error: io::Error) -> OutletError {
    OutletError::write("memory", error)
}

impl Outlet for Frames<'_> {
    fn head(&mut self, head: &Head) -> Result<(), OutletError> {
        self.0.head(head).map_err(failed)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.0.block(block).map_err(failed)
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.0.end(end).map_err(failed)
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        self.0.close(close).map_err(failed)
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.0.flush().map_err(failed)
    }
}

/// Gives two batches for each of its input, in one call. Its state is how many came.
struct Halves {
    half_ms: u64,
    batches: u64,
    saved: Vec<u64>,
}

impl Operator for Halves {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.half_ms = head.interval.ms() / 2;
        head.interval = Interval::Fixed(self.half_ms);
        Ok(())
    }

    fn block(&mut self, _: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.batches += 1;
        let input = out.watermark();
        for (number, time) in [(1, BatchTime(time.0 - self.half_ms)), (2, time)] {
            out.set_time(time);
            out.record(format!("{number}").as_bytes());
            out.finish_block();
            out.record(b"\"more\"");
            out.set_watermark(input.map(|Watermark(ms)| Watermark(ms + number)));
            out.end(time);
        }
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl KeyedState for Halves {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.saved.push(self.batches);
        out(b"batches", Some(&self.batches.to_le_bytes()));
        Ok(())
    }

    fn slice(&mut self, _: bool, _: usize, _: &mut PairOut<'_>) -> bool {
        true
    }

    fn live_bytes(&self) -> u64 {
        8
    }
}

impl Durable for Halves {
    fn track(&mut self, _: bool) {}

    fn load(&mut self, _: &[u8], _: Option<&[u8]>) -> Result<(), OpError> {
        Ok(())
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        Ok(())
    }
}

/// What comes out of [`Halves`] behind a stream of this head's other keys; and the numbers of
/// batches after which its state was saved.
fn run_halves(storage: Memory, keys: &str) -> (String, Vec<u64>) {
    let input = format!(
        "{{\"sstream\":1,\"interval\":1000,\"stages\":[\"source\"]{keys}}}\n\
         {{\"batch\":1000,\"records\":1,\"bytes\":2}}\n1\n{{\"end\":1000,\"records\":1}}\n\
         {{\"end\":2000,\"records\":0,\"watermark\":-7,\"more\":1}}\n{{\"close\":\"eof\"}}\n"
    );
    let console = Console::new("test", Level::Error);
    let (stop, _stopper) = StopSignal::manual().unwrap();
    let clock = ManualClock::at(0);
    let context = Context {
        description: "halves".to_owned(),
        name: "halves".to_owned(),
        clock: &clock,
        waited: Waited::default(),
        bad_records: BadRecords::new("halves", OnError::Fail),
        late_records: BadRecords::late("halves", OnError::Fail),
        max_memory: None,
        checkpoint: CheckpointOptions {
            storage: Arc::new(storage),
            name: None,
            tool: "halves".to_owned(),
            arguments: "halves".to_owned(),
            every_ms: 0,
            new: false,
            carry: None,
            console,
            stop,
        },
    };
    let mut halves = Halves { half_ms: 0, batches: 0, saved: Vec::new() };
    let mut written = Vec::new();
    let mut frames = Frames(FrameWriter::new(&mut written));
    run(&mut FrameReader::new(input.as_bytes()), &mut halves, &mut frames, &context).unwrap();
    (String::from_utf8(written).unwrap(), halves.saved)
}

#[test]
fn several_ends_of_a_call_go_out_in_order_with_or_without_a_checkpoint() {
    let (plain, saved) = run_halves(Memory::new("/"), "");
    assert_eq!(
        plain.lines().skip(1).collect::<Vec<_>>().join(" "),
        "{\"batch\":500,\"records\":1,\"bytes\":2} 1 {\"batch\":500,\"records\":1,\"bytes\":7} \"more\" \
         {\"end\":500,\"records\":2} \
         {\"batch\":1000,\"records\":1,\"bytes\":2} 2 {\"batch\":1000,\"records\":1,\"bytes\":7} \"more\" \
         {\"end\":1000,\"records\":2} \
         {\"batch\":1500,\"records\":1,\"bytes\":2} 1 {\"batch\":1500,\"records\":1,\"bytes\":7} \"more\" \
         {\"end\":1500,\"records\":2,\"watermark\":-6,\"more\":1} \
         {\"batch\":2000,\"records\":1,\"bytes\":2} 2 {\"batch\":2000,\"records\":1,\"bytes\":7} \"more\" \
         {\"end\":2000,\"records\":2,\"watermark\":-5} {\"close\":\"eof\"}"
    );
    assert!(saved.is_empty());

    let storage = Memory::new("/");
    let options = SourceOptions {
        dir: std::path::Path::new("/checkpoint"),
        name: "a",
        arguments: "source",
        places: None,
        interval: Interval::Fixed(1000),
        start_ms: 0,
        retain: Retain::All,
        wal: false,
    };
    let (_source, plan) = SourceCheckpoint::open(Arc::new(storage.clone()), &options, &mut |_| false).unwrap();
    let keys = serde_json::to_string(&plan.head()).unwrap();
    let (kept, saved) = run_halves(storage, &format!(",{}", &keys[1..keys.len() - 1]));
    // Small blocks that waited have become one.
    let without_headers = |stream: &str| -> Vec<String> {
        stream.lines().skip(1).filter(|line| !line.starts_with("{\"batch\"")).map(str::to_owned).collect()
    };
    assert_eq!(without_headers(&kept), without_headers(&plain));
    assert_eq!(saved, [1, 2, 2], "after each batch, and at the close");
    let mut reader = FrameReader::new(kept.as_bytes());
    while !matches!(reader.next().unwrap(), Event::Close(_)) {}
}
