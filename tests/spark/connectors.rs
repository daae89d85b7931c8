//! Connectors on a cluster: sinks in the partitions and on whole batches, a source in a receiver, under a checkpoint and
//! with its driver killed, an operator between two pipes; and a command in a receiver.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sstream_testkit::bash::{bash, tools};
use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all, lacks};
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::cluster::Cluster;
use crate::requests::Requests;
use crate::{alive, end};

/// How long a line may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// Whether these programs of connectors are built and, for their tests, these commands are there.
fn is_possible(programs: &[&str], commands: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !tools().join(program).is_file());
    missing.is_none_or(|program| lacks("SPARK_TESTS", program)) && has_all("SPARK_TESTS", commands)
}

/// Batches of a queue, in two partitions each: every record is taken once, and none of a partition for another's, though
/// both have the batch's time, nor twice where a task is tried again and the server keeps keys; what goes as whole batches is
/// in order; and a query gives what it gives in a shell.
pub fn sinks_take_all_and_sql_gives_the_same(cluster: &Cluster) {
    if !is_possible(&["sstream-sink-http", "sstream-sql"], &[]) {
        return;
    }
    let (folder, requests) = (Folder::new(), Requests::start());
    let batch = |numbers: std::ops::RangeInclusive<u64>| {
        let records = numbers.map(|n| format!(r#"{{"k":"{}","n":{n}}}"#, ["a", "b", "c"][n as usize % 3]));
        format!("[{}]\n", records.collect::<Vec<_>>().join(","))
    };
    folder.file("in", format!("{}[]\n{}", batch(1..=100), batch(101..=200)));
    folder.run("mkdir cluster shell").exits(0);
    let place = folder.path("").display().to_string();
    let sql = format!(
        "sstream-source queue {place}/in | PASS sstream-sql --fields k,n \
         'select k, count(*) as c, sum(n) as s from batch group by k order by k' | sstream-sink files --json --empty"
    );
    let url = requests.url();
    let tables = Tables::start();
    let into = tables.as_ref().map(|tables| tables.sinks()).unwrap_or_default();
    let sinks = format!(
        "sstream-sink --pass http {url}/each --per record | sstream-sink --pass http {url}/whole --empty | \
         sstream-sink --pass http {url}/late --per record --retry-for 1s | {into}"
    );
    let line = format!("{} {place}/cluster/out", sql.replace("PASS", &sinks));
    let output = cluster.submit(&line, &["--parts", "2"]).output().unwrap();
    assert!(output.status.success(), "{}\n{}", output.status, end(&output.stderr));

    let each = requests.at("/each");
    let bodies: BTreeSet<&str> = each.iter().map(|request| &request.body[..]).collect();
    let keys: BTreeSet<&str> = each.iter().map(|request| &request.key[..]).collect();
    assert_eq!((each.len(), bodies.len(), keys.len()), (200, 200, 200), "each record under a key of its own");
    let writers: BTreeSet<&str> = keys.iter().filter_map(|key| Some(key.rsplit_once('-')?.0)).collect();
    assert_eq!(writers.len(), 4, "two partitions of two batches");
    let whole: Vec<String> = requests.at("/whole").into_iter().map(|request| request.body).collect();
    let lines = |batch: String| batch.trim().trim_matches(['[', ']']).replace("},{", "}\n{") + "\n";
    assert_eq!(whole, [lines(batch(1..=100)), String::new(), lines(batch(101..=200))]);
    let late = requests.at("/late");
    let keys: BTreeSet<&str> = late.iter().map(|request| &request.key[..]).collect();
    assert!(
        late.len() > 200 && keys.len() == 200,
        "{} {}: a task that is tried again is the same one",
        late.len(),
        keys.len()
    );
    folder
        .run(&format!("{} {place}/shell/out && diff -r shell cluster && ls shell | wc -l", sql.replace("PASS", "")))
        .prints("3\n");
    if let Some(tables) = tables {
        assert_eq!(tables.ask("select count(*), count(distinct n), sum(n) from numbers"), "200|200|20100\n");
        assert_eq!(tables.ask("select string_agg(k || n, ' ' order by k) from newest"), "a198 b199 c200\n");
        assert_eq!(tables.ask("select count(*) from sstream_commits"), "0\n", "nobody is to come again");
    }
}

/// A PostgreSQL, by the script of the connector's own tests.
struct Tables {
    folder: Folder,
    port: u16,
    _keeper: Keeper,
}

impl Tables {
    /// With two tables; none where there can be none, which is told.
    fn start() -> Option<Tables> {
        if !is_possible(&["sstream-sink-postgres"], &["postgres", "psql", "setpriv"]) {
            return None;
        }
        let (folder, port) = (Folder::new(), free_port());
        folder.file("pw", "hunter2\n");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/connect/postgres/tests/server");
        let _keeper = Keeper::start(&folder, "server", &format!("exec {script} data {port}"));
        let tables = Tables { folder, port, _keeper };
        wait_until("the server answers", PATIENCE, || tables.psql("select 1").is_some());
        tables.ask("create table numbers (k text, n bigint); create table newest (k text primary key, n bigint)");
        Some(tables)
    }

    /// Rows that are added, in the partitions; and rows that are replaced, of which the last one counts.
    fn sinks(&self) -> String {
        let address = format!(
            "sstream-sink --pass postgres postgres://app@127.0.0.1:{}/app --password-file {}",
            self.port,
            self.folder.path("pw").display()
        );
        format!("{address} --table numbers | {address} --table newest --key k | ")
    }

    fn psql(&self, sql: &str) -> Option<String> {
        let line = format!("psql -X -q -A -t -h 127.0.0.1 -p {} -U app app -c \"{sql}\"", self.port);
        let output = bash(&[], &line, &self.folder.path("")).env("PGPASSWORD", "hunter2").output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn ask(&self, sql: &str) -> String {
        self.psql(sql).unwrap()
    }
}

/// Messages from a broker to a receiver, with a session, and copies of them back from the partitions. The driver is killed
/// between the two halves of them, of which the second one is sent while nothing runs.
pub fn a_receiver_goes_on_after_a_kill(cluster: &Cluster) {
    let programs = ["sstream-source-mqtt", "sstream-sink-mqtt"];
    if !is_possible(&programs, &["mosquitto", "mosquitto_pub", "mosquitto_sub"]) {
        return;
    }
    let (folder, port) = (Folder::new(), free_port());
    let place = folder.path("").display().to_string();
    folder.file(
        "broker.conf",
        format!("listener {port} 127.0.0.1\nuser root\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\n"),
    );
    let broker = Keeper::start(&folder, "broker", "PATH=$PATH:/usr/sbin exec mosquitto -v -c broker.conf");
    let _copies = Keeper::start(
        &folder,
        "copies",
        &format!("exec mosquitto_sub -h 127.0.0.1 -p {port} -i copies -c -q 1 -t copies >>got"),
    );
    let line = format!(
        "sstream-source mqtt mqtt://127.0.0.1:{port} --topic in --client-id spark --batch 1s --checkpoint {place}/ck \
         --stop-file {place}/stop | sstream-sink --pass mqtt mqtt://127.0.0.1:{port} --topic '\"copies\"' | \
         sstream-window 3s 1s --by '.[:1]' count | sstream-sink files {place}/count"
    );
    // A hundred at a time, so that there are several blocks.
    let send = |from: u64, to: u64| {
        let line = format!(
            "seq {from} {to} | while read -r n; do echo \"$([ $((n % 2)) = 0 ] && echo e || echo o)$n\"; \
             [ $((n % 100)) != 0 ] || sleep 0.4; done | mosquitto_pub -h 127.0.0.1 -p {port} -q 1 -t in -l"
        );
        folder.run(&line).exits(0);
    };
    let mut driver = cluster.begin(&line, &folder.path(""));
    wait_until("the receiver has subscribed, and who looks", PATIENCE, || {
        alive(&mut driver, &folder.path(""));
        let said = broker.said();
        said.contains("Sending SUBACK to spark") && said.contains("Sending SUBACK to copies")
    });
    send(1, 300);
    // Each message is in three windows.
    wait_until("the first half is counted", PATIENCE, || {
        alive(&mut driver, &folder.path(""));
        counted(&folder.path(""), "count-") == 3 * 300
    });
    driver.kill().unwrap();
    driver.wait().unwrap();
    wait_until("the receiver's source ends with its executor", PATIENCE, || !runs("sstream-source-mqtt", port));
    send(301, 600);
    let mut driver = cluster.begin(&line, &folder.path(""));
    wait_until("the second half is counted", PATIENCE, || {
        alive(&mut driver, &folder.path(""));
        counted(&folder.path(""), "count-") >= 3 * 600
    });
    folder.file("stop", "");
    let status = driver.wait().unwrap();
    assert!(status.success(), "{status}\n{}", end(folder.read("err").as_bytes()));
    assert_eq!(counted(&folder.path(""), "count-"), 3 * 600, "each once in each of its windows");
    let all: BTreeSet<String> = (1..=600).map(|n| format!("{}{n}", if n % 2 == 0 { "e" } else { "o" })).collect();
    wait_until("each copy has come", PATIENCE, || {
        let copies: BTreeSet<String> = folder.read("got").lines().map(str::to_owned).collect();
        copies == all
    });
}

/// A command in a receiver, which ends, and with it the application.
pub fn a_command_is_received_to_its_end(cluster: &Cluster) {
    let folder = Folder::new();
    let line = format!(
        "sstream-source exec --batch 1s -- sh -c 'seq 400; sleep 2; seq 400; sleep 8' | sstream-window 2s 1s count | \
         sstream-sink files {}",
        folder.path("count").display()
    );
    let mut driver = cluster.begin(&line, &folder.path(""));
    let status = driver.wait().unwrap();
    assert!(status.success(), "{status}\n{}", end(folder.read("err").as_bytes()));
    assert_eq!(counted(&folder.path(""), "count-"), 2 * 800);
}

/// Whether a program runs with this port on its command line.
fn runs(program: &str, port: u16) -> bool {
    let output = Command::new("ps").args(["-eo", "args="]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().any(|line| line.starts_with(program) && line.contains(&format!(":{port}")))
}

/// The sum of the counts in files, which are numbers, or the seconds of pairs.
fn counted(folder: &Path, prefix: &str) -> u64 {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix));
    let texts = files.map(|file| fs::read_to_string(file).unwrap_or_default());
    let number = |line: &str| line.trim_end_matches(']').rsplit(',').next().unwrap().parse::<u64>().unwrap();
    texts.map(|text| text.lines().map(number).sum::<u64>()).sum()
}
