//! `docs/SPARK.md` names all of Spark Streaming, and its examples run.

use std::fs;

use super::bash::{FOR_MINUTES, bash};
use super::markdown::cells;
use super::root;

const PAGE: &str = "docs/SPARK.md";
/// What the examples print; `UPDATE=1` writes it anew.
const OUTPUT: &str = "tests/docs/spark.out";

/// Public methods of Spark 3.5.
const METHODS: &[&str] = &[
    // StreamingContext
    "addStreamingListener",
    "awaitTermination",
    "awaitTerminationOrTimeout",
    "binaryRecordsStream",
    "checkpoint",
    "fileStream",
    "getActive",
    "getActiveOrCreate",
    "getOrCreate",
    "getState",
    "jarOfClass",
    "queueStream",
    "rawSocketStream",
    "receiverStream",
    "remember",
    "removeStreamingListener",
    "socketStream",
    "socketTextStream",
    "sparkContext",
    "start",
    "stop",
    "textFileStream",
    "transform",
    "union",
    // DStream
    "cache",
    "compute",
    "context",
    "count",
    "countByValue",
    "countByValueAndWindow",
    "countByWindow",
    "dependencies",
    "filter",
    "flatMap",
    "foreachRDD",
    "glom",
    "map",
    "mapPartitions",
    "persist",
    "print",
    "reduce",
    "reduceByWindow",
    "repartition",
    "saveAsObjectFiles",
    "saveAsTextFiles",
    "slice",
    "slideDuration",
    "transformWith",
    "window",
    // PairDStreamFunctions
    "cogroup",
    "combineByKey",
    "flatMapValues",
    "fullOuterJoin",
    "groupByKey",
    "groupByKeyAndWindow",
    "join",
    "leftOuterJoin",
    "mapValues",
    "mapWithState",
    "reduceByKey",
    "reduceByKeyAndWindow",
    "rightOuterJoin",
    "saveAsHadoopFiles",
    "saveAsNewAPIHadoopFiles",
    "updateStateByKey",
    // State, StateSpec and MapWithStateDStream
    "State.exists",
    "State.get",
    "State.getOption",
    "State.isTimingOut",
    "State.remove",
    "State.update",
    "StateSpec.function",
    "StateSpec.initialState",
    "StateSpec.numPartitions",
    "StateSpec.partitioner",
    "StateSpec.timeout",
    "stateSnapshots",
    // Streaming MLlib
    "StreamingKMeans",
    "StreamingLinearRegressionWithSGD",
    "StreamingLogisticRegressionWithSGD",
    "StreamingTest",
    "latestModel",
    "predictOn",
    "predictOnValues",
    "registerStream",
    "setConvergenceTol",
    "setDecayFactor",
    "setHalfLife",
    "setInitialCenters",
    "setInitialWeights",
    "setK",
    "setMiniBatchFraction",
    "setNumIterations",
    "setPeacePeriod",
    "setRandomCenters",
    "setRegParam",
    "setStepSize",
    "setTestMethod",
    "setWindowSize",
    "trainOn",
    // Receiver
    "Receiver.isStopped",
    "Receiver.onStart",
    "Receiver.onStop",
    "Receiver.preferredLocation",
    "Receiver.reportError",
    "Receiver.restart",
    "Receiver.stop",
    "Receiver.store",
];

struct Row {
    /// The line of the page.
    at: usize,
    spark: String,
    example: String,
    /// The file that the section's examples read.
    reads: String,
}

fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut reads = String::new();
    for (at, line) in page.lines().enumerate() {
        if line.starts_with("## ") {
            reads.clear();
        } else if let Some((_, file)) = line.split_once("xamples read `") {
            file.split('`').next().unwrap().clone_into(&mut reads);
        } else if line.starts_with("| ") && !line.starts_with("| in Spark") {
            let [spark, example, text] = <[String; 3]>::try_from(cells(line)).expect("three cells");
            assert!(!example.is_empty() || !text.is_empty(), "{PAGE}:{}: says nothing", at + 1);
            let example = example.trim_matches('`').to_owned();
            rows.push(Row { at: at + 1, spark, example, reads: reads.clone() });
        }
    }
    rows
}

#[test]
fn every_method_is_there() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let rows = rows(&page);
    for method in METHODS {
        assert!(rows.iter().any(|row| row.spark.contains(&format!("`{method}`"))), "{PAGE} has no row for {method}");
    }
}

#[test]
fn examples_run() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let mut printed = String::new();
    for row in rows(&page).iter().filter(|row| !row.example.is_empty()) {
        printed.push_str(&format!("$ {}\n{}\n", row.example, run(row)));
    }
    let path = root().join(OUTPUT);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), printed, "{OUTPUT} is not what the examples print");
}

/// Runs an example among its files, and gives what it prints: no times where these
/// are the wall clock's, and of one whose records depend on it only that it ran.
fn run(row: &Row) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(root().join("examples/data/spark")).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    fs::create_dir(folder.path().join("spool")).unwrap();
    let own_input = ["sstream-source", "sstream-union", "sstream-join <", "sstream-join --type"];
    let input = if own_input.iter().any(|start| row.example.starts_with(start)) {
        String::new()
    } else {
        assert!(!row.reads.is_empty(), "{PAGE}:{}: which file does '{}' read?", row.at, row.example);
        format!("sstream-source queue {} | ", row.reads)
    };
    let mut example = row.example.clone();
    // These would go on for ever.
    for endless in ["tcp", "listen", "dir"] {
        let (from, to) = (format!("sstream-source {endless} "), format!("sstream-source --stop-after 1ms {endless} "));
        example = example.replace(&from, &to);
    }
    let holds = |words: &[&str]| words.iter().any(|word| example.contains(word));
    let is_live = holds(&["tcp ", "listen ", "dir ", "rate ", "trace"]);
    // Frames are shown in print form, which is easier to read and has no trace.
    let form = if holds(&["stdin", "source exec "]) { "json" } else { "print" };
    let show = format!(
        "{{ IFS= read -r first || exit 0
        show() {{ case $first in '{{\"sstream\":'*) sstream-sink {form} ;; *) cat ;; esac; }}
        {{ printf '%s\\n' \"$first\"; cat; }} | show; }}"
    );
    let script =
        format!("sstream-source queue --no-trace numbers.jsonl > saved.frames\n{{ {input}{example}\n}} | {show}");
    let output = bash(FOR_MINUTES, &script, folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{PAGE}:{}: {}: {}\n{said}", row.at, row.example, output.status);
    if is_live {
        return "(goes by the wall clock)\n".to_owned();
    }
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&said);
    // Files that the example made.
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    for file in files {
        let path = folder.path().join(&file);
        if path.is_file() && file != "saved.frames" && !root().join("examples/data/spark").join(&file).exists() {
            printed.push_str(&format!("==> {} <==\n{}", file.display(), fs::read_to_string(path).unwrap()));
        }
    }
    printed
}
