//! Lines on a real Spark cluster: what Spark 3.5.8 (and Flink, of patterns) answered, case by case, through
//! `sstream-submit` and its driver; and a line as a user submits it. Maven fetches the Spark that is started here. Without
//! Java or Maven the tests say that they are skipped, unless SPARK_TESTS is `required`.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod broker;
mod cases;
mod cluster;
mod connectors;
mod hdfs;
mod kills;
mod plans;
mod requests;
mod shown;
#[path = "../conformance/values.rs"]
mod values;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cluster::Cluster;
use sstream_testkit::bash::tools;
use sstream_testkit::needs::has_all;
use sstream_testkit::wait_until;

/// A test's name, and itself.
type Part = (&'static str, fn(&Cluster));

/// What is tested on one cluster; SPARK_PARTS has the names of those that are run, with commas, else all are.
const PARTS: &[Part] = &[
    ("cases", cases::all_give_the_same),
    ("users", a_line_as_users_submit_it),
    ("deploy", a_line_whose_driver_is_in_the_cluster),
    ("bad", a_bad_record_is_told_by_message_and_exit_code),
    ("large", a_part_has_more_than_a_block_may_have),
    ("dir", files_that_come_into_a_directory),
    ("hdfs", hdfs::numbers_are_once_in_the_files),
    ("sinks", connectors::sinks_take_all_and_sql_gives_the_same),
    ("receiver", connectors::a_receiver_goes_on_after_a_kill),
    ("command", connectors::a_command_is_received_to_its_end),
    ("kills", kills::nothing_is_lost_and_nothing_comes_twice),
];

#[test]
fn lines_on_a_cluster_give_the_same() {
    if !has_all("SPARK_TESTS", &["java", "mvn"]) {
        return;
    }
    let cluster = Cluster::start();
    // With SPARK_KILLS the long form of one part is wanted.
    let wanted = match std::env::var_os("SPARK_KILLS") {
        Some(_) => "kills".to_owned(),
        None => std::env::var("SPARK_PARTS").unwrap_or_default(),
    };
    let wanted: Vec<&str> = wanted.split_terminator(',').collect();
    let unknown = wanted.iter().find(|wanted| !PARTS.iter().any(|(name, _)| name == *wanted));
    assert!(unknown.is_none(), "SPARK_PARTS: {unknown:?} is none of them");
    let is_wanted = |name: &&str| wanted.is_empty() || wanted.contains(name);
    for (name, part) in PARTS.iter().filter(|(name, _)| is_wanted(name)) {
        let began = Instant::now();
        part(&cluster);
        eprintln!("{name}: {:.0?}", began.elapsed());
    }
}

/// Lines by TCP, windows counted, a signal: no line is lost, and the exit code is 0. Our tools are sent
/// to the executors.
fn a_line_as_users_submit_it(cluster: &Cluster) {
    const LINES: u64 = 1000;
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        for number in 0..LINES {
            writeln!(client, "{} {number}", if number % 2 == 0 { "ERROR" } else { "INFO" }).unwrap();
        }
        client
    });
    let line = format!(
        "sstream-source tcp 127.0.0.1:{port} --batch 1s | sstream-filter ERROR | sstream-window 3s 1s count | sstream-sink text"
    );
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut command = cluster.submit(&line, &["--parts", "2"]);
    command.args(["--conf", "spark.ui.enabled=true", "--conf", "spark.ui.port=0"]);
    command.env("XDG_RUNTIME_DIR", folder.path());
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    let mut submitted = command.spawn().unwrap();
    // Each line is in three windows.
    let counted = || {
        let lines = fs::read_to_string(&out).unwrap();
        lines.lines().filter_map(|line| line.parse::<u64>().ok()).sum::<u64>()
    };
    wait_until("all lines are counted", Duration::from_secs(240), || {
        assert!(submitted.try_wait().unwrap().is_none(), "{}", end(&fs::read(&err).unwrap()));
        counted() == 3 * LINES / 2
    });
    shown::with_the_figures_of_sparks_own_page(folder.path(), LINES);
    let stopped = shown::sstream(folder.path(), &["stop", &submitted.id().to_string()]);
    assert!(stopped.status.success(), "{stopped:?}");
    let status = submitted.wait().unwrap();
    assert!(status.success(), "{status}\n{}", end(&fs::read(&err).unwrap()));
    assert_eq!(counted(), 3 * LINES / 2);
    assert!(!shown::list(folder.path()).contains("sstream-window"), "it is over");
    drop(server.join().unwrap());
}

