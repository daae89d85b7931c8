//! Spark reads a folder: by discovery of its partitions, and as a table of Hive.

use sstream_testkit::needs::pyspark;
use sstream_testkit::shell::Folder;

use crate::support::write;

#[test]
fn spark_finds_partitions_and_hive_repairs_a_table() {
    let Some(python) = pyspark("PARQUET_TESTS") else { return };
    let folder = Folder::new();
    folder.file(
        "schema",
        "message m { optional int64 n; optional fixed_len_byte_array(16) d (DECIMAL(38,2)); optional int64 at (TIMESTAMP(MICROS,true));
           optional group o { optional binary s (STRING); } optional group l (LIST) { repeated group list { optional int64 element; } } }",
    );
    let batches = "[{\"n\":1,\"d\":123456789012345678901234567890.12,\"at\":\"2016-07-23T14:11:50Z\",\"o\":{\"s\":\"é\"},\"l\":[1,null],\"c\":\"a=b/c d\"},\
                   {\"n\":2,\"at\":\"2016-07-24T14:11:50Z\",\"c\":null}]\n[{\"n\":3,\"at\":\"2016-07-24T15:11:50.5Z\",\"l\":[],\"c\":\"x\"}]\n";
    write(&folder, batches, "--schema schema --partition 'dt=%Y-%m-%d/c={.c}' --time .at").exits(0).says_nothing();
    // A directory a batch, and the columns of an empty one.
    let batches = "[{\"n\":1,\"s\":\"é\"}]\n[]\n[{\"n\":3,\"s\":null}]\n";
    folder.file("plain", "message m { optional int64 n; optional binary s (STRING); }").file("batches", batches);
    let directories = "mkdir directories; sstream-source queue batches --batch 1s \
                       | sstream-sink parquet directories --layout spark --schema plain --compression snappy";
    folder.run(directories).exits(0).says_nothing();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spark.py");
    let ran = folder.run(&format!("timeout 300 {python} {script} \"$PWD/out\" directories 2>spark.err"));
    assert_eq!(ran.code(), Some(0), "{ran}\n{}", folder.read("spark.err"));
    let found = "[1, '123456789012345678901234567890.12', '2016-07-23 14:11:50', 'é', [1, None], '2016-07-23', 'a=b/c d']\n\
                 [2, None, '2016-07-24 14:11:50', None, None, '2016-07-24', None]\n\
                 [3, None, '2016-07-24 15:11:50.5', None, [], '2016-07-24', 'x']\n";
    let directories = "[1, 'é']\n[3, None]\n['n', 's'] 0\n";
    assert_eq!(ran.stdout, format!("{found}{found}{directories}"));
}
