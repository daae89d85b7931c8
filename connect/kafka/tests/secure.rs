//! TLS, and who may come in.

use crate::cluster::{shared, topic};

fn properties(mechanism: &str, password: &str) -> String {
    format!(
        "security.protocol=SASL_SSL\nsasl.mechanism={mechanism}\nsasl.username=alice\n# a secret\nsasl.password={password}\n"
    )
}

#[test]
fn tls_with_plain_and_scram() {
    let Some(cluster) = shared() else { return };
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        let (here, topic) = (cluster.folder(), topic("secure"));
        here.folder.file("client", properties(mechanism, "alice-secret"));
        let client = "--brokers $SECURE_BROKERS --properties client -X ssl.ca.location=$CA";
        here.run_with(&format!("sstream-sink kafka {client} --topic {topic}"), "a\nb\n").exits(0).says_nothing();
        here.run(&format!("sstream-source kafka {client} --topic {topic} --available-now --output text"))
            .exits(0)
            .says_nothing()
            .prints("a\nb\n");
    }
}

#[test]
fn who_is_not_let_in_is_told() {
    let Some(cluster) = shared() else { return };
    let here = cluster.folder();
    here.folder.file("client", properties("SCRAM-SHA-256", "wrong"));
    let client = "--brokers $SECURE_BROKERS --properties client -X ssl.ca.location=$CA --topic t";
    let refused = here.run_with(&format!("sstream-sink kafka {client}"), "a\n").exits(1);
    assert!(refused.stderr.contains("the broker did not let us in"), "{refused}");
    let refused = here.run(&format!("sstream-source kafka {client} --output text")).exits(1);
    assert!(refused.stderr.contains("the broker did not let us in"), "{refused}");
    here.run_with("sstream-sink kafka --brokers b:1 --topic t -X sasl.password=x", "")
        .exits(2)
        .says("every user of this machine can read a command line");
    let unknown = "--brokers $SECURE_BROKERS -X security.protocol=SSL --topic t --verbose";
    let refused = here.run(&format!("sstream-source kafka {unknown} --output text")).exits(1);
    assert!(refused.stderr.contains("certificate"), "{refused}");
}
