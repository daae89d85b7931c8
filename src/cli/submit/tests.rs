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
fn stages_with_a_state_of_their_own_run_in_parts_of_the_keys() {
    let carried = |line: &str| plan(&format!("sstream-source queue q | {line}"))["nodes"][1].clone();
    let node = carried("sstream-dedup --by .id --within 1m");
    assert_eq!((&node["is"], &node["keyed"]), (&"carried".into(), &true.into()));
    assert_eq!(node["deal"], serde_json::json!(["sstream-dedup --by .id --within 1m --deal"]));
    assert_eq!(node["command"], "sstream-dedup --by .id --within 1m --dealt");
    // What comes in pairs is dealt as it is, unless a watermark is to be seen on the way.
    let node = carried("sstream-state sum --emit changed --initial 'a b'");
    assert_eq!((&node["deal"], &node["command"]), (&Value::Null, &"sstream-state sum --emit changed".into()));
    let initial = std::env::current_dir().unwrap().join("a b");
    assert_eq!(node["initial"], format!("sstream-source --output=json stdin --input=json <'{}'", initial.display()));
    let node = carried("sstream-state sum --emit changed --time '.[1]' --watermark 1s --timeout 1m");
    assert_eq!(node["deal"].as_array().unwrap().len(), 1);
    // Without a key there is one part.
    for line in [
        "sstream-window 1m count --time .t --watermark 1s",
        "sstream-match 'a b' --define 'a=.x'",
        "sstream-learn kmeans --k 2 --random 1",
    ] {
        let node = carried(line);
        assert_eq!(
            (&node["is"], &node["keyed"], &node["deal"]),
            (&"carried".into(), &false.into(), &Value::Null),
            "{line}"
        );
    }
}

#[test]
fn each_side_of_a_join_by_time_is_dealt_by_its_own_key() {
    let plan = plan(
        "sstream-join --within 0s..1h <(sstream-source queue a) <(sstream-source queue b) --by-left .a --by-right .b --time .t \
         --watermark 1s",
    );
    let node = &plan["nodes"][2];
    let options = "sstream-join --within 0s..1h --by-left .a --by-right .b --time .t --watermark 1s";
    assert_eq!(
        node["deal"],
        serde_json::json!([format!("{options} --deal=left - -"), format!("{options} --deal=right - -")])
    );
    assert_eq!((&node["command"], &node["of"]), (&format!("{options} --dealt").into(), &serde_json::json!([0, 1])));
}

#[test]
fn what_would_give_other_answers_is_refused_with_stage_and_reason() {
    let source = "sstream-source queue q";
    for (line, parts) in [
        ("nc h 1 | sstream-filter x", &["stage 1, nc h 1: ", "begin with sstream-source: tcp"][..]),
        ("S | tee x | sstream-filter x", &["stage 2, tee x: ", "none of sstream's tools", "sstream-transform"]),
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
        ("sstream-source queue q --stop-file hdfs://nn/stop", &["--stop-file", "not for a URL"]),
        ("S | sstream-union - <(sstream-source queue b --stop-file f)", &["--stop-file", "the same"]),
        ("sstream-source tcp h:1 --batch 100n", &["by count", "by time"]),
        ("sstream-source queue a; sstream-source queue b", &["one pipeline is wanted"]),
        ("S | sstream-window 10n count", &["stage 2, sstream-window 10n count: ", "so many records"]),
        ("S | sstream-window 1500ms count", &["no multiple of the batch interval"]),
        ("S | sstream-window 1m --time .t count --late late.jsonl", &["--late FILE", "drop"]),
        ("S | sstream-window 1m --time '(' count", &["--time"]),
        ("S | sstream-state sum --emit timeout", &["--emit timeout needs --timeout"]),
        (
            "S | sstream-union - <(S | sstream-dedup --time .t --watermark 1s)",
            &["least watermark", "not on a cluster yet"],
        ),
        ("S | sstream-join - <(S) --within 0s..1s", &["--by EXPR"]),
        ("S | sstream-learn predict --model m", &["executors would see"]),
        ("S | sstream-join --static f", &["--static"]),
        ("S | sstream-join - f", &["write them as <(…)"]),
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
