//! Events of several lines, and where records are from: with real files, clients and kills.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};

use rustix::process::Signal;

use crate::live::{self, Live, free_port, is_listening};
use crate::support::{Folder, Shell, shell};

fn append(folder: &Folder, name: &str, text: &str) {
    let text = text.replace("TIME", "2024-01-05T10:00:00.123456Z");
    let mut file = OpenOptions::new().create(true).append(true).open(folder.path(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Lines of all files of a sink, in order.
fn committed(folder: &Folder, dir: &str) -> String {
    let Ok(entries) = std::fs::read_dir(folder.path(dir)) else { return String::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'));
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn lines_of_any_tool_that_begins_a_pipeline_are_joined() {
    let log = "12:00:00 ERROR it failed\njava.lang.Error: no\n\tat a.B.c(B.java:3)\n12:00:01 INFO next\n";
    let events = "\"12:00:00 ERROR it failed\\njava.lang.Error: no\\n\\tat a.B.c(B.java:3)\"\n\"12:00:01 INFO next\"\n";
    for line in ["sstream-filter '' --multiline java", "sstream-source stdin --multiline java"] {
        Shell::new(&format!("{line} --output json")).stdin(log).run().exits(0).prints(events);
    }
    Shell::new("sstream-map . --input json --multiline-start '^\\{' --output json")
        .stdin("{\n \"a\": 1,\n \"b\": [2]\n}\n{\"a\": 3}\n")
        .run()
        .exits(0)
        .prints("{\"a\":1,\"b\":[2]}\n{\"a\":3}\n");
    Shell::new("sstream-filter . --multiline-start ^A --max-lines 2 --output text --on-error bad; cat bad")
        .stdin("A\n1\nA\n1\n2\n3\nA\n")
        .run()
        .exits(0)
        .says("1 bad record");
}

#[test]
fn an_event_to_which_nothing_comes_is_complete() {
    let line = "(printf 'a\\n b\\n'; sleep 3) | sstream-filter . --multiline-continue '^ ' --multiline-timeout 100ms \
         --batch 50ms --output text | (read -r a; read -r b; echo \"$a,$b\")";
    let mut live = live::start(line);
    live.until_holds("stdout", "a,b\n");
}

#[test]
fn options_that_do_not_go_together_are_wrong_usage() {
    for (line, says) in [
        ("sstream-filter . --max-lines 9 --input text", "--max-lines: there are no events of several lines: add"),
        ("sstream-filter . --multiline-start '(' --input text", "unclosed group"),
        (
            "sstream-filter . --multiline java --multiline-end x --input text",
            "--multiline java does not go with --multiline-end",
        ),
        (
            "sstream-filter . --multiline cri,java --multiline-end x --input text",
            "--multiline cri,java does not go with --multiline-end",
        ),
        (
            "sstream-filter . --multiline java,cri --input text",
            "--multiline java,cri: of two forms the first is cri or",
        ),
        ("sstream-filter . --multiline cri,docker --input text", "--multiline cri,docker: of two forms the first is"),
        ("sstream-filter . --multiline cri,go,java --input text", "--multiline cri,go,java: of two forms the first is"),
        ("sstream-filter . --multiline java --input csv", "the rows of csv say themselves where they end"),
        ("sstream-source rate 1 --multiline java", "--multiline: rate does not read lines of text"),
        ("sstream-source rate 1 --with host", "--with: rate does not read lines of text"),
        ("sstream-source listen 1 --with file", "--with file: this source does not know it"),
        ("sstream-source tail x --with client", "--with client: this source does not know it"),
    ] {
        shell(line).exits(2).says(says);
    }
    let ran = shell("echo a | sstream-filter . | sstream-filter . --multiline java");
    assert!(ran.stderr.contains("--multiline"), "{ran}");
}

fn source(arguments: &str) -> Live {
    live::start(&format!("exec sstream-source {arguments} --batch 50ms --output json --verbose"))
}

#[test]
fn events_of_clients_do_not_mix() {
    let port = free_port();
    let mut source = source(&format!("listen {port} --multiline-continue '^ ' --with client --multiline-timeout 1h"));
    source.until("listening", |_| is_listening(port));
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut one, mut two) = (connect(), connect());
    let name = |client: &TcpStream| client.local_addr().unwrap().to_string();
    let record =
        |client: &TcpStream, value: &str| format!("{{\"client\":\"{}\",\"value\":\"{value}\"}}\n", name(client));
    // That a line has come is seen by the one before it, which it completes.
    one.write_all(b"x\na\n").unwrap();
    source.until_holds("stdout", &record(&one, "x"));
    two.write_all(b"y\nb\n").unwrap();
    source.until_holds("stdout", &record(&two, "y"));
    one.write_all(b" 1\n").unwrap();
    two.write_all(b" 2\n").unwrap();
    one.write_all(b"end\n").unwrap();
    source.until_holds("stdout", &record(&one, "a\\n 1"));
    let last = record(&two, "b\\n 2");
    drop(two);
    source.until_holds("stdout", &last);
    // What was read cannot be read again: at a stop it is complete.
    source.signal(Signal::TERM);
    source.exits(0);
    assert!(source.stdout().ends_with(&record(&one, "end")), "{source}");
}

#[test]
fn datagrams_say_who_sent_them() {
    let mut source = source("udp 127.0.0.1:0 --with client,host --multiline-continue '^ ' --multiline-timeout 3s");
    source.until_holds("stderr", "receiving on 127.0.0.1:");
    let stderr = source.stderr();
    let port = stderr.split("receiving on 127.0.0.1:").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let host = shell("uname -n").stdout.trim().to_owned();
    let senders = [0; 2].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
    for (sender, text) in [(0, "a\n"), (1, "b"), (0, " 1"), (1, " 2")] {
        senders[sender].send_to(text.as_bytes(), format!("127.0.0.1:{port}")).unwrap();
    }
    for (sender, value) in [(0, "a\\n 1"), (1, "b\\n 2")] {
        let client = senders[sender].local_addr().unwrap();
        source
            .until_holds("stdout", &format!("{{\"client\":\"{client}\",\"host\":\"{host}\",\"value\":\"{value}\"}}\n"));
    }
}

#[test]
fn events_are_whole_over_kills_and_rotations() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("log")).unwrap();
    std::fs::create_dir(folder.path("out")).unwrap();
    let log = folder.path("log/a.log").display().to_string();
    let pipeline = "{ echo $BASHPID > pid; exec sstream-source tail 'log/*.log' --multiline cri --with file \
         --batch 50ms --checkpoint ck --multiline-timeout 1h; } | sstream-parse kubernetes | sstream-sink files out/part";
    let kill = "kill -9 $(cat pid)";
    append(&folder, "log/a.log", "TIME stdout F one\nTIME stdout P two ");
    let mut live = live::start_in(folder.clone(), pipeline);
    live.until("one", |_| committed(&folder, "out").contains("one"));
    append(&folder, "log/a.log", "begun \nTIME stdout P goes on ");
    folder.run(kill);
    live.exits(3);
    let mut live = live::start_in(folder.clone(), pipeline);
    append(&folder, "log/a.log", "here \nTIME stdout F and ends\nTIME stdout P three ");
    live.until("two", |_| committed(&folder, "out").contains("two begun goes on here and ends"));
    append(&folder, "log/a.log", "is split \n");
    std::fs::rename(folder.path("log/a.log"), folder.path("log/a.log.1")).unwrap();
    append(&folder, "log/a.log", "TIME stdout F by a rotation\nTIME stderr F four\n");
    live.until("four", |_| committed(&folder, "out").contains("four"));
    folder.run(kill);
    live.exits(3);
    let record = |(stream, text): (&str, &str)| {
        format!("{{\"file\":\"{log}\",\"time\":1704448800123,\"stream\":\"{stream}\",\"message\":\"{text}\"}}\n")
    };
    let all = [
        ("stdout", "one"),
        ("stdout", "two begun goes on here and ends"),
        ("stdout", "three is split by a rotation"),
        ("stderr", "four"),
    ];
    assert_eq!(committed(&folder, "out"), all.map(record).concat());
}

#[test]
fn stack_traces_of_containers_are_whole_over_kills_and_rotations() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("var/log/containers")).unwrap();
    std::fs::create_dir(folder.path("out")).unwrap();
    let name = "var/log/containers/shop-0_default_shop-1f2e.log";
    let log = folder.path(name).display().to_string();
    let pipeline = "{ echo $BASHPID > pid; exec sstream-source tail 'var/log/containers/*.log' --multiline cri,java \
         --with file --batch 50ms --checkpoint ck --multiline-timeout 1h; } | sstream-parse kubernetes \
         | sstream-sink files out/part";
    let kill = "kill -9 $(cat pid)";
    append(&folder, name, "TIME stdout F 10:00:00 INFO starts\nTIME stderr F 10:00:00 ERROR order 7 failed\n");
    append(
        &folder,
        name,
        "TIME stdout F 10:00:01 WARN slow\nTIME stderr F java.lang.IllegalStateException: no stock\n",
    );
    let mut live = live::start_in(folder.clone(), pipeline);
    live.until("the first", |_| committed(&folder, "out").contains("starts"));
    // The trace has begun, and lines of the other stream behind it were given.
    append(&folder, name, "TIME stderr P \tat shop.Stock");
    folder.run(kill);
    live.exits(3);
    append(&folder, name, ".take(Stock.java:31)\nTIME stdout F 10:00:02 INFO on\nTIME stderr F \n");
    std::fs::rename(folder.path(name), folder.path(&format!("{name}.20240105-100000"))).unwrap();
    append(&folder, name, "TIME stdout F 10:00:03 INFO and on\nTIME stderr F \tat shop.Order.place(Order.java:12)\n");
    let mut live = live::start_in(folder.clone(), pipeline);
    append(&folder, name, "TIME stderr F Caused by: java.io.IOException: gone\nTIME stderr F \t... 2 more\n");
    append(&folder, name, "TIME stderr F 10:00:04 INFO recovered\nTIME stdout F 10:00:05 INFO late\n");
    live.until("the trace", |_| committed(&folder, "out").contains("and on"));
    folder.run(kill);
    live.exits(3);
    let mut live = live::start_in(folder.clone(), pipeline);
    append(&folder, name, "TIME stdout F 10:00:06 INFO ends\n");
    append(&folder, name, "TIME stderr F 10:00:06 INFO ends\n");
    live.until("the last", |_| committed(&folder, "out").contains("late"));
    folder.run(kill);
    live.exits(3);
    let record = |(stream, text): (&str, &str)| {
        format!("{{\"file\":\"{log}\",\"time\":1704448800123,\"stream\":\"{stream}\",\"message\":\"{text}\"}}\n")
    };
    let trace = "10:00:00 ERROR order 7 failed\\njava.lang.IllegalStateException: no stock\\n\
         \\tat shop.Stock.take(Stock.java:31)\\n\\tat shop.Order.place(Order.java:12)\\n\
         Caused by: java.io.IOException: gone\\n\\t... 2 more";
    let all = [
        ("stdout", "10:00:00 INFO starts"),
        ("stderr", trace),
        ("stdout", "10:00:01 WARN slow"),
        ("stdout", "10:00:02 INFO on"),
        ("stdout", "10:00:03 INFO and on"),
        ("stderr", "10:00:04 INFO recovered"),
        ("stdout", "10:00:05 INFO late"),
    ];
    assert_eq!(committed(&folder, "out"), all.map(record).concat());
}
