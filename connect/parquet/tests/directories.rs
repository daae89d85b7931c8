//! Batches as directories, in the layout of Spark.

use sstream_testkit::shell::Folder;

use crate::support::{files, is_possible, is_tidy, peer, write};

/// All that `out` has, but for what is under way.
fn found(folder: &Folder) -> String {
    folder.run("find out -type f -not -path '*/.*' | sort").exits(0).stdout
}

#[test]
fn a_batch_is_a_directory_which_is_replaced_as_a_whole() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    // A key that is no column has a further file, as it has in the other layout.
    let batches = "[]\n[{\"n\":1},{\"n\":2,\"s\":\"a\"}]\n[]\n";
    let options = "--layout spark --on-new-column add --schema schema --prefix hits";
    folder.file("schema", "message m { optional int64 n; }");
    write(&folder, batches, options).exits(0).says_nothing();
    let files_of = |time: u32, parts: &[&str]| {
        let parts = parts.iter().map(|part| format!("out/hits-{time}/part-{part}.zstd.parquet\n"));
        format!("out/hits-{time}/_SUCCESS\n{}", parts.collect::<String>())
    };
    let all = [files_of(1000, &["00000"]), files_of(2000, &["00000", "00001"]), files_of(3000, &["00000"])].concat();
    assert_eq!(found(&folder), all);
    assert_eq!(peer(&folder, "numbers out n"), "2 2 1 2\n");
    // Once more, with fewer parts.
    write(&folder, "[]\n[{\"n\":7}]\n", "--layout spark --schema schema --prefix hits --compression none")
        .exits(0)
        .says_nothing();
    let plain = |time: u32| format!("out/hits-{time}/_SUCCESS\nout/hits-{time}/part-00000.parquet\n");
    assert_eq!(found(&folder), [plain(1000), plain(2000), files_of(3000, &["00000"])].concat());
    assert_eq!(peer(&folder, "numbers out n"), "1 1 7 7\n");
    assert!(is_tidy(&folder));
}

#[test]
fn partitions_and_groups_of_batches_are_in_directories() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"n\":1},{\"n\":2}]\n[{\"n\":3}]\n[]\n[{\"n\":4}]\n";
    write(&folder, batches, "--layout spark --partition 'of={.n % 2}' --every 3s").exits(0).says_nothing();
    let names = ["part-1000/of=0/part-00000", "part-1000/of=1/part-00000", "part-4000/of=0/part-00000"];
    assert_eq!(files(&folder), names.map(|name| format!("{name}.zstd.parquet")));
    assert_eq!(folder.run("find out -name _SUCCESS | sort").stdout, "out/part-1000/_SUCCESS\nout/part-4000/_SUCCESS\n");
    assert!(is_tidy(&folder));
}

#[test]
fn a_directory_that_no_batch_has_made_stays() {
    let folder = Folder::new();
    folder.run("mkdir -p out/part-1000; echo mine >out/part-1000/mine").exits(0);
    write(&folder, "[{\"n\":1}]\n", "--layout spark").exits(1).says("no batch's");
    assert_eq!(folder.read("out/part-1000/mine"), "mine\n");
}
