use std::path::Path;

use super::*;
use crate::cli::filter::FilterTool;
use crate::cli::source::SourceTool;
use crate::cli::window::WindowTool;
use crate::cli::{command, tools};

/// A line with what a file says.
fn expanded(command: &Command, file: &str, line: &str) -> Result<String, String> {
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let matches = command.clone().ignore_errors(true).try_get_matches_from(&words).unwrap();
    let file = ConfigFile::parse(Path::new("app.toml"), file.to_owned())?;
    check_sections(command, &file)?;
    let expanded = insert(command, &matches, &file, words)?;
    Ok(expanded.words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" "))
}

#[test]
fn options_become_words_behind_the_kind() {
    let source = command::<SourceTool>();
    let file =
        "[source]\nbatch = '5s'\nno-trace = true\nverbose = false\n[source.tail]\npath = ['a', 'b c']\nbatch = '2s'\n";
    assert_eq!(
        expanded(&source, file, "sstream-source tail").unwrap(),
        "sstream-source tail --no-trace --batch=2s -- a b c"
    );
    assert_eq!(
        expanded(&source, file, "sstream-source --name tail tail x").unwrap(),
        "sstream-source --name tail tail --no-trace --batch=2s x"
    );
    assert_eq!(expanded(&source, file, "sstream-source stdin").unwrap(), "sstream-source stdin --batch=5s --no-trace");
    assert_eq!(
        expanded(&source, file, "sstream-source --batch 1s stdin").unwrap(),
        "sstream-source --batch 1s stdin --no-trace"
    );
}

#[test]
fn what_the_line_says_excludes_what_does_not_go_with_it() {
    let filter = command::<FilterTool>();
    let file = "[filter]\nexpr = '.a > 1'\ninvert-match = true\n";
    assert_eq!(expanded(&filter, file, "sstream-filter").unwrap(), "sstream-filter --expr=.a > 1 --invert-match");
    assert_eq!(expanded(&filter, file, "sstream-filter ERROR").unwrap(), "sstream-filter --invert-match ERROR");
    let file = "[filter]\nignore-case = true\npattern = 'x'\n";
    assert_eq!(expanded(&filter, file, "sstream-filter --expr .a").unwrap(), "sstream-filter --expr .a");
    let window = command::<WindowTool>();
    let file = "[window]\nlen = '30s'\nslide = '10s'\n";
    assert_eq!(expanded(&window, file, "sstream-window").unwrap(), "sstream-window -- 30s 10s");
    assert_eq!(expanded(&window, file, "sstream-window 1m").unwrap(), "sstream-window 1m");
}

#[test]
fn what_is_wrong_is_said_with_place_and_what_is_near() {
    let filter = command::<FilterTool>();
    for (file, says) in [
        (
            "[filter]\nignore-cas = true",
            "app.toml:2: ignore-cas: sstream-filter has no such option, did you mean ignore-case?",
        ),
        ("[filtr]\nx = 1", "app.toml:1: [filtr] is no tool, did you mean [filter]?"),
        ("[filter.x]\n", "app.toml:1: [filter.x]: sstream-filter has no kinds"),
        ("[filter]\nignore-case = 'x'", "app.toml:2: ignore-case: is true or false"),
        ("[filter]\nexpr = true", "app.toml:2: expr: needs a value"),
        ("[filter]\nexpr = ['a', 'b']", "app.toml:2: expr: takes one value, not 2"),
    ] {
        let error = expanded(&filter, file, "sstream-filter x").unwrap_err();
        assert!(error.starts_with(says), "{error}");
    }
    let error = expanded(&command::<SourceTool>(), "[source.tial]\n", "sstream-source stdin").unwrap_err();
    assert_eq!(error, "app.toml:1: [source.tial]: no such kind, did you mean tail?");
    let all: Vec<String> = tools::all().iter().map(|tool| tool.command.get_name().replace("sstream-", "")).collect();
    assert_eq!(all, TOOLS);
    assert!(expanded(&filter, "[source.mine]\nx = 1\n[sql]\nquery = 's'", "sstream-filter x").is_ok());
}

#[test]
fn every_option_of_every_tool_has_a_name_of_its_own_in_a_file() {
    for tool in tools::all() {
        let mut command = tool.command.clone();
        command.build();
        let own: Vec<&Arg> = command.get_arguments().collect();
        let kinds = command.get_subcommands().map(|kind| kind.get_arguments().chain(own.iter().copied()).collect());
        for arguments in kinds.chain([own.clone()]) {
            let arguments: Vec<&Arg> = arguments;
            let mut names: Vec<(String, &str)> =
                arguments.iter().filter_map(|one| Some((key_of(one)?, one.get_id().as_str()))).collect();
            names.sort();
            names.dedup();
            let twice = names.windows(2).find(|pair| pair[0].0 == pair[1].0);
            assert!(twice.is_none(), "{}: {twice:?}", command.get_name());
        }
    }
}
