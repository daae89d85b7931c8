//! Plans for a cluster, as they are printed: `plans/` has them, written anew with UPDATE=1.

use std::fs;
use std::path::Path;

use super::support::Folder;

const LINES: &[(&str, &str)] = &[
    ("main_job", "sstream-source tcp logs:9999 --batch 10s | sstream-filter ERROR | sstream-window 30s 10s count"),
    (
        "word_count",
        "sstream source exec -- tail -F /var/log/app.log | sstream flatmap --split \" \" | sstream filter -v -x \"\" | \
         sstream reduce --by-value count | sstream sink --pass files hdfs://nn/words txt | sstream transform -- sort",
    ),
    (
        "two_sides",
        "sstream-join --type left <(sstream-source tcp a:1 | sstream-map --key .id | sstream-window 2s) \
         <(sstream-union <(sstream-source tcp b:1) <(sstream-source tcp c:1) | sstream-map --key .id) | \
         sstream-state --by '.[0]' --of '.[1][0].n' sum",
    ),
];

#[test]
fn plans_are_as_they_were() {
    let folder = Folder::new();
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/plans");
    for (name, line) in LINES {
        let quoted = line.replace('\'', "'\\''");
        let plan = folder.run(&format!("sstream-submit --plan '{quoted}'")).exits(0).says_nothing().stdout.clone();
        let path = plans.join(format!("{name}.json"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &plan).unwrap();
        }
        assert_eq!(plan, fs::read_to_string(&path).unwrap_or_default(), "{name}: UPDATE=1 writes it");
    }
}

#[test]
fn a_line_that_a_cluster_cannot_run_is_refused() {
    let folder = Folder::new();
    folder
        .run("sstream-submit --plan 'sstream-source tcp h:1 | sstream-window 100n count'")
        .exits(2)
        .says("sstream-submit: stage 2, sstream-window 100n count: windows of so many records go by the order");
    folder
        .run("SSTREAM_CHECKPOINT=c sstream-submit --plan 'sstream-source tcp h:1' | jq -r .checkpoint")
        .exits(0)
        .prints("c\n");
    folder
        .run("SSTREAM_BATCH=5s sstream-submit --plan 'sstream-source tcp h:1' | jq .interval")
        .exits(0)
        .prints("5000\n");
}

#[test]
fn what_several_hosts_have_counted_is_merged() {
    let folder = Folder::new();
    let count = "sstream-reduce --by .k --of .n";
    folder.file("a", "{\"k\":1,\"n\":0.1}\n{\"k\":\"x\",\"n\":1}\n");
    folder.file("b", "{\"k\":1.0,\"n\":0.2}\n");
    folder
        .run(&format!(
            "for host in a b; do sstream-source stdin --input json < $host | {count} --partial-out sum --output json; done | \
             {count} --partial-in sum --input json --output json --batch 100h"
        ))
        .exits(0)
        .prints("[1,0.3]\n[\"x\",1]\n");
}

/// In the place of Spark: publishes what it is told to as the driver does, until it is asked to stop.
const PUBLISHES: &str = r#"#!/usr/bin/env bash
while [ "$1" != --publish ]; do shift; done
head=$3 file=$2/$(jq -r .pipeline <<<"$3").$$.jsonl
spark="{application: \"app-1\", page: $PAGE}"
trap 'rm "$file"; exit' TERM
# It has its lock and all that it says before anybody finds it.
exec 9>"$file.new" && flock 9
jq -c ".published += {pid: $$, since: 1} | .spark = $spark" <<<"$head" >&9
echo '{"end":1469283110000,"records":1,"trace":[["source",7,7,0,0,1469283110020],["spark",7,1,0,130,1469283110150]]}' >&9
mv "$file.new" "$file"
while :; do sleep 0.05; done
"#;

#[test]
fn an_application_is_listed_with_sparks_page_and_stopped() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("spark/bin")).unwrap();
    folder.file("spark/bin/spark-submit", PUBLISHES).file("jar", "");
    let submit =
        "chmod +x spark/bin/spark-submit; export SPARK_HOME=$PWD/spark XDG_RUNTIME_DIR=$PWD; sstream-submit --master local --jar jar \
         'sstream-source tcp h:1 --batch 10s | sstream-filter x | sstream-sink null' &
         until sstream ps | grep -q app-1; do sleep 0.05; done; sstream ps; sstream stop app-1; wait $!; sstream ps";
    for (page, told) in [
        ("\\\"http://h:4040\\\"", "app-1 (http://h:4040)"),
        ("null", "app-1 (no page of Spark's: spark.ui.enabled=false)"),
    ] {
        let ran = folder.run(&format!("export PAGE=\"{page}\"; {submit}")).exits(0);
        let rows: Vec<&str> = ran.stdout.lines().collect();
        assert!(rows.len() == 3 && rows[0].contains("SPARK"), "{rows:?}");
        let stages = format!("{told}  source tcp h:1 --batch 10s | filter x | sink null");
        assert!(rows[1].contains("2016-07-23 14:11:50Z") && rows[1].ends_with(&stages), "{rows:?}");
        assert!(!rows[2].contains("SPARK"), "it is over: {rows:?}");
        ran.says(": filter x | sink null");
    }
}
