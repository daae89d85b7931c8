//! The promise of the kind, where the sink dies before each of its calls.

use std::cell::Cell;

use clap::Parser;
use sstream::connect::{SinkKind as _, testing};
use sstream_sqlite::SinkArgs;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: SinkArgs,
}

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    testing::check_sink_kind::<SinkArgs>();
    let folder = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    let args = |file: &str| Line::parse_from(["sink", file, "--table", "t", "--create"]).args;
    testing::check_sink(
        &args("f").guarantee(),
        || {
            number.set(number.get() + 1);
            folder.path().join(number.get().to_string())
        },
        |path| args(path.to_str().unwrap()).open(testing::sink_parts()).unwrap(),
        |path| {
            let database = rusqlite::Connection::open(path).unwrap();
            let mut query = database.prepare("select batch, n from t order by rowid").unwrap();
            let lines = query.query_map([], |row| {
                Ok(format!("{{\"batch\":{},\"n\":{}}}\n", row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            });
            lines.unwrap().map(Result::unwrap).collect::<String>().into_bytes()
        },
    );
}
