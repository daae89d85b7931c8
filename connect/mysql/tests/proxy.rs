//! A connection that is cut in COMMIT: the table says whether it did.

use sstream_testkit::proxy::cut_at;

use crate::support::{Server, is_possible};

#[test]
fn a_connection_that_is_cut_in_commit() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask("create table t(n int)");
    for (hands_on, checkpoint) in [(false, ""), (true, ""), (false, "--checkpoint ck1"), (true, "--checkpoint ck2")] {
        server.ask("delete from t");
        server.folder.file("batches", "[{\"n\":1},{\"n\":2}]\n[{\"n\":3}]\n");
        let port = cut_at(b"\x03commit", server.port, hands_on);
        let line = format!(
            "sstream-source queue batches --batch 1s {checkpoint} | sstream-sink mysql \
             'mysql://app@127.0.0.1:{port}/app?ssl-mode=DISABLED' --password-file pw --table t"
        );
        let ran = server.folder.run(&line).exits(0);
        assert!(ran.stderr.contains("trying again") && ran.stderr.contains("goes on"), "{ran}");
        assert_eq!(server.ask("select * from t order by n"), "1\n2\n3\n", "{hands_on} {checkpoint}: {ran}");
    }
}
