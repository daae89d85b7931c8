//! The promise of the kind, where the sink dies before each of its calls.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Parser;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use sstream::connect::{SinkKind as _, testing};
use sstream_parquet::SinkArgs;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: SinkArgs,
}

/// Files of Parquet below a folder, oldest first; nothing that is under way.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() && !name.starts_with('.') {
            found.extend(files(&path));
        } else if name.ends_with(".parquet") {
            found.push(path);
        }
    }
    // Of a file, or in Spark's layout of the directory above.
    let time = |path: &PathBuf| {
        let names = path.strip_prefix(folder).unwrap().iter().map(|name| name.to_str().unwrap());
        let time = names.filter_map(|name| name.strip_prefix("part-")).next().unwrap();
        time.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse::<u64>().unwrap()
    };
    found.sort_by_key(time);
    found
}

fn seen(folder: &Path) -> Vec<u8> {
    let mut lines = Vec::new();
    for path in files(folder) {
        for row in SerializedFileReader::new(File::open(path).unwrap()).unwrap().get_row_iter(None).unwrap() {
            let row = row.unwrap();
            lines.push((row.get_long(0).unwrap(), row.get_long(1).unwrap()));
        }
    }
    // Of several folders each has some of a batch.
    lines.sort_unstable();
    lines.iter().map(|(batch, n)| format!("{{\"batch\":{batch},\"n\":{n}}}\n")).collect::<String>().into_bytes()
}

fn check(options: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    let args = |dir: &str| Line::parse_from(["sink", dir].iter().chain(options)).args;
    testing::check_sink(
        &args("f").guarantee(),
        || {
            number.set(number.get() + 1);
            let path = folder.path().join(number.get().to_string());
            std::fs::create_dir(&path).unwrap();
            path
        },
        |path| args(path.to_str().unwrap()).open(testing::sink_parts()).unwrap(),
        |path| seen(path),
    );
}

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    testing::check_sink_kind::<SinkArgs>();
    check(&[]);
}

#[test]
fn so_it_is_in_many_folders() {
    check(&["--partition", "of={.n}/at=%s"]);
}

#[test]
fn so_it_is_in_directories_as_spark_has_them() {
    check(&["--layout", "spark"]);
    check(&["--layout", "spark", "--partition", "of={.n}", "--compression", "none"]);
    check(&["--layout", "spark", "--every", "3s"]);
}

#[test]
fn so_it_is_with_several_batches_in_a_file() {
    check(&["--every", "3s"]);
    check(&["--every", "60B", "--partition", "of={.n}"]);
    // No file is ever complete by itself.
    check(&["--every", "1GiB"]);
}
