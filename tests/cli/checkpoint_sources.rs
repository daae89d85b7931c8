//! Sources under a checkpoint: killed and started again, they send the same
//! batches, and go on.

use std::time::Duration;

use rustix::process::Signal;

use crate::live::{self, Live, free_port, is_listening};
use crate::support::{Folder, Ran, shell};

/// A batch: its time and its records.
type Batch = (u64, Vec<String>);

/// The batches of a framed stream that have ended.
fn batches(stream: &str) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut records: Vec<String> = Vec::new();
    for line in stream.lines().skip(1) {
        match line.strip_prefix("{\"end\":").and_then(|rest| rest.split_once(',')) {
            Some((time, rest)) => {
                assert!(rest.starts_with(&format!("\"records\":{}", records.len())), "{line} {records:?}");
                batches.push((time.parse().unwrap(), std::mem::take(&mut records)));
            }
            None if line.starts_with("{\"batch\":") || line.starts_with("{\"close\":") => {}
            None => records.push(line.to_owned()),
        }
    }
    batches
}

/// All records of some batches, which follow each other by `interval_ms`.
fn records(batches: &[Batch], interval_ms: u64) -> Vec<&str> {
    assert!(batches.windows(2).all(|pair| pair[0].0 + interval_ms == pair[1].0), "{batches:?}");
    batches.iter().flat_map(|(_, records)| records).map(String::as_str).collect()
}

/// Kills a line as a power cut would, and gives the batches that it had ended.
fn kill(mut line: Live) -> Vec<Batch> {
    line.kill();
    let stdout = line.stdout();
    // The last line may be cut off.
    batches(&stdout[..stdout.rfind('\n').map_or(0, |end| end + 1)])
}

/// Waits for some text, stops the line, and gives its batches.
fn stop(mut line: Live, text: &str) -> Vec<Batch> {
    line.until_holds("stdout", text);
    line.signal(Signal::INT);
    line.exits(0);
    batches(&line.stdout())
}

#[test]
fn batches_by_count_are_cut_again_as_they_were() {
    // A log that is read again, and a pipe, whose records are kept.
    for (write, source) in
        [("seq N >> log;", "sstream-source tail log"), ("(seq N; sleep 60) |", "sstream-source stdin")]
    {
        let folder = Folder::new();
        let start = |numbers: &str| {
            let write = write.replace('N', numbers);
            live::start_in(folder.clone(), &format!("{write} {source} --batch 3n --checkpoint ck --no-trace"))
        };
        let want: Vec<Batch> = (0..4)
            .map(|batch| (1000 * (batch + 1), (1..=3).map(|place| format!("\"{}\"", batch * 3 + place)).collect()))
            .collect();
        let mut first = start("1 8");
        // Two whole batches, and two records of the third.
        first.until_holds("stdout", "\"8\"");
        assert_eq!(kill(first), want[..2], "{source}");
        let mut second = start("9 12");
        second.until_holds("stdout", "\"12\"\n{\"end\"");
        second.signal(Signal::INT);
        second.wait();
        let again = batches(&second.stdout());
        // Nobody has committed anything: all come again, and the third is full with the first of the new ones.
        assert_eq!(again, want, "{source}");
        let other = folder.run(&format!("{source} --batch 1s --checkpoint ck < /dev/null")).exits(5);
        assert!(other.stderr.contains("--batch COUNT"), "{other}");
    }
}

#[test]
fn what_came_over_a_socket_comes_again() {
    let folder = Folder::new();
    let port = free_port();
    let line = format!("sstream-source listen {port} --batch 50ms --checkpoint ck --no-trace");
    let send = |what: &str| {
        let mut client = live::start(&format!("printf '{what}' | nc -N 127.0.0.1 {port}"));
        client.exits(0);
    };
    let mut first = live::start_in(folder.clone(), &line);
    first.until("listening", |_| is_listening(port));
    send("a\\nb\\n");
    first.until_holds("stdout", "\"b\"\n{\"end\"");
    let before = kill(first);
    let mut second = live::start_in(folder.clone(), &line);
    second.until("listening", |_| is_listening(port));
    send("c\\n");
    let after = stop(second, "\"c\"\n{\"end\"");
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(records(&after, 50), ["\"a\"", "\"b\"", "\"c\""]);
}

#[test]
fn what_came_by_a_pipe_comes_again_from_any_tool() {
    let folder = Folder::new();
    let line = |what: &str| {
        format!(
            "(printf '{what}'; sleep 60) | sstream-filter -v no --output frames --input text --batch 50ms --no-trace"
        )
    };
    let mut first = live::start_in(folder.clone(), &format!("export SSTREAM_CHECKPOINT=ck; {}", line("a\\nno\\nb\\n")));
    first.until_holds("stdout", "\"b\"\n{\"end\"");
    let before = kill(first);
    let mut second = live::start_in(folder, &format!("{} --checkpoint ck", line("c\\n")));
    second.until_holds("stdout", "\"c\"\n{\"end\"");
    second.signal(Signal::INT);
    second.wait();
    let after = batches(&second.stdout());
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(records(&after, 50), ["\"a\"", "\"b\"", "\"c\""]);
}

