//! TLS, and who may come in.

use std::time::Duration;

use sstream_testkit::shell::Folder;
use sstream_testkit::{certificates, wait_until};

use crate::server::{Server, is_possible, stop};

#[test]
fn tls_and_tokens() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    folder.file("token", "hush-hush\n").file("wrong", "wrong-one\n");
    let server = Server::start_in(&folder, "--cert cert.pem --key key.pem");
    let port = server.port;
    for (file, url) in [
        ("lines", format!("https://localhost:{port}/lines")),
        ("messages", format!("wss://localhost:{port}/messages")),
        ("events", format!("https://localhost:{port}/events --events")),
    ] {
        folder.file(file, "one\n");
        let line = format!(
            "sstream-source feed {url} --ca ca.pem --bearer-file token --batch 100ms --checkpoint ck-{file} | sstream-sink files out/{file}"
        );
        let pipeline = server.begin(&line);
        wait_until("it came", Duration::from_secs(30), || folder.run(&format!("cat out/{file}-*")).stdout == "one\n");
        let listed = folder.run("ps -eo args | grep -F //localhost | grep -vF grep").exits(0);
        assert!(!listed.stdout.contains("hush-hush"), "{listed}");
        stop(pipeline);
        folder.run(&format!("grep -rq hush-hush ck-{file} err")).exits(1);
        let refused = folder.run(&format!("sstream-source feed {url} --ca ca.pem --bearer-file wrong")).exits(1);
        assert!(refused.stderr.contains("401 Unauthorized") && !refused.stderr.contains("wrong-one"), "{refused}");
        let stranger = folder.run(&format!("sstream-source feed {url} --bearer-file token")).exits(1);
        assert!(stranger.stderr.contains("certificate"), "{stranger}");
    }
}
