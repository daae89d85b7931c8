use serde_json::Value;

use super::walk;

fn plan(line: &str) -> Value {
    serde_json::from_str(&walk::plan(line, false).unwrap().to_json()).unwrap()
}

/// What the nodes are, and of which.
fn shape(line: &str) -> Vec<String> {
    let plan = plan(line);
    let show = |node: &Value| format!("{} {}", node["is"].as_str().unwrap(), node["of"]).replace(" null", "");
    plan["nodes"].as_array().unwrap().iter().map(show).collect()
}

#[track_caller]
fn refused(line: &str, parts: &[&str]) {
    let message = walk::plan(line, false).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
}

#[test]
fn stages_without_state_are_one_piece_and_the_end_is_printed() {
    let line = "sstream source tcp h:1 | ./sstream-filter -F 'it''s' | sstream-map '[., (1 as $x | $x)]' | sstream-reduce --by-key count";
    assert_eq!(shape(line), ["source", "each [0]", "aggregate [1]", "sink [2]"]);
    let plan = plan(line);
    assert_eq!(plan["nodes"][0]["command"], "sstream-source --output=json tcp h:1");
    assert_eq!(plan["nodes"][1]["command"], "sstream-filter -F its | sstream-map '[., (1 as $x | $x)]'");
    assert_eq!(plan["nodes"][2]["partial"], "sstream-reduce --partial-out --by-key count");
    assert_eq!(plan["nodes"][3]["command"], "sstream-sink print");
    assert_eq!((&plan["interval"], &plan["clock"]), (&1000.into(), &"wall".into()));
}

#[test]
fn what_the_source_says_of_the_application_is_the_plans() {
    let plan = plan(
        "sstream-source tcp h:1 --checkpoint hdfs://nn/ck --stop-file=/stop --stop-after 2s --idle-timeout 1m | \
         sstream-sink --pass files out | sstream-sink null",
    );
    assert_eq!(plan["nodes"][0]["command"], "sstream-source --output=json tcp h:1");
    assert_eq!(plan["checkpoint"], "hdfs://nn/ck");
    assert_eq!(plan["stop"], serde_json::json!({ "file": "/stop", "after": 2000, "idle": 60_000 }));
    assert_eq!(plan["nodes"][1]["prefix"], "out");
}

#[test]
fn the_file_systems_of_urls_are_sparks() {
    let plan = plan("sstream-source dir hdfs://nn/in --new-only | sstream-sink files s3://bucket/out");
    assert_eq!((&plan["nodes"][0]["kind"], &plan["nodes"][0]["path"]), (&"dir".into(), &"hdfs://nn/in".into()));
    assert_eq!((&plan["nodes"][1]["kind"], &plan["nodes"][1]["prefix"]), (&"files".into(), &"s3://bucket/out".into()));
}

#[test]
fn a_directory_is_read_by_spark_and_its_files_by_the_tool() {
    let plan = plan("sstream-source dir in --new-only --input csv | sstream-sink null");
    assert_eq!((&plan["nodes"][0]["kind"], &plan["nodes"][0]["path"]), (&"dir".into(), &"in".into()));
    assert_eq!(plan["nodes"][0]["command"], "sstream-source --output=json dir --input csv --available-now --settle=0s");
}

#[test]
fn windows_go_by_partial_results_and_change_the_interval() {
    let plan = plan(
        "sstream-source queue q --start 5000 --batch 10s | \
         sstream-window 30s 20s --by .a --of=.b --error 0.05 quantile:0.9 --on-error skip | sstream-sink null",
    );
    let window = &plan["nodes"][1];
    assert_eq!(
        (&window["length"], &window["slide"], &window["interval"]),
        (&30000.into(), &20000.into(), &20000.into())
    );
    assert_eq!(
        window["merge"],
        "sstream-reduce --partial-in --by=.a --of=.b --error=0.05 --on-error=skip quantile:0.9"
    );
    assert_eq!((&plan["clock"], &plan["start"]), (&"virtual".into(), &5000.into()));
    let records = "sstream-source queue q | sstream-window 2s | sstream-state --merge '$a + $b'";
    assert_eq!(shape(records), ["source", "window [0]", "state [1]", "sink [2]"]);
}