#[test]
fn what_came_packed_comes_again() {
    let folder = Folder::new();
    let line = |what: &str| {
        format!(
            "(printf '{what}' | gzip; sleep 60) | sstream-source stdin --unpack --batch 50ms --no-trace --checkpoint ck"
        )
    };
    let mut first = live::start_in(folder.clone(), &line("a\\nb\\n"));
    first.until_holds("stdout", "\"b\"\n{\"end\"");
    let before = kill(first);
    let mut second = live::start_in(folder, &line("c\\n"));
    second.until_holds("stdout", "\"c\"\n{\"end\"");
    second.signal(Signal::INT);
    second.wait();
    let after = batches(&second.stdout());
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(records(&after, 50), ["\"a\"", "\"b\"", "\"c\""]);
}

#[test]
fn what_came_of_a_batch_that_had_not_ended_is_in_the_first_new_one() {
    let folder = Folder::new();
    let line = |what: &str| {
        format!("(printf '{what}'; sleep 60) | sstream-source stdin --batch 100d --block-interval 1ms --checkpoint ck")
    };
    let mut first = live::start_in(folder.clone(), &line("a\\nb\\n"));
    first.until_holds("stdout", "\"b\"\n");
    assert_eq!(kill(first), []);
    let mut second = live::start_in(folder, &line("c\\nd\\n"));
    second.until_holds("stdout", "\"d\"\n");
    second.signal(Signal::INT);
    second.wait();
    assert_eq!(records(&batches(&second.stdout()), 1), ["\"a\"", "\"b\"", "\"c\"", "\"d\""]);
}

