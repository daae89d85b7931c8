//! The promise of the kind, where the sink dies before each of its calls.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use clap::Parser;
use sstream::connect::{SinkKind as _, testing};
use sstream_sequencefile::SinkArgs;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: SinkArgs,
}

/// The values of a file with nothing as keys and texts of less than 128 bytes as values.
fn values(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let head = "SEQ_!org.apache.hadoop.io.NullWritable_org.apache.hadoop.io.Text".len() + 2 + 4 + 16;
    let (mut rest, mut lines) = (&bytes[head..], Vec::new());
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let (record, tail) = rest[8..].split_at(length);
        assert_eq!(usize::from(record[0]), length - 1);
        lines.extend_from_slice(&record[1..]);
        lines.push(b'\n');
        rest = tail;
    }
    lines
}

/// Batches that whoever lists the folder sees, oldest first.
fn seen(folder: &Path) -> Vec<u8> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_seen = |path: &PathBuf| !path.file_name().unwrap().to_str().unwrap().starts_with('.');
    let time = |path: &PathBuf| path.to_str().unwrap().rsplit('-').next().unwrap().parse::<u64>().unwrap();
    let mut paths: Vec<PathBuf> = paths.filter(is_seen).collect();
    paths.sort_by_key(time);
    let file = |path: &PathBuf| if path.is_dir() { path.join("part-00000") } else { path.clone() };
    assert!(paths.iter().all(|path| path.is_file() || path.join("_SUCCESS").is_file()));
    paths.iter().flat_map(|path| values(&file(path))).collect()
}

fn check(options: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    let args = |prefix: &str| Line::parse_from(["sink", prefix, "--key-type", "null"].iter().chain(options)).args;
    testing::check_sink(
        &args("f").guarantee(),
        || {
            number.set(number.get() + 1);
            let path = folder.path().join(number.get().to_string());
            std::fs::create_dir(&path).unwrap();
            path
        },
        |path| args(path.join("b").to_str().unwrap()).open(testing::sink_parts()).unwrap(),
        |path| seen(path),
    );
}

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    testing::check_sink_kind::<SinkArgs>();
    check(&[]);
}

#[test]
fn so_it_is_in_a_directory_as_spark_has_it() {
    check(&["--layout", "spark"]);
}