/// The driver runs in a worker, and who submits the line waits for its end.
fn a_line_whose_driver_is_in_the_cluster(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    fs::write(folder.path().join("in"), "[1,2,3]\n[4]\n").unwrap();
    let line = format!(
        "sstream-source queue {place}/in | sstream-map '{{a: {{n: .}}}}' | sstream-reduce --by '.a.n % 2' count | \
         sstream-sink files {place}/out"
    );
    let mut command = cluster.submit(&line, &["--sstream-home", &tools().display().to_string(), "--parts", "2"]);
    command.args(["--deploy-mode", "cluster", "--conf", "spark.standalone.submit.waitAppCompletion=true"]);
    let output = command.output().unwrap();
    let said = end(&output.stderr);
    assert!(output.status.success() && said.contains("is FINISHED"), "{}\n{said}", output.status);
    let mut counts: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("in"))
        .map(|path| {
            let mut lines: Vec<String> = fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines.join(" ")
        })
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, ["[0,1]", "[0,1] [1,2]"]);
}

fn a_bad_record_is_told_by_message_and_exit_code(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in");
    fs::write(&file, "[\"x\"]\n").unwrap();
    let line = format!("sstream-source queue {} | sstream-map .a.b", file.display());
    let home = tools().display().to_string();
    let output = cluster.submit(&line, &["--sstream-home", &home]).output().unwrap();
    let said = end(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("sstream-submit: sstream-map .a.b: sstream-map: bad record"), "{said}");
}

/// Some 20 MB of keys for each of two parts, which all come from one partition.
fn a_part_has_more_than_a_block_may_have(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in");
    fs::write(&file, "[0]\n").unwrap();
    let line = format!(
        "sstream-source queue {} | sstream-flatmap 'range(400000) | \"\\(.)\" + (\".\" * 100)' | \
         sstream-reduce --by-value count | sstream-map '.[1]' | sstream-reduce sum | sstream-sink text",
        file.display()
    );
    let home = tools().display().to_string();
    let output = cluster.submit(&line, &["--sstream-home", &home, "--parts", "2"]).output().unwrap();
    assert!(output.status.success(), "{}\n{}", output.status, end(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "400000\n");
}

/// Packed files are renamed into a directory; each is read once, with its own header, and what was there before is not.
/// The line stops when nothing has come for a while.
fn files_that_come_into_a_directory(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/old"), "a\n0\n").unwrap();
    let line = format!(
        "sstream-source dir {place}/in --new-only --input csv --batch 1s --idle-timeout 5s | sstream-map '.a | tonumber' | \
         sstream-sink files {place}/out"
    );
    let mut command = cluster.submit(&line, &[]);
    command.env("XDG_RUNTIME_DIR", folder.path()).stderr(Stdio::piped());
    let mut submitted = command.spawn().unwrap();
    let read = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let files = names.filter(|path| path.is_file() && !path.ends_with(".f"));
        let texts = files.map(|file| fs::read_to_string(file).unwrap());
        let mut numbers: Vec<u64> =
            texts.flat_map(|text| text.lines().map(|line| line.parse().unwrap()).collect::<Vec<_>>()).collect();
        numbers.sort_unstable();
        numbers
    };
    let mut sent = 0;
    wait_until("two files are read", Duration::from_secs(240), || {
        assert!(submitted.try_wait().unwrap().is_none(), "it has ended");
        // Again and again, since nobody says when the line has begun to look.
        sent += 1;
        let packed = format!("printf 'a\\n{sent}\\n' | gzip >.f && mv .f in/{sent}.gz && sleep 1");
        let moved = Command::new("sh").args(["-c", &packed]).current_dir(folder.path()).status().unwrap();
        assert!(moved.success());
        read().len() >= 2
    });
    let listed = shown::list(folder.path());
    assert!(listed.contains("no page of Spark's: spark.ui.enabled=false"), "{listed}");
    let output = submitted.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{}", output.status, end(&output.stderr));
    let numbers = read();
    assert_eq!(numbers, (numbers[0]..=sent).collect::<Vec<_>>());
    assert!(numbers[0] > 0, "what was there before");
}

/// Checks that a line runs that [`Cluster::begin`] has begun.
#[track_caller]
fn alive(driver: &mut Child, folder: &Path) {
    assert!(driver.try_wait().unwrap().is_none(), "{}", end(&fs::read(folder.join("err")).unwrap()));
}

/// The end of what a process said.
fn end(said: &[u8]) -> String {
    String::from_utf8_lossy(&said[said.len().saturating_sub(8000)..]).into_owned()
}
