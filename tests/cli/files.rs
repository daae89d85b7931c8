//! `sstream-source dir` and `tail`, on real files with real processes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use rustix::process::Signal;

use crate::live::{self, Live};
use crate::support::Folder;

fn append(folder: &Folder, name: &str, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.path(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn rename(folder: &Folder, from: &str, to: &str) {
    fs::rename(folder.path(from), folder.path(to)).unwrap();
}

fn stop(mut line: Live) {
    line.signal(Signal::INT);
    line.exits(0);
}

/// Lines of all files of a sink, in order.
fn committed(folder: &Folder, dir: &str) -> String {
    let mut paths: Vec<_> = fs::read_dir(folder.path(dir)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'));
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn dir_takes_renamed_files_at_once_and_others_when_they_settle() {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    folder.file("in/first", "1\n2");
    // Long enough ago, by its time of change.
    folder.run("touch -d '2 hours ago' in/first").exits(0);
    // A settle time that no test waits for: what comes was renamed.
    let line = "exec sstream-source dir in --settle 1h --batch 50ms --output text";
    let mut source = live::start_in(folder.clone(), line);
    source.until_holds("stdout", "1\n2\n");
    folder.file("in/slow", "slow\n").file("in/.x", "3\n").file("in/x.tmp", "no\n");
    rename(&folder, "in/.x", "in/x");
    source.until_holds("stdout", "3\n");
    rename(&folder, "in/x", "in/y");
    folder.file("in/.z", "4\n");
    rename(&folder, "in/.z", "in/z");
    source.until_holds("stdout", "4\n");
    assert_eq!(source.stdout(), "1\n2\n3\n4\n");
    stop(source);
    let mut source = live::start_in(folder.clone(), &line.replace("1h", "10ms").replace("dir in", "dir in --new-only"));
    // Whether it looks already is seen by what it takes.
    for number in 0.. {
        folder.file(&format!("in/new{number}"), "new\n");
        std::thread::sleep(std::time::Duration::from_millis(50));
        if source.stdout().contains("new\n") {
            break;
        }
        assert!(number < 400, "{source}");
    }
    assert!(source.ended().is_none() && !source.stdout().contains('1'), "{source}");
}

#[test]
fn dir_says_what_is_wrong_with_its_paths() {
    let folder = Folder::new();
    folder.file("file", "");
    folder.run("sstream-source dir nowhere --output text").exits(1).says("there is no such directory: make it before");
    folder.run("sstream-source dir file --output text").exits(2).says("quote a pattern");
    folder.run("sstream-source dir 'a[' --output text").exits(2).says("a [ is not closed");
    folder.run("sstream-source tail . --output text").exits(2).says("or use sstream-source dir");
}

#[test]
fn tail_goes_through_rotations_while_it_runs() {
    let folder = Folder::new();
    folder.file("app.log", "1\n");
    let mut source = live::start_in(folder.clone(), "exec sstream-source tail app.log --batch 50ms --output text");
    source.until_holds("stdout", "1\n");
    append(&folder, "app.log", "2\n");
    rename(&folder, "app.log", "app.log.1");
    append(&folder, "app.log", "4\n");
    source.until_holds("stdout", "4\n");
    append(&folder, "app.log.1", "3 late\n");
    source.until_holds("stdout", "3 late\n");
    append(&folder, "app.log", "5\n");
    // As logrotate's copytruncate does.
    folder.run("cp app.log app.log.2 && : >app.log").exits(0);
    source.until_holds("stderr", "was truncated: reading it from its beginning");
    append(&folder, "app.log", "6\nunfinished");
    source.until_holds("stdout", "6\n");
    source.signal(Signal::INT);
    source.exits(0);
    assert_eq!(source.stdout(), "1\n2\n4\n3 late\n5\n6\n");
    assert!(source.stderr().contains("left an unfinished line of 10 bytes at the stop"), "{source}");
}

#[test]
fn tail_from_the_end_takes_what_comes() {
    let folder = Folder::new();
    folder.file("a.log", "before\n");
    let line = "exec sstream-source tail '*.log' --from end --batch 50ms --output text --verbose";
    let mut source = live::start_in(folder.clone(), line);
    // A file that is new is taken from its beginning; then the others were looked at too.
    folder.file("b.log", "first\n");
    let mut written = 0;
    source.until("a line", |source| {
        written += 1;
        append(&folder, "a.log", &format!("after {written}\n"));
        source.stdout().contains("after")
    });
    stop(source);
}

#[test]
fn available_now_takes_what_is_new_in_each_run() {
    let folder = Folder::new();
    fs::create_dir(folder.path("out")).unwrap();
    // Not by the wall clock, which may cut off an empty batch behind what came.
    let tail =
        "sstream-source tail app.log --batch 1000n,1s --available-now --checkpoint ck | sstream-sink files out/part";
    folder
        .run(&tail.replace("--checkpoint ck", ""))
        .exits(0)
        .says("app.log: No such file or directory: nothing is taken of it");
    folder.file("app.log", "1\n2\n3");
    folder.run(tail).exits(0);
    let shown = folder.run("sstream-checkpoint show ck -1").exits(0);
    assert!(shown.stdout.contains("/app.log from byte 0 to 4\n"), "{shown}");
    assert!(shown.stdout.contains(&format!("committed: {}/part-", folder.path("out").display())), "{shown}");
    append(&folder, "app.log", " done\n4\n");
    rename(&folder, "app.log", "app.log.1");
    folder.file("app.log", "5\n");
    folder.run(tail).exits(0);
    folder.run(tail).exits(0);
    assert_eq!(committed(&folder, "out"), "1\n2\n3 done\n4\n5\n");
    // While one runs, another says so.
    append(&folder, "app.log", "6\n");
    let mut running = live::start_in(folder.clone(), &tail.replace("--available-now ", ""));
    running.until("running", |_| committed(&folder, "out").ends_with("6\n"));
    let second = folder.run(tail).exits(1);
    assert!(second.stderr.contains("tail: the source already runs under this checkpoint"), "{second}");
    stop(running);
    fs::create_dir_all(folder.path("in")).unwrap();
    folder.file("in/a", "a\n");
    folder.run("touch -d '1 minute ago' in/a").exits(0);
    let dir = "sstream-source dir in --available-now --checkpoint ck2 | sstream-sink files out/dir";
    folder.run(dir).exits(0);
    folder.file("in/b", "b");
    folder.run("touch -d '1 minute ago' in/b").exits(0);
    folder.run(dir).exits(0);
    folder.run(dir).exits(0);
    assert_eq!(committed(&folder, "out"), "a\nb\n1\n2\n3 done\n4\n5\n6\n");
}

#[test]
fn killed_in_the_middle_nothing_is_lost_or_doubled() {
    let folder = Folder::new();
    fs::create_dir(folder.path("out")).unwrap();
    let line = "sstream-source tail app.log --batch 10ms --max-rate 2000 --checkpoint ck | sstream-sink files out/part";
    let mut next = 0;
    let mut write = |count: u32| {
        let text: String = (next..next + count).map(|number| format!("line {number}\n")).collect();
        next += count;
        append(&folder, "app.log", &text);
        next
    };
    for round in 1..5 {
        let done = write(300);
        let mut pipeline = live::start_in(folder.clone(), line);
        pipeline.until("in the middle", |_| committed(&folder, "out").lines().count() as u32 > done - 200);
        write(100);
        rename(&folder, "app.log", &format!("app.log.{round}"));
        write(100);
        pipeline.until("over the rotation", |_| committed(&folder, "out").lines().count() as u32 > done + 50);
        pipeline.kill();
        write(50);
        // And once more while it is stopped.
        rename(&folder, "app.log", &format!("app.log.{round}0"));
        write(50);
    }
    let all = write(1);
    folder.run(&line.replace("tail", "tail --available-now")).exits(0);
    let want: String = (0..all).map(|number| format!("line {number}\n")).collect();
    assert_eq!(committed(&folder, "out"), want);
}

#[test]
fn what_is_gone_is_an_error_or_left_out() {
    let folder = Folder::new();
    let line = "sstream-source tail app.log --available-now --checkpoint ck --output text";
    folder.file("app.log", "1\n2\n");
    // Nothing was committed: all comes again.
    folder.run("sstream-source tail app.log --available-now --checkpoint ck >/dev/null").exits(0);
    fs::remove_file(folder.path("app.log")).unwrap();
    folder.file("app.log", "3\n");
    let ran = folder.run(line).exits(5);
    assert!(ran.stderr.contains("app.log, from byte 4 on: the file was removed"), "{ran}");
    let ran = folder.run(&format!("{line} --on-loss skip")).exits(0);
    assert!(ran.stderr.contains("app.log, bytes 0 to 4: gone, and left out") && ran.stdout == "3\n", "{ran}");
}

/// As root a file is unreadable only to a process that gave up the right to read all.
const UNPRIVILEGED: &str = "$([ $(id -u) = 0 ] && echo setpriv --bounding-set=-dac_override,-dac_read_search)";

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    folder.file("in/a", "a\n").file("in/b", "b\n").file("in/c", "c\n");
    folder.run("chmod 000 in/b && touch -d '1 minute ago' in/*").exits(0);
    for source in ["dir in", "tail 'in/*'"] {
        let line = format!("{UNPRIVILEGED} sstream-source {source} --checkpoint ck-${{RANDOM}} --available-now");
        let ran = folder.run(&format!("{line} | sstream-sink text")).exits(1);
        assert!(ran.stdout == "a\nc\n" && ran.stderr.contains("/in/b: Permission denied: left out; all else"), "{ran}");
    }
    // While it goes on, it is tried again.
    for source in ["dir in --scan 50ms", "tail 'in/*' --scan 50ms"] {
        folder.run("chmod 000 in/b").exits(0);
        let line = format!("exec {UNPRIVILEGED} sstream-source {source} --batch 50ms --output text");
        let mut source = live::start_in(folder.clone(), &line);
        source.until_holds("stdout", "c\n");
        source.until_holds("stderr", "/in/b: Permission denied: left out, and tried again");
        folder.run("chmod 644 in/b").exits(0);
        source.until_holds("stdout", "b\n");
        assert_eq!(source.stderr().matches("Permission denied").count(), 1, "{source}");
        stop(source);
    }
}

#[test]
fn packed_files_are_read_and_a_damaged_one_is_an_error() {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    folder
        .run("cd in && echo a | gzip >a.gz && seq 100000 | gzip >../all && head -c 50000 ../all >b.gz && echo c >c")
        .exits(0);
    folder.run("touch -d '1 minute ago' in/*").exits(0);
    for source in ["dir in", "tail 'in/*'"] {
        let ran = folder.run(&format!("sstream-source {source} --available-now --output text")).exits(1);
        assert!(ran.stdout.starts_with("a\n1\n2\n") && ran.stdout.contains("\nc\n"), "{ran}");
        assert!(ran.stderr.contains("/in/b.gz: packed, and cut off: left out; all else was taken"), "{ran}");
    }
}

#[test]
fn too_many_open_files_are_an_error_of_a_run_that_takes_what_is_there() {
    let folder = Folder::new();
    let line = "for n in $(seq 60); do echo $n >$n.log; done; ulimit -n 30; \
                sstream-source tail '*.log' --available-now --output text";
    let ran = folder.run(line).exits(1);
    assert!(ran.stdout.lines().count() > 3 && ran.stderr.contains("Too many open files: left out, and "), "{ran}");
}

#[test]
fn a_fifo_without_a_writer_holds_nobody() {
    let folder = Folder::new();
    folder.run("mkfifo fifo && echo x >a.log").exits(0);
    for line in ["tail fifo", "tail a.log fifo"] {
        folder.run(&format!("sstream-source {line}")).exits(2).says("/fifo: a FIFO, where tail takes regular files");
    }
    folder
        .run("sstream-source tail 'f*' a.log --available-now --output text")
        .exits(0)
        .prints("x\n")
        .says("/fifo: a FIFO: left out");
    folder.run("sstream-source replay fifo --checkpoint ck").exits(2).says("fifo cannot be read again after a restart");
    for line in ["queue fifo", "replay fifo"] {
        folder.run(&format!("sstream-source {line} --stop-after 100ms")).exits(0);
        let mut source = live::start_in(folder.clone(), &format!("exec sstream-source {line} --name n"));
        source.until("waiting", |source| is_open(source));
        stop(source);
    }
    for line in ["sstream-state count --initial fifo", "sstream-join --static fifo"] {
        let line = format!("exec {line} --input json </dev/null");
        folder.run(&format!("{line} --stop-after 100ms")).exits(1).says("stopped before all of it had come");
        let mut stage = live::start_in(folder.clone(), &line);
        stage.until("waiting", |stage| is_open(stage));
        stage.signal(Signal::TERM);
        stage.exits(1);
    }
    // With a writer all of them read it.
    let ran = folder.run("(sleep 0.2; echo '[1]' >fifo) & sstream-source queue fifo --output text").exits(0);
    assert_eq!(ran.stdout, "1\n");
    let ran = folder.run(
        "(echo '[\"a\",1]' >fifo) & echo '[\"a\",2]' | sstream-state sum --batch 1d --initial fifo --input json --output text",
    );
    ran.exits(0).prints("[\"a\",3]\n");
}

/// Whether the process has opened the FIFO, and waits.
fn is_open(process: &Live) -> bool {
    let fds = fs::read_dir(format!("/proc/{}/fd", process.id())).into_iter().flatten().flatten();
    fds.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|path| path.ends_with("fifo"))
}

#[test]
fn a_rotated_file_that_was_read_is_let_go_of_by_runs_from_cron() {
    let folder = Folder::new();
    let line = "sstream-source tail app.log --available-now --checkpoint ck --output text >>out";
    folder.file("app.log", "a1\n");
    folder.run(line).exits(0);
    append(&folder, "app.log", "a2\n");
    rename(&folder, "app.log", "app.log.1");
    folder.file("app.log", "b1\n");
    folder.run(line).exits(0);
    // It was read to its end after it was rotated; whoever packs or removes it takes nothing away.
    rename(&folder, "app.log.1", "app.log.2");
    folder.run("gzip app.log.2").exits(0);
    rename(&folder, "app.log", "app.log.1");
    folder.file("app.log", "c1\n");
    for _ in 0..3 {
        folder.run(line).exits(0);
    }
    fs::remove_file(folder.path("app.log.2.gz")).unwrap();
    fs::remove_file(folder.path("app.log.1")).unwrap();
    append(&folder, "app.log", "c2\n");
    folder.run(line).exits(0);
    assert_eq!(folder.read("out"), "a1\na2\nb1\nc1\nc2\n");
}
