//! What a batch of points costs [`KMeans`], of numbers that are in memory, as other libraries are measured.
//!
//! `kmeans_in_memory POINTS.jsonl`: a point a line, an array of numbers. The first 10 are the centers. For each
//! line on stdin it learns from all points once more, and says how many seconds that took: benches/others/kmeans
//! runs it so, by turns with Spark and scikit-learn.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use sstream::op::learn::kmeans::{Decay, KMeans};
use sstream::op::learn::model::Model as _;
use sstream::op::learn::numbers::push_numbers;
use sstream::op::learn::samples::Samples;

const CLUSTERS: usize = 10;
/// As many points as the operator learns from at once.
const CHUNK: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: kmeans_in_memory POINTS.jsonl")?;
    let text = std::fs::read(path)?;
    let mut numbers = Vec::new();
    let dimensions =
        text.split(|byte| *byte == b'\n').next().map_or(0, |line| line.split(|byte| *byte == b',').count());
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        push_numbers(line, dimensions, &mut numbers)?;
    }
    let centers = numbers[..CLUSTERS * dimensions].to_vec();
    let chunks: Vec<Samples> =
        numbers.chunks(CHUNK * dimensions).map(|chunk| Samples::of_features(chunk, dimensions)).collect();
    let mut model = KMeans::new(dimensions, centers, vec![0.0; CLUSTERS], Decay { factor: 1.0, by_points: false });
    for line in io::stdin().lock().lines() {
        line?;
        let since = Instant::now();
        chunks.iter().for_each(|chunk| model.take(chunk));
        model.learn()?;
        writeln!(io::stdout(), "{}", since.elapsed().as_secs_f64())?;
    }
    Ok(())
}
