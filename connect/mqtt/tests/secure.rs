//! TLS, and who may come in.

use sstream_testkit::certificates;
use sstream_testkit::needs::free_port;

use crate::broker::{Broker, is_possible, stop};

#[test]
fn tls_and_passwords() {
    if !is_possible() {
        return;
    }
    let port = free_port();
    let broker = Broker::start();
    let folder = &broker.folder;
    certificates(folder);
    folder.run("mosquitto_passwd -c -b passwords ann secret").exits(0);
    folder.file(
        "secure.conf",
        format!(
            "listener {port} 127.0.0.1\nuser root\ncafile ca.pem\ncertfile cert.pem\nkeyfile key.pem\nallow_anonymous false\npassword_file passwords\n"
        ),
    );
    let _secure = broker.begin("PATH=$PATH:/usr/sbin exec mosquitto -c secure.conf");
    sstream_testkit::wait_until("it listens", std::time::Duration::from_secs(30), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    folder.file("user", "ann:secret\n").file("wrong", "ann:wrong\n");
    for version in ["3.1.1", "5"] {
        let sink = |options: &str| {
            folder.run(&format!(
                "echo x | sstream-sink mqtt mqtts://localhost:{port} --mqtt-version {version} --topic '\"t\"' --retained {options}"
            ))
        };
        sink("--ca ca.pem --user-file user").exits(0).says_nothing();
        let refused = sink("--ca ca.pem --user-file wrong").exits(1);
        assert!(refused.stderr.contains("--user-file") && !refused.stderr.contains("ann:wrong"), "{refused}");
        let stranger = sink("--user-file user").exits(1);
        assert!(stranger.stderr.contains("certificate"), "{stranger}");
        folder
            .run(&format!(
                "mkdir out{version}; sstream-source mqtt mqtts://localhost:{port} --mqtt-version {version} --topic t --ca ca.pem --user-file user \
                 --idle-timeout 2s --batch 100ms --output text"
            ))
            .exits(0)
            .prints("x\n");
        // Nothing secret stays in a checkpoint, and nobody sees it in the list of processes.
        let line = format!(
            "mkdir out{version}; sstream-source mqtt mqtts://localhost:{port} --mqtt-version {version} --topic t --ca ca.pem --user-file user \
             --checkpoint ck{version} --batch 100ms | sstream-sink files out{version}/part"
        );
        let pipeline = broker.begin(&line);
        sstream_testkit::wait_until("it came", std::time::Duration::from_secs(30), || {
            folder.run(&format!("cat out{version}/part-*")).stdout == "x\n"
        });
        let listed = folder.run("ps -eo args | grep -F mqtts://localhost | grep -vF grep").exits(0);
        assert!(!listed.stdout.contains("ann:secret"), "{listed}");
        stop(pipeline);
        folder.run(&format!("grep -rq secret ck{version}")).exits(1);
        let refused = folder
            .run(&format!(
                "sstream-source mqtt mqtts://localhost:{port} --mqtt-version {version} --topic t --ca ca.pem --user-file wrong --output text"
            ))
            .exits(1);
        assert!(refused.stderr.contains("--user-file"), "{refused}");
    }
}
