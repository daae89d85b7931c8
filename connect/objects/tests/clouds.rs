//! Google Cloud Storage and Azure, by what stands in for them: fake-gcs-server, asked by curl, and Azurite, asked by Azure's
//! own library.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::free_port;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::server::{SCRIPT, has};

/// What is the same for both: `$U` is how URLs begin, `names` and `get` are the foreign client's.
fn check(folder: &Folder, before: &str) {
    let run = |line: &str| folder.run(&format!("{before} {line}"));
    let batches = "printf '[1,2]\\n[3]\\n' | sstream-source queue --batch 1s - | sstream-sink files $U/out/n log $E --retry-for 5s";
    run(&format!("{batches}; names; get out/")).exits(0).prints("out/n-1000.log 4\nout/n-2000.log 2\n1\n2\n3\n");
    // The same again finds itself, without a word.
    run(batches).exits(0).says_nothing();
    let again =
        "printf '[9]\\n' | sstream-source queue --batch 1s - | sstream-sink files $U/out/n log $E --retry-for 5s";
    let ran = run(again).exits(0);
    assert!(ran.stderr.contains("there was another one: replaced"), "{ran}");
    let source = "sstream-source dir $U/out $E --available-now --output text --retry-for 5s --checkpoint ck";
    let ran = run(&format!("{source} | sort")).exits(0);
    assert_eq!(ran.stdout, "3\n9\n", "{ran}");
    run(source).exits(0).says_nothing();
    // In parts, and read from the middle on.
    let large = "seq 3000000 >large; sstream-sink files $U/big/n $E --retry-for 5s --batch 1h <large; get big/ | cmp - large && \
                 sstream-source dir $U/big $E --available-now --output text --retry-for 5s | cmp - large && echo same";
    run(large).exits(0).prints("same\n");
}

fn wait_for(port: u16) {
    wait_until("the server listens", Duration::from_secs(60), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
}

#[test]
fn google_cloud_storage() {
    if !has("gs") {
        return;
    }
    let (folder, port, behind) = (Folder::new(), free_port(), free_port());
    let _server = Keeper::start(&folder, "gs", &format!("exec {SCRIPT} gs {behind}"));
    let _front = Keeper::start(&folder, "google", &format!("exec {SCRIPT} google {port} {behind}"));
    wait_for(behind);
    wait_for(port);
    let (url, api) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{behind}/storage/v1/b"));
    folder.file(
        "account.json",
        format!(
            r#"{{"gcs_base_url":"{url}","disable_oauth":true,"client_email":"","private_key":"","private_key_id":""}}"#
        ),
    );
    folder
        .run(&format!("curl -sf -H 'content-type: application/json' -d '{{\"name\":\"bkt\"}}' '{api}?project=x'"))
        .exits(0);
    let before = format!(
        "export GOOGLE_SERVICE_ACCOUNT=$PWD/account.json; U=gs://bkt; E='--endpoint {url}'; \
         list() {{ curl -sf '{api}/bkt/o?prefix='$1; }}; \
         names() {{ list out/ | jq -r '.items[] | \"\\(.name) \\(.size)\"'; }}; \
         get() {{ list $1 | jq -r '.items[].name | @uri' | while read -r name; do curl -sf '{api}/bkt/o/'$name'?alt=media'; done; }}; \
         put() {{ curl -sf --data-binary @- 'http://127.0.0.1:{behind}/upload/storage/v1/b/bkt/o?uploadType=media&name='$1 >/dev/null; }};"
    );
    let run = |line: &str| folder.run(&format!("{before} {line}"));
    run("seq 200000 | put in/a; seq 5 | gzip | put in/b.gz; echo x | put in/.hidden; echo x | put other").exits(0);
    let source = "sstream-source dir gs://bkt/in $E --available-now --output text --checkpoint other";
    let ran = run(&format!("{{ seq 200000; seq 5; }} >expected; {source} | cmp - expected && echo same")).exits(0);
    assert_eq!(ran.stdout, "same\n", "{ran}");
    run(source).exits(0).says_nothing();
    check(&folder, &before);
}

#[test]
fn azure() {
    if !has("az") {
        return;
    }
    let (folder, port) = (Folder::new(), free_port());
    let _keeper = Keeper::start(&folder, "az", &format!("exec {SCRIPT} az {port} data"));
    wait_for(port);
    folder.run(&format!("{SCRIPT} azure {port} make")).exits(0);
    check(
        &folder,
        &format!(
            "export AZURE_STORAGE_USE_EMULATOR=true AZURITE_BLOB_STORAGE_URL=http://127.0.0.1:{port}; U=az://bkt; E=; \
             names() {{ {SCRIPT} azure {port} list; }}; get() {{ {SCRIPT} azure {port} get $1; }};"
        ),
    );
}
