//! Spark reads all of it: pairs, objects and lines.

use sstream_testkit::needs::pyspark;
use sstream_testkit::shell::Folder;

use crate::support::peer;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spark.py");

#[test]
fn spark_reads_pairs_objects_and_lines() {
    let Some(python) = pyspark("SEQUENCEFILE_TESTS") else { return };
    let folder = Folder::new();
    let pairs = "[[\"é😀\",{\"n\":9223372036854775807,\"x\":-0.0,\"b\":true,\"s\":\"AP8=\"}]]\n[]\n\
                 [[\"b\",{\"n\":-9223372036854775808,\"x\":1e-7,\"b\":false,\"s\":\"\"}]]\n";
    folder.file("pairs", pairs);
    let mut wanted = String::new();
    let classes = [
        ("long", "--value '.[1].n' --value-type long", "9223372036854775807", "-9223372036854775808"),
        ("double", "--value '.[1].x' --value-type double", "-0.0", "1e-07"),
        ("boolean", "--value '.[1].b' --value-type boolean", "true", "false"),
        ("bytes", "--value '.[1].s' --value-type base64", "\"00ff\"", "\"\""),
        ("null", "--value-type null", "null", "null"),
    ];
    let compressions = [
        "none",
        "record",
        "record --codec gzip",
        "record --codec snappy",
        "block",
        "block --codec gzip",
        "block --codec snappy",
    ]
    .map(|name| (name, name.replace(" --codec ", "-")));
    let mut runs = Vec::new();
    for (class, options, first, second) in classes {
        for (compression, name) in &compressions {
            let out = format!("pairs-{class}-{name}");
            runs.push(format!(
                "mkdir {out}; sstream-source queue pairs --batch 1s \
                 | sstream-sink sequencefile {out}/b {options} --compression {compression} --layout spark"
            ));
            wanted.push_str(&format!("{out} [[\"\\u00e9\\ud83d\\ude00\", {first}], [\"b\", {second}]]\n"));
        }
    }
    folder.run(&runs.join("\n")).exits(0).says_nothing();
    let mut lines: Vec<&str> = wanted.lines().collect();
    lines.sort_unstable();

    folder.run(&format!("python3 {SCRIPT} random 7 >batches; mkdir objects lines")).exits(0);
    let objects = "sstream-source queue batches --batch 1s \
                   | sstream-sink sequencefile objects/b --objects --layout spark --compression block --codec snappy";
    folder.run(objects).exits(0).says_nothing();
    let text = "printf '%s\\n' '[\"a\",{\"b\":1}]' '[]' '[\"c\"]' >text; sstream-source queue text --batch 1s \
                | sstream-sink files lines/b txt --layout spark";
    folder.run(text).exits(0).says_nothing();
    // What is under way is passed over.
    folder.run("mkdir lines/.b-4000.txt.tmp; echo no >lines/.b-4000.txt.tmp/part-00000").exits(0);

    let ran = folder.run(&format!("timeout 300 {python} {SCRIPT} check . 2>spark.err"));
    assert_eq!(ran.code(), Some(0), "{ran}\n{}", folder.read("spark.err"));
    let rest = "objects 6 118\ngroups [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\ntext ['a', '{\"b\":1}', 'c']\n\
                whole [('b-1000.txt/part-00000', 'a\\n{\"b\":1}\\n'), ('b-2000.txt/part-00000', ''), ('b-3000.txt/part-00000', 'c\\n')]\n";
    assert_eq!(ran.stdout, format!("{}\n{rest}", lines.join("\n")));
    // And the reader in Python, who judges what was written, reads Spark's own.
    for theirs in ["theirs", "theirs-packed"] {
        assert_eq!(peer(&folder, &format!("rows {theirs}")), "[\"é😀\", 1]\n[\"b\", -1073741824]\n");
    }
}