#[test]
fn sides_come_before_what_reads_them_and_a_sink_may_pass() {
    assert_eq!(
        shape(
            "sstream-source queue a | sstream-map . | sstream-sink --pass files out/a | sstream-map . | \
             sstream-join --type left - <(sstream-source queue b | sstream-map .) | sstream-sink text"
        ),
        ["source", "each [0]", "sink [1]", "each [1]", "source", "each [4]", "join [3,5]", "sink [6]"]
    );
    let union = "sstream-union <(sstream-source queue a) <(sstream-source queue b) | sstream-transform -- sort";
    assert_eq!(shape(union), ["source", "source", "union [0,1]", "batch [2]", "sink [3]"]);
}

#[test]
fn what_would_give_other_answers_is_refused_with_stage_and_reason() {
    let source = "sstream-source queue q";
    for (line, parts) in [
        ("nc h 1 | sstream-filter x", &["stage 1, nc h 1: ", "none of sstream's tools"][..]),
        ("sstream-filter x", &["begin with sstream-source"]),
        ("sstream-source stdin", &["standard input is that of one machine"]),
        ("sstream-source listen 9", &["no client would know"]),
        ("sstream-source queue $IN", &["$IN", "not known here"]),
        ("sstream-source queue q > out", &["> out", "file of this machine"]),
        ("LANG=C sstream-source queue q", &["LANG=C"]),
        ("sstream-source queue q --checkpoint c", &["--checkpoint", "keeps no place"]),
        ("sstream-source dir in", &["add --new-only"]),
        ("sstream-source dir 'in/*' --new-only", &["a pattern"]),
        ("sstream-source dir in --new-only --max-rate 5", &["--max-rate"]),
        ("S | sstream-union - <(sstream-source queue b --stop-file f)", &["--stop-file", "the same"]),
        ("sstream-source tcp h:1 --batch 100n", &["by count", "by time"]),
        ("sstream-source queue a; sstream-source queue b", &["one pipeline is wanted"]),
        ("S | sstream-window 10n count", &["stage 2, sstream-window 10n count: ", "so many records"]),
        ("S | sstream-window 1500ms count", &["no multiple of the batch interval"]),
        ("S | sstream-window 1m --time .t count", &["not on a cluster yet"]),
        ("S | sstream-state --expr '$state' --by .a", &["by sstream-map", "not on a cluster yet"]),
        ("S | sstream-state sum --timeout 1m", &["--timeout: not on a cluster yet"]),
        ("S | sstream-join --static f", &["--static"]),
        ("S | sstream-join - f", &["write them as <(…)"]),
        ("S | sstream-dedup", &["not on a cluster yet"]),
        ("S | sstream-map . --on-error bad.jsonl", &["--on-error FILE"]),
        ("S | sstream-map . --metrics 9102", &["--metrics"]),
        ("S | sstream-map . --batch 2s", &["behind the first stage"]),
        ("S | sstream-map '['", &["stage 2", "sstream-map"]),
        ("S | sstream-mpa .", &["no such tool"]),
        ("S | sstream-map", &["EXPR"]),
        ("S | sstream-sink print | sstream-map .", &["stage 3", "--pass"]),
        ("S | sstream-sink exec -- cat", &["--on-driver"]),
        ("S | sstream-top", &["no stage of a stream that a cluster could run"]),
        ("S | sstream-union - <(sstream-source queue b --batch 2s)", &["batches of 1s and 2s"]),
        ("S | sstream-union - <(sstream-source tcp h:1)", &["stage 2", "its clock"]),
        ("S | sstream-map . <(S)", &["are for sstream-join"]),
    ] {
        refused(&line.replace('S', source), parts);
    }
    assert!(walk::plan("sstream-source queue q | sstream-sink exec -- cat", true).is_ok());
}
