//! What clients POST becomes records, and is answered when it is safe.

use std::time::Duration;

use sstream_testkit::shell::Folder;
use sstream_testkit::{certificates, wait_until};

use crate::support::{Intake, is_possible, records};

#[test]
fn bodies_become_records() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 200ms");
    for (arguments, answer) in [
        ("-H 'Content-Type: text/plain' -d $'a\\nb \"' $U/", "{\"records\":2}\n200"),
        ("-H 'Content-Type:' --data-binary $'no type\\r\\n' $U/", "{\"records\":1}\n200"),
        ("-H 'Content-Type: application/json' -d '{ \"n\": 1.50 }' $U/", "{\"records\":1}\n200"),
        ("-H 'Content-Type: application/x-ndjson' --data-binary $'1\\n[2]\\n' $U/", "{\"records\":2}\n200"),
        ("-d 'name=x+y&z=%C3%A9' $U/", "{\"records\":1}\n200"),
        ("-d '' -H 'Content-Type: text/plain' $U/", "{\"records\":0}\n200"),
    ] {
        intake.curl(arguments).exits(0).prints(answer);
    }
    folder.run("seq 3 | gzip >3.gz; seq 4 4 | zstd >4.zst").exits(0);
    intake
        .curl("-H 'Content-Encoding: gzip' -H 'Content-Type: application/x-ndjson' -T 3.gz $U/")
        .prints("{\"records\":3}\n200");
    intake.curl("-H 'Content-Encoding: zstd' -T 4.zst $U/").prints("{\"records\":1}\n200");
    let (records, _) = intake.stop();
    assert_eq!(
        records,
        [
            "\"a\"",
            "\"b \\\"\"",
            "\"no type\"",
            "{\"n\":1.50}",
            "1",
            "[2]",
            "{\"name\":\"x y\",\"z\":\"é\"}",
            "1",
            "2",
            "3",
            "\"4\""
        ]
    );
}

#[test]
fn what_is_refused_is_told_why() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.file("tokens", "one\ntwo\n").file("users", "ann:secret\n");
    folder.run("head -c 200000 /dev/zero | tr '\\0' a >large; gzip -k large").exits(0);
    let intake = Intake::start(
        &folder,
        "--bearer-file tokens --basic-file users --path /in --max-body 100KiB --batch 100ms --with user",
    );
    let ann = "-u ann:secret -H 'Content-Type: text/plain'";
    for (arguments, status, says) in [
        ("-d x $U/in".to_owned(), 401, "not with a token"),
        ("-u ann:wrong -d x $U/in".to_owned(), 401, "not with a token"),
        ("-H 'Authorization: Bearer three' -d x $U/in".to_owned(), 401, "not with a token"),
        (format!("{ann} -d x $U/other"), 404, "nothing is taken at this path"),
        (format!("{ann} $U/in"), 405, "POST records here"),
        ("-u ann:secret -H 'Content-Type: text/xml' -d x $U/in".to_owned(), 415, "Content-Type text/xml"),
        (format!("{ann} -H 'Content-Encoding: br' -d x $U/in"), 415, "taken are gzip, zstd"),
        (format!("{ann} -H 'Expect:' -T large $U/in"), 413, "larger than --max-body 100KiB"),
        (format!("{ann} -H 'Transfer-Encoding: chunked' -T large $U/in"), 413, "larger than --max-body 100KiB"),
        (format!("{ann} -H 'Content-Encoding: gzip' -T large.gz $U/in"), 413, "larger than --max-body 100KiB"),
        (format!("{ann} -H 'Content-Encoding: gzip' -d x $U/in"), 400, "cannot be unpacked"),
        (
            "-u ann:secret -H 'Content-Type: application/x-ndjson' --data-binary $'1\\n{\\n' $U/in".to_owned(),
            400,
            "not JSON",
        ),
        (format!("{ann} -d taken $U/in"), 200, "{\"records\":1}"),
        (
            "-H 'Authorization: Bearer two' -H 'Content-Type: text/plain' -d 'taken too' $U/in".to_owned(),
            200,
            "{\"records\":1}",
        ),
    ] {
        let answer = intake.curl(&arguments);
        assert!(
            answer.stdout.ends_with(&status.to_string()) && answer.stdout.contains(says),
            "{status} {says}: {answer}"
        );
    }
    let challenge = intake.curl("-D- -o/dev/null -d x $U/in").stdout;
    assert!(challenge.to_lowercase().contains("www-authenticate: bearer realm"), "{challenge}");
    let processes = folder.run("ps -ef | grep -c '[s]ecret'; cat err").stdout;
    assert_eq!(processes, "0\n", "a secret is seen");
    let (records, _) = intake.stop();
    assert_eq!(records, ["{\"user\":\"ann\",\"value\":\"taken\"}", "{\"user\":null,\"value\":\"taken too\"}"]);
}

