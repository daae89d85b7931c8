//! What a slide of a keyed window costs, by the window's length: 100 records a
//! batch over 10,000 keys, batches and slides of a second. The output of keys
//! that did not change is timed apart.
//!
//! `cargo bench --bench window_slide`

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use sstream::agg::{Aggregation, Aggregator};
use sstream::frame::{BatchTime, Block, Watermark};
use sstream::op::grouping::{By, Grouping};
use sstream::op::window::{Fold, Panes};
use sstream::op::{Downstream, OpError, Out};

struct Nowhere;

impl Downstream for Nowhere {
    fn block(&mut self, _: Block<'_>) {}
    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}
    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        Err(OpError::bad_record(record, reason))
    }
}

/// A batch of 100 pairs; the keys follow a fixed sequence.
fn batch(state: &mut u64, out: &mut Vec<u8>) {
    out.clear();
    for _ in 0..100 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = *state >> 33;
        out.extend_from_slice(format!("[\"key{}\",{}]\n", random % 10_000, random % 1_000_003).as_bytes());
    }
}

fn main() {
    println!("aggregation\tlength_s\tslides\tus_a_slide\tus_a_slide_output\tkeys");
    for name in ["sum", "max"] {
        for length in [10u64, 1_000, 100_000] {
            let aggregator = Aggregator::new(Aggregation::parse(name).unwrap());
            let mut fold = Fold::new(aggregator, Grouping::new(By::Pair, None));
            let mut nowhere = Nowhere;
            let mut out = Out::new(&mut nowhere);
            let (mut state, mut bytes) = (1, Vec::new());
            let slides = length.max(20_000);
            let (mut work, mut output) = (Duration::ZERO, Duration::ZERO);
            for slide in 0..length + slides {
                batch(&mut state, &mut bytes);
                let time = BatchTime((slide + 1) * 1000);
                out.set_time(time);
                let started = Instant::now();
                fold.block(Block { time, records: 100, bytes: &bytes }, &mut out).unwrap();
                fold.end_pane(&mut out).unwrap();
                if slide >= length {
                    fold.evict(&mut out).unwrap();
                }
                let done = started.elapsed();
                let is_measured = slide >= length;
                // The output is a sample: it grows with the keys, not the length.
                let started = Instant::now();
                if slide % 100 == 0 {
                    fold.give(&mut out).unwrap();
                }
                out.end(time);
                if is_measured {
                    work += done;
                    output += started.elapsed() * if slide % 100 == 0 { 100 } else { 0 };
                }
            }
            let each = |total: Duration| total.as_secs_f64() * 1e6 / slides as f64;
            println!("{name}\t{length}\t{slides}\t{:.1}\t{:.1}\t{}", each(work), each(output), fold.keys());
        }
    }
}
