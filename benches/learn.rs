//! What a batch of points costs `sstream-learn kmeans`: of numbers that are in memory, as other libraries
//! are measured, and of records, which have to be read first.
//!
//! `cargo bench --bench learn -- POINTS.jsonl`: a point a line, an array of numbers. The first 10 are the
//! centers. benches/learn-others measures Spark and scikit-learn on the same file.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::time::Instant;

use sstream::frame::{BatchTime, Block, Watermark};
use sstream::op::learn::kmeans::{Decay, KMeans};
use sstream::op::learn::model::Model as _;
use sstream::op::learn::samples::{Parts, Samples, push_numbers};
use sstream::op::learn::{Emit, Learn};
use sstream::op::{Downstream, OpError, Operator as _, Out};

const CLUSTERS: usize = 10;
const ROUNDS: usize = 9;
/// As many points as the operator learns from at once.
const CHUNK: usize = 1024;

struct Nowhere;

impl Downstream for Nowhere {
    fn block(&mut self, _: Block<'_>) {}
    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}
    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        Err(OpError::bad_record(record, reason))
    }
}

fn median(mut run: impl FnMut()) -> f64 {
    run();
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let since = Instant::now();
            run();
            since.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

fn main() {
    let Some(path) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else {
        println!("usage: cargo bench --bench learn -- POINTS.jsonl");
        return;
    };
    let text = std::fs::read(path).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut numbers = Vec::new();
    let dimensions = lines[0].iter().filter(|byte| **byte == b',').count() + 1;
    lines.iter().for_each(|line| push_numbers(line.trim_ascii_end(), dimensions, &mut numbers).unwrap());
    let centers = numbers[..CLUSTERS * dimensions].to_vec();
    let new = || {
        let decay = Decay { factor: 1.0, by_points: false };
        KMeans::new(dimensions, centers.clone(), vec![0.0; CLUSTERS], decay)
    };

    let chunks: Vec<Samples> =
        numbers.chunks(CHUNK * dimensions).map(|chunk| Samples::of_features(chunk, dimensions)).collect();
    let mut model = new();
    let of_numbers = median(|| {
        chunks.iter().for_each(|chunk| model.take(chunk));
        model.learn().unwrap();
    });

    let blocks: Vec<(u64, Vec<u8>)> = lines.chunks(2000).map(|lines| (lines.len() as u64, lines.concat())).collect();
    let mut learn = Learn::new(new(), Parts::default(), Emit::Model);
    let (mut nowhere, mut time) = (Nowhere, 0);
    let of_records = median(|| {
        time += 1000;
        let mut out = Out::new(&mut nowhere);
        out.set_time(BatchTime(time));
        for (records, bytes) in &blocks {
            learn.block(Block { time: BatchTime(time), records: *records, bytes }, &mut out).unwrap();
        }
        learn.end(BatchTime(time), &mut out).unwrap();
    });
    println!("{} points of {dimensions} numbers, {CLUSTERS} clusters, a batch:", lines.len());
    println!("numbers in memory   {:8.1} ms", of_numbers * 1000.0);
    println!("records in memory   {:8.1} ms", of_records * 1000.0);
}
