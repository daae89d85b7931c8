//! `sstream-learn`: its options, models in files and in checkpoints. What it computes is in the library's
//! tests and in those of conformance.

use super::support::{Folder, shell};

const POINTS: &str = "[[1],[9]]\n[]\n[[2],[3],[12]]\n";
const CLUSTERS: &str = "sstream-learn kmeans --centers '[[0],[10]]'";

#[test]
fn wrong_usage_says_what_is_right() {
    for (options, said) in [
        ("kmeans", "--centers JSON|--random DIM is missing"),
        ("kmeans --k 3 --centers '[[0],[1]]'", "--k 3: there are 2 --centers"),
        ("kmeans --centers '[[0],[1,2]]'", "have one length"),
        ("kmeans --random 2 --weights '[1]'", "2 clusters have one each"),
        ("kmeans --random 2 --by .", "add --emit before or after"),
        ("kmeans --centers '[[1]]' --seed 4", "does not go with --seed"),
        ("kmeans --centers '[[1]]' --decay 0.5 --half-life 3", "--decay does not go with --half-life"),
        ("kmeans --centers '[[1]]' --decay 1.5", "from 0 to 1"),
        ("linear", "--weights is missing"),
        ("linear --weights '[0]' --step 0", "above 0"),
        ("logistic --weights '[0]' --fraction 2", "1 at most"),
        ("test --method t", "did you mean student?"),
        ("predict", "--model is missing"),
        ("predict --model m --checkpoint-every 1s", "--checkpoint-every: no such option"),
    ] {
        shell(&format!("echo '[1]' | sstream-learn {options}")).exits(2).says(said);
    }
}

#[test]
fn models_that_cannot_be_read_are_told_with_their_line() {
    let folder = Folder::new();
    folder.file("in", POINTS).file("empty", "\n").file("clusters", "{\"centers\":[[1]],\"weights\":[1]}\n");
    let predict =
        |options: &str| folder.run(&format!("sstream-source queue in | sstream-learn predict --model {options}"));
    predict("nothing").exits(1).says("nothing: No such file");
    predict("in").exits(3).says("in, line 3: no model, which is an object with weights");
    predict("empty").exits(3).says("empty, line 1: no model, the file is empty");
    predict("clusters --as class").exits(3).says("leave --as out");
    predict("clusters --output json").exits(0).prints("0\n0\n0\n0\n0\n");
}

#[test]
fn a_model_is_read_again_when_it_has_changed() {
    let folder = Folder::new();
    folder.file("model", "{\"weights\":[3]}\n");
    let ran = folder.run(
        "touch out
         { echo '[[1]]'; until grep -q 3 out; do sleep 0.02; done
           echo '{\"weights\":[7]}' >new; mv new model; echo '[[1]]'; } |
           sstream-source queue - | sstream-learn predict --model model --output json > out
         cat out",
    );
    ran.exits(0).prints("3\n7\n");
}

#[test]
fn a_restart_goes_on_with_the_model_and_a_checkpoint_shows_it() {
    let folder = Folder::new();
    let line = format!("sstream-source queue in --checkpoint ck | {CLUSTERS} --stage-name model | sstream-sink text");
    folder.file("in", POINTS);
    folder.run(&line).exits(0);
    folder.file("in", format!("{POINTS}[[5]]\n"));
    folder.run(&line).exits(0).prints("{\"centers\":[[2.75],[10.5]],\"weights\":[4,2]}\n");
    folder
        .run("sstream-checkpoint state ck queue.model")
        .exits(0)
        .prints("{\"centers\":[[2.75],[10.5]],\"weights\":[4,2]}\n");
    folder
        .run("sstream-checkpoint state ck queue.model 3000")
        .exits(0)
        .prints("{\"centers\":[[2],[10.5]],\"weights\":[3,2]}\n");

    folder.file("groups", "[[true,1],[true,3],[false,2]]\n");
    folder
        .run("sstream-source queue groups --checkpoint test | sstream-learn test --stage-name t | sstream-sink text")
        .exits(0);
    let groups = "{\"group\":false,\"count\":1,\"mean\":2,\"variance\":0}\n{\"group\":true,\"count\":2,\"mean\":2,\"variance\":1}\n";
    folder.run("sstream-checkpoint state test queue.t").exits(0).prints(groups);
}

#[test]
fn explain_says_what_is_learnt_and_what_is_wrong() {
    let explained = |stage: &str| shell(&format!("sstream explain \"sstream-source rate 1 | {stage}\""));
    explained("sstream-learn kmeans --random 2 --half-life 3").exits(0);
    let ran = explained("sstream-learn test --window 5 --peace 2").exits(0);
    assert!(ran.stdout.contains("of the newest 5 batches; the first 2 do not count"), "{ran}");
    let ran = explained("sstream-learn kmeans --k 3 --centers '[[1]]'").exits(2);
    assert!(ran.stdout.contains("there are 1 --centers"), "{ran}");
}

#[test]
fn reg_of_linear_changes_nothing_as_in_spark_and_says_so() {
    let folder = Folder::new();
    folder.file("in", "[[4,[1]],[2,[1]]]\n");
    let learn = |options: &str| {
        let line = format!("sstream-source queue in | sstream-learn {options} --weights '[0]' --output json");
        folder.run(&line).exits(0)
    };
    let plain = learn("linear");
    let in_vain =
        learn("linear --reg 5").says("--reg changes nothing in linear, as in Spark: weights shrink by --ridge N");
    assert_eq!(plain.stdout, in_vain.stdout);
    assert_ne!(plain.stdout, learn("linear --ridge 0.5").stdout);
    shell("echo '[1,[1]]' | sstream-learn logistic --weights '[0]' --ridge 1").exits(2).says("--ridge");
    let explained = shell("sstream explain \"sstream-source rate 1 | sstream-learn linear --weights '[0]' --reg 1\"");
    assert!(explained.exits(0).stdout.contains("--reg changes nothing"));
}

#[test]
fn what_is_no_features_says_how_to_make_them() {
    for (line, options, said) in [
        ("[1, 2]", "", "--input json reads lines as JSON"),
        ("{}", "--input json", "no array of numbers but {}: --features EXPR makes features of a record"),
        ("{}", "--input json --features .x", "no array of numbers but null, made by --features"),
    ] {
        shell(&format!("echo '{line}' | sstream-learn kmeans --centers '[[0,0]]' {options}")).exits(4).says(said);
    }
}

#[test]
fn numbers_that_are_none_are_set_aside_with_their_reason() {
    let ran = Folder::new()
        .file("in", "[[1],[\"NaN\"],[null],[1,2],[1e999],7,[3]]\n")
        .run(&format!("sstream-source queue in | {CLUSTERS} --on-error bad --output json; cut -d, -f3 bad | sort"))
        .exits(0);
    let (model, reasons) = ran.stdout.split_once('\n').unwrap();
    assert_eq!(model, "{\"centers\":[[2.00000000000002],[1.99999999999998]],\"weights\":[1,1]}");
    assert_eq!(reasons.lines().count(), 5, "{ran}");
}