#[test]
fn a_rate_goes_on_counting() {
    let folder = Folder::new();
    let line = "sstream-source rate 200 --batch 20ms --no-trace --checkpoint ck";
    let mut first = live::start_in(folder.clone(), line);
    first.until_holds("stdout", "\"n\":20,");
    let before = kill(first);
    let after = stop(live::start_in(folder, line), "\"n\":60,");
    assert_eq!(after[..before.len()], before[..]);
    let numbers: Vec<u64> =
        records(&after, 20).iter().map(|record| record[5..record.find(',').unwrap()].parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{numbers:?}");
}

const QUEUE: &str = "sstream-source queue q --batch 1s --start 5000 --checkpoint ck --no-trace";

#[test]
fn a_queue_goes_on_where_it_was() {
    let folder = Folder::new();
    folder.file("q", "[1,2]\n\n[]\n[3]\n");
    let first = folder.run(QUEUE).exits(0).says_nothing();
    folder.file("q", "[1,2]\n\n[]\n[3]\n[4]\n");
    let second = folder.run(QUEUE).exits(0).says_nothing();
    let mut all = batches(&first.stdout);
    all.push((9000, vec!["4".to_owned()]));
    assert_eq!(batches(&second.stdout), all);
}

#[test]
fn another_file_under_a_queue_is_found() {
    let folder = Folder::new();
    folder.file("q", "[1]\n[2]\n").run(QUEUE).exits(0);
    folder.file("q", "[1]\n").run(QUEUE).exits(5).says("q, line 2 (bytes 4 to 8): the file is shorter than it was");
    folder.file("q", "[1]\n[7]\n[8]\n").run(QUEUE).exits(5).says("this is another line than was read");
    let skipped = folder.run(&format!("{QUEUE} --on-loss skip")).exits(0);
    assert!(skipped.stderr.contains("left out, as --on-loss skip says"), "{skipped}");
    assert_eq!(records(&batches(&skipped.stdout), 1000), ["1", "1", "7", "8"]);
}

#[test]
fn a_replay_goes_on_where_it_was() {
    let folder = Folder::new();
    let all = folder.run("printf '[1]\\n[]\\n[2,3]\\n[4]\\n' | sstream-source queue - --no-trace > all").exits(0);
    let line = "sstream-source replay all --speed 10x --checkpoint ck";
    let mut first = live::start_in(folder.clone(), line);
    first.until_holds("stdout", "{\"end\":3000");
    let before = kill(first);
    let after = folder.run(line).exits(0);
    assert_eq!(batches(&after.stdout)[..before.len()], before[..]);
    assert_eq!(batches(&after.stdout), batches(&all.folder.read("all")));
    // All of it again, and another stream.
    assert_eq!(batches(&folder.run(line).exits(0).stdout), batches(&after.stdout));
    let other = folder.run("printf '[1]\\n[]\\n[2,9]\\n[4]\\n' | sstream-source queue - --no-trace > all").exits(0);
    drop(other);
    folder.run(line).exits(5).says("it is another stream, or a shorter one");
    folder.run("sstream-source replay - --checkpoint ck < all").exits(2).says("give the file's name");
}

#[test]
fn one_runs_at_a_time() {
    let folder = Folder::new();
    let line = "sstream-source rate 10 --batch 20ms --checkpoint ck --name clicks";
    let mut first = live::start_in(folder.clone(), line);
    first.until_holds("stdout", "{\"end\"");
    folder.run(line).exits(1).says("clicks: the source already runs under this checkpoint, as process");
    first.signal(Signal::TERM);
    first.exits(0);
    assert!(first.stdout().contains("\"name\":\"clicks\""), "{first}");
}

#[test]
fn another_source_on_an_old_checkpoint_is_told() {
    let folder = Folder::new();
    folder.file("q", "[1]\n").file("p", "[1]\n").run(QUEUE).exits(0);
    let says_both = |ran: Ran, was: &str, now: &str| {
        let ran = ran.exits(5);
        assert!(ran.stderr.contains(was) && ran.stderr.contains(now), "{ran}");
        assert!(ran.stdout.contains("\"close\":\"error\",\"exit\":5"), "{ran}");
    };
    let was = "was: source queue q (a batch each 1s)";
    says_both(folder.run("sstream-source queue p --checkpoint ck"), was, "now: source queue p (");
    // Nobody is there who could say that what was begun is done.
    says_both(folder.run(&QUEUE.replace("1s", "2s")), "batches of 1s that were begun", "before there are any of 2s");
    // Another source is another name; what is shown and kept may change.
    folder.run("sstream-source queue p --checkpoint ck --name other").exits(0);
    folder.run(&format!("{QUEUE} --verbose --retain 12h")).exits(0);
}

#[test]
fn options_of_checkpoints_are_checked() {
    shell("sstream-source rate 1 --checkpoint ck --name a/b").exits(2).says("digits");
    shell("sstream-source rate 1 --retain 5").exits(2).says("--retain: there is no checkpoint: add --checkpoint DIR");
    shell("sstream-source rate 1 --checkpoint ck --retain often").exits(2).says("12h");
    let framed = "printf '[1]\\n' | sstream-source queue - | sstream-filter x";
    shell(&format!("{framed} --checkpoint ck")).exits(2);
    // A later stage does not look at the variable.
    let ran = shell(&format!("export SSTREAM_CHECKPOINT=ck; {framed} --output frames; ls ck/sources")).exits(0);
    assert!(ran.stdout.ends_with("queue\n"), "{ran}");
    let not_one = shell("mkdir ck; touch ck/photos; sstream-source rate 1 --checkpoint ck").exits(2);
    assert!(not_one.stderr.contains("not a checkpoint: it holds photos"), "{not_one}");
}

#[test]
fn rates_are_kept() {
    let line = "seq 300 | sstream-source stdin --batch 100ms --max-rate 200 --no-trace";
    let all = batches(&shell(line).exits(0).stdout);
    assert_eq!(records(&all, 100).len(), 300);
    // 20 a batch, and a tenth of a second's worth that was saved up.
    assert!(all.iter().all(|(_, records)| records.len() <= 41), "{all:?}");
    assert!(all.len() >= 13, "{}", all.len());
    let line = "seq 100 199 | sstream-source stdin --batch 10ms --max-batch 60 --no-trace";
    let all = batches(&shell(line).exits(0).stdout);
    assert_eq!(records(&all, 10).len(), 100);
    assert!(all.iter().all(|(_, records)| records.len() <= 16), "{all:?}");
    for kind in ["rate 1", "queue q", "replay q"] {
        shell(&format!("sstream-source {kind} --max-rate 5")).exits(2).says("gives its batches as they are");
    }
}

#[test]
fn a_stop_does_not_wait_for_the_rate() {
    let mut line =
        live::start("(seq 5000; touch written; sleep 60) | sstream-source stdin --batch 20ms --max-rate 10 --no-trace");
    line.until_holds("stdout", "\"2\"");
    line.until("all written", |line| line.path("written").exists());
    line.signal(Signal::INT);
    line.wait();
    let all = batches(&line.stdout());
    assert_eq!(all.iter().map(|(_, records)| records.len()).sum::<usize>(), 5000);
}

#[test]
fn a_sink_that_stands_still_costs_no_memory() {
    let options = ["", " --checkpoint ck", " --backpressure"];
    let sources = options.map(|options| {
        let mut line = live::start(&format!(
            "yes 'a line of some length, as lines of logs are' \
             | {{ echo $BASHPID > pid; exec sstream-source stdin --batch 20ms{options}; }} \
             | {{ head -c 100000 > begun; sleep 60; }}"
        ));
        line.until("begun", |line| line.read("begun").len() == 100_000);
        line
    });
    std::thread::sleep(Duration::from_secs(1));
    for mut line in sources {
        let status = std::fs::read_to_string(format!("/proc/{}/status", line.read("pid").trim())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 48 << 10, "{kib} KiB {line}");
        line.signal(Signal::KILL);
        line.wait();
    }
}
