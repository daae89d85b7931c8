//! The source against a real S3 server.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::server::{S3, has_s3};

#[test]
fn objects_are_read_as_dir_reads_files() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server
        .run(
            "printf '1\\n2' | client put bkt in/a; seq 3 4 | client put bkt in/b; seq 5 6 | gzip | client put bkt in/c.gz; \
             printf '7\\r\\n' | client put bkt 'in/d e+ü%.txt'; echo 8 | client put bkt in/deep/x; echo 9 | client put bkt in/.hidden; \
             echo 9 | client put bkt in/x.tmp; printf '' | client put bkt in/empty; printf '' | client put bkt in/folder/; \
             printf 'x,y\\n1,2\\n' | client put bkt csv/1; printf 'y,x\\n3,4\\n' | client put bkt csv/2; \
             printf '{\"a\":1}\\n{\"a\":' | client put bkt json/x",
        )
        .exits(0);
    let source = |options: &str| server.run(&format!("sstream-source dir {options} $E --available-now --output text"));
    let mut lines: Vec<String> =
        source("s3://bkt/in").exits(0).says_nothing().stdout.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["1", "2", "3", "4", "5", "6", "7"]);
    source("'s3://bkt/in/[ab]' s3://bkt/in/deep").exits(0).prints("1\n2\n3\n4\n8\n");
    source("'s3://bkt/**/x'").exits(0).prints("8\n{\"a\":1}\n{\"a\":\n");
    source("s3://bkt/csv --input csv --with file,line").exits(0).prints(
        "{\"file\":\"s3://bkt/csv/1\",\"line\":2,\"value\":{\"x\":\"1\",\"y\":\"2\"}}\n\
         {\"file\":\"s3://bkt/csv/2\",\"line\":2,\"value\":{\"y\":\"3\",\"x\":\"4\"}}\n",
    );
    let bad = source("s3://bkt/json --input json --on-error bad").exits(0);
    assert!(bad.stdout == "{\"a\":1}\n" && server.folder.read("bad").contains("\"a\\\":"), "{bad}");
    let nothing = source("s3://bkt/none").exits(0);
    assert!(nothing.stderr.contains("is the URL right?"), "{nothing}");
}

#[test]
fn wrong_command_lines_and_strangers_are_told() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    for (line, code, says) in [
        ("sstream-source dir s3://bkt/in local $E", 2, "URLs or local paths"),
        ("sstream-source dir s3://bkt/in s3://other/in $E", 2, "one bucket"),
        ("sstream-source dir s3://bkt/in --checkpoint s3://bkt/ck $E", 2, "a directory of this machine"),
        ("SSTREAM_CHECKPOINT=hdfs://h/ck sstream-source dir s3://bkt/in $E", 2, "a directory of this machine"),
        ("sstream-source dir hdfs://h/in --region x", 2, "--region is not for hdfs://"),
        ("sstream-source dir s3://bkt/in --endpoint http://a:hunter2@h", 2, "comes from the environment"),
        ("sstream-source dir s3://bkt/in", 2, "which region?"),
        ("sstream-source dir s3://nosuch/in $E", 1, "NoSuchBucket"),
        ("AWS_SECRET_ACCESS_KEY=hunter2 sstream-source dir s3://bkt/in $E", 1, "SignatureDoesNotMatch"),
        ("unset AWS_ACCESS_KEY_ID; HOME=$PWD sstream-source dir s3://bkt/in $E", 1, "no credentials"),
    ] {
        let ran = server.run(line).exits(code);
        assert!(ran.stderr.contains(says) && ran.stderr.lines().count() == 1, "{line}: {ran}");
        assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"), "{ran}");
        assert!(!ran.stderr.contains("secret-of-tests"), "{ran}");
    }
    let lean = "mkdir lean && for tool in source sink; do cp $(command -v sstream-$tool) lean; done; PATH=/usr/bin:/bin:$PWD/lean";
    for line in ["sstream-source dir s3://bkt/in", "sstream-sink files s3://bkt/out </dev/null"] {
        let ran = server.run(&format!("rm -rf lean; {lean} {line}")).exits(2);
        assert!(ran.stderr.contains("make install CONNECT=objects brings it"), "{ran}");
    }
}

