//! HDFS on a cluster: files are renamed into a directory of it, files are written into it, and the checkpoint is in it.

use std::process::Child;
use std::time::Duration;

use sstream_testkit::hdfs::{Hdfs, is_possible};
use sstream_testkit::wait_until;

use crate::cluster::Cluster;
use crate::{alive, end};

/// How long a step may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// How many numbers a file has.
const NUMBERS: u64 = 500;

/// What is kept of the numbers, in a shell and on the cluster.
const KEPT: &str = "sstream-filter --expr '. % 3 != 0'";

/// The driver is killed while files come; others come while nothing runs. In the end each number is in one file and in two
/// windows, as in a shell, and nothing else is left.
pub fn numbers_are_once_in_the_files(cluster: &Cluster) {
    if !is_possible("SPARK_TESTS") {
        return;
    }
    let hdfs = Hdfs::start();
    let (folder, url) = (hdfs.folder.path(""), format!("hdfs://127.0.0.1:{}", hdfs.port));
    let line = format!(
        "sstream-source dir {url}/in --new-only --input json --batch 2s --checkpoint {url}/ck --stop-file {} | {KEPT} | \
         sstream-sink --pass files {url}/out/all txt | sstream-window 4s 2s --by '. % 2' count | \
         sstream-sink files {url}/out/count json",
        folder.join("stop").display()
    );
    let mut files = 0;
    let mut put = |count| {
        for _ in 0..count {
            let numbers = format!("seq {} {}", files * NUMBERS + 1, (files + 1) * NUMBERS);
            hdfs.run(&format!("{numbers} | put {files:03}")).exits(0);
            files += 1;
        }
        files * NUMBERS
    };
    let wait_for = |driver: &mut Child, name: &str, line: &str| {
        wait_until(name, PATIENCE, || {
            alive(driver, &folder);
            hdfs.run(line).code() == Some(0)
        });
    };

    let mut driver = cluster.begin(&line, &folder);
    wait_for(&mut driver, "it looks", "names ck | grep -q ^checkpoint-");
    put(3);
    wait_for(&mut driver, "the first are written", "names out | grep -q ^all-");
    put(3);
    driver.kill().unwrap();
    driver.wait().unwrap();
    put(2);
    let mut driver = cluster.begin(&line, &folder);
    let all = put(2);
    // What a shell makes of them, as one batch.
    let batch = format!("seq {all} | sstream-source stdin --input json --batch {all}n | {KEPT}");
    let twice = format!(
        "{batch} | sstream-reduce --by '. % 2' count | sstream-map '[.[0], 2 * .[1]]' | sstream-sink text | sort"
    );
    let counts = "get out | jq -nc '[inputs | arrays] | group_by(.[0])[] | [.[0][0], (map(.[1]) | add)]'";
    hdfs.run(&format!("{twice} >want")).exits(0);
    wait_for(&mut driver, "all are in two windows", &format!("{counts} | cmp -s - want"));
    hdfs.folder.file("stop", "");
    let status = driver.wait().unwrap();
    assert!(status.success(), "{status}\n{}", end(hdfs.folder.read("err").as_bytes()));

    hdfs.run(&format!("{counts} | diff - want")).exits(0);
    hdfs.run(&format!("{batch} | sstream-sink text >want; get out | grep -v '^\\[' | sort -n | cmp - want")).exits(0);
    let names = hdfs.run("names out; names in").exits(0).stdout;
    let is_known = |name: &str| {
        let is_of = |prefix: &str, suffix: &str| name.starts_with(prefix) && name.ends_with(suffix);
        is_of("all-", ".txt") || is_of("count-", ".json") || name.bytes().all(|byte| byte.is_ascii_digit())
    };
    assert!(names.lines().all(is_known), "{names}");
}
