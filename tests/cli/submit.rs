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
        let plan = folder.run(&format!("sstream-submit --plan '{quoted}'")).exits(0).is_quiet().stdout.clone();
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
             {count} --partial-in sum --input json --output json"
        ))
        .exits(0)
        .prints("[1,0.3]\n[\"x\",1]\n");
}
