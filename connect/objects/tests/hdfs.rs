//! Source and sink against a real NameNode and DataNode, with curl (WebHDFS) as the foreign client.

use sstream_testkit::hdfs::Hdfs;

use crate::server::has_hdfs;

#[test]
fn files_of_hdfs_are_read_and_written_as_local_ones_are() {
    if !has_hdfs() {
        return;
    }
    let server = Hdfs::start();
    server.run("seq 100000 | put a && seq 100001 200000 | gzip | put b.gz && printf last | put c").exits(0);
    let source = "sstream-source dir $H/in --available-now --checkpoint ck --batch 100ms";
    let ran = server.run(&format!("{source} | sstream-sink files $H/out/n txt; get out | md5sum; names out")).exits(0);
    let expected = server.run("{ seq 200000; echo last; } | md5sum").stdout;
    assert!(ran.stdout.starts_with(&expected), "{ran}");
    assert!(ran.stdout.lines().skip(1).all(|name| name.starts_with("n-") && name.ends_with(".txt")), "{ran}");
    // A batch again replaces itself; a file that is there already is replaced.
    let batch = "printf '[1]\\n' | sstream-source queue --batch 1s - | sstream-sink files $H/out/again";
    server.run(&format!("{batch}; {batch}; curl -sfL \"$W/out/again-1000?op=OPEN\"")).exits(0).prints("1\n");
    for (line, code, says) in [
        (
            "printf '[1]\\n' | sstream-source queue --batch 1s - | sstream-sink files $H/none/x",
            1,
            "there is no such folder",
        ),
        ("sstream-source dir $H/none --available-now", 0, "is the URL right?"),
        ("sstream-source dir hdfs://127.0.0.1:1/in --retry-for 1s", 1, "given up"),
    ] {
        let ran = server.run(line).exits(code);
        assert!(ran.stderr.contains(says), "{ran}");
    }
}