#[test]
fn credentials_come_from_a_profile_too_and_are_in_no_process_list() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.run("echo x | client put bkt in/a; mkdir .aws").exits(0);
    let keys = "[mine]\naws_access_key_id = AKTEST\naws_secret_access_key = secret-of-tests\n";
    server.folder.file(".aws/credentials", keys);
    let nobody = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; export HOME=$PWD;";
    let source = "sstream-source dir s3://bkt/in $E --available-now --output text";
    server.run(&format!("{nobody} {source} --profile mine")).exits(0).prints("x\n");
    server.run(&format!("{nobody} AWS_PROFILE=mine {source}")).exits(0).prints("x\n");
    // Not in a head, nor in a checkpoint, nor in what a process is called with.
    server.run("sstream-source dir s3://bkt/in $E --available-now --checkpoint ck >frames").exits(0);
    assert!(server.run("grep -ra secret-of-tests frames ck").code() == Some(1));
}

#[test]
fn tls_believes_whom_ca_says() {
    if !has_s3() {
        return;
    }
    let server = S3::start_with(true);
    server.run("echo x | client put bkt in/a").exits(0);
    let source = "sstream-source dir s3://bkt/in $E --available-now --output text";
    server.run(&format!("{source} --ca ca.pem")).exits(0).prints("x\n");
    let stranger = server.run(source).exits(1);
    assert!(stranger.stderr.contains("certificate"), "{stranger}");
    server.run("echo y | sstream-sink files s3://bkt/out/n $E --ca ca.pem; client get bkt out/").exits(0).prints("y\n");
}

#[test]
fn pages_and_what_comes_while_it_runs_and_a_restart_goes_on() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.run("client many bkt in/ 1100").exits(0);
    let line =
        "sstream-source dir s3://bkt/in $E --scan 200ms --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let lines = || server.folder.run("cat out/* 2>/dev/null").stdout.lines().count();
    let until = |count: usize| wait_until("all came", Duration::from_secs(60), || lines() >= count);
    for round in 0..2 {
        let mut pipeline = server.begin(line);
        until(1100 + 2 * round);
        let name = format!("in/new{round}");
        server.run(&format!("echo new{round} | client put bkt {name}")).exits(0);
        until(1101 + 2 * round);
        // The same name with another content is another object.
        server.run(&format!("echo other{round} | client put bkt {name}")).exits(0);
        until(1102 + 2 * round);
        pipeline.signal_sources(rustix::process::Signal::TERM);
        assert!(pipeline.wait(Duration::from_secs(30)).is_some());
    }
    assert_eq!(server.folder.run("cat out/* | sort -u | wc -l").stdout.trim(), "1104");
    assert_eq!(lines(), 1104);
}

#[test]
fn new_only_leaves_what_is_there() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.run("echo old | client put bkt in/old").exits(0);
    let line = "sstream-source dir s3://bkt/in $E --new-only --scan 100ms --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let mut pipeline = server.begin(line);
    wait_until("the first look", Duration::from_secs(30), || {
        !server.run("sstream-checkpoint show ck").stdout.is_empty()
    });
    // The look that leaves it has a position that is kept: after that batch a new one is taken.
    std::thread::sleep(Duration::from_millis(1500));
    server.run("echo new | client put bkt in/new").exits(0);
    wait_until("it came", Duration::from_secs(30), || !server.folder.run("cat out/*").stdout.is_empty());
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some());
    server.run("sstream-source dir s3://bkt/in $E --new-only --available-now --batch 100ms --checkpoint ck | sstream-sink files out/part; cat out/*").exits(0).prints("new\n");
}

#[test]
fn explain_says_what_the_connector_would_do() {
    sstream_testkit::shell::explains(
        "sstream-source --batch 5s dir s3://b/in --endpoint http://h --checkpoint ck | sstream-sink files hdfs://h/out/n",
        0,
        &[
            "cuts its input into batches of 5s",
            "read again from the objects, which must stay there until then",
            "writes an object a batch, whole or not there",
            "each record counts exactly once, by the name of its batch",
        ],
    );
    sstream_testkit::shell::explains("sstream-source dir s3://b/in gs://b/in", 2, &["one source reads of one bucket"]);
}