#[test]
fn bad_records_are_set_aside_where_that_is_wished() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 100ms --partly --on-error bad --body ndjson");
    intake.curl("--data-binary $'1\\n{\\n3\\n' $U/").prints("{\"records\":2}\n200");
    let (records, _) = intake.stop();
    assert_eq!(records, ["1", "3"]);
    assert!(folder.read("bad").contains("\"record\":\"{\""), "{}", folder.read("bad"));
}

/// Pages in a browser can send to the loopback address too.
#[test]
fn pages_of_others_are_refused() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "");
    let answer = intake.curl("-H 'Origin: http://evil.example' -H 'Content-Type: text/plain' -d x $U/").stdout;
    assert!(answer.ends_with("403"), "{answer}");
}

/// Under a checkpoint the answer waits for the disk and not for the batch's end, which is a
/// minute away; a kill right after it loses nothing.
#[test]
fn answered_is_safe() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir out").exits(0);
    let line = "sstream-source http $PORT --checkpoint ck --batch 1m 2>>err | sstream-sink files out/part";
    let intake = Intake::start_line(&folder, line);
    intake.curl("-H 'Content-Type: text/plain' -d one $U/").prints("{\"records\":1}\n200");
    intake.pipeline().signal_all(rustix::process::Signal::KILL);
    drop(intake);
    let again = Intake::start_line(&folder, line);
    again.curl("-H 'Content-Type: text/plain' -d two $U/").prints("{\"records\":1}\n200");
    again.stop();
    folder.run("cat out/part-*").prints("one\ntwo\n");
}

#[test]
fn without_a_checkpoint_the_answer_waits_for_the_batch() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 1s --block-interval 10ms");
    intake.curl("-H 'Content-Type: text/plain' -d one $U/").prints("{\"records\":1}\n200");
    let out = folder.read("out");
    assert!(records(&out) == ["\"one\""], "{out}");
    let place = out.lines().position(|line| line == "\"one\"").unwrap();
    assert!(out.lines().skip(place).any(|line| line.starts_with("{\"end\":")), "{out}");
}

/// What waits at a stop is taken, and answered; who comes later is told to come again.
#[test]
fn a_stop_answers_who_waits() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 1h");
    let url = intake.url.clone();
    let waiting = {
        let folder = folder.path("answer");
        std::thread::spawn(move || {
            let line = format!(
                "curl -sS -w '%{{http_code}}' -H 'Content-Type: text/plain' -d one {url}/ >{}",
                folder.display()
            );
            std::process::Command::new("bash").args(["-c", &line]).status().unwrap()
        })
    };
    wait_until("it is taken", Duration::from_secs(30), || folder.read("out").contains("\"one\""));
    let (records, _) = intake.stop();
    assert!(waiting.join().unwrap().success());
    assert_eq!((records, folder.read("answer")), (vec!["\"one\"".to_owned()], "{\"records\":1}\n200".to_owned()));
}

#[test]
fn tls() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    let intake = Intake::start(&folder, "--batch 100ms --tls-cert cert.pem --tls-key key.pem");
    let port = intake.port;
    intake
        .curl(&format!("--cacert ca.pem -H 'Content-Type: text/plain' -d x https://localhost:{port}/"))
        .prints("{\"records\":1}\n200");
    let plain = intake.curl(&format!("-d x http://localhost:{port}/"));
    assert!(plain.code() != Some(0), "{plain}");
}
