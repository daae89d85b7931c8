//! URLs where files are named: `sstream-source dir s3://bucket/in` is `sstream-source objects s3://bucket/in`, and so
//! for `sstream-sink files`. A store of objects is a connector's, so that whoever has local files pays nothing for it.

use std::ffi::OsStr;

use clap::Command;

/// The kind that URLs are given to.
pub const KIND: &str = "objects";

/// How the URLs begin that it takes.
pub const SCHEMES: [&str; 4] = ["s3://", "gs://", "az://", "hdfs://"];

/// Whether a word is such a URL.
pub fn is_url(word: &OsStr) -> bool {
    SCHEMES.iter().any(|scheme| word.as_encoded_bytes().starts_with(scheme.as_bytes()))
}

/// The word of a tool's command line that is to be [`KIND`], so that the connector takes it: where the kind `of_files`
/// names URLs in their place.
pub fn place<S: AsRef<OsStr>>(command: &Command, of_files: Option<&str>, words: &[S]) -> Option<usize> {
    let of_files = of_files?;
    let place = place_of_kind(command, words)?;
    let names_urls = words[place..].iter().any(|word| is_url(word.as_ref()));
    (words[place].as_ref() == of_files && names_urls).then_some(place)
}

/// The first word that is no option, and no option's value.
fn place_of_kind<S: AsRef<OsStr>>(command: &Command, words: &[S]) -> Option<usize> {
    let mut place = 1;
    while let Some(word) = words.get(place) {
        let word = word.as_ref().to_string_lossy();
        if !word.starts_with('-') {
            return Some(place);
        }
        place += 1 + usize::from(takes_next(command, &word));
    }
    None
}

/// Whether the word behind an option is its value.
fn takes_next(command: &Command, word: &str) -> bool {
    let option = match word.strip_prefix("--") {
        Some(long) if long.contains('=') => return false,
        Some(long) => command.get_arguments().find(|option| {
            option.get_long() == Some(long) || option.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
        }),
        // Of several letters in one word the last one may have a value.
        None => command.get_arguments().find(|option| option.get_short() == word.chars().next_back()),
    };
    option.is_some_and(|option| option.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sink::SinkTool;
    use crate::cli::source::SourceTool;
    use crate::cli::{Tool, command};

    fn handed<T: Tool>(line: &str) -> String {
        let mut words: Vec<&str> = line.split(' ').collect();
        if let Some(place) = place(&command::<T>(), T::KIND_OF_FILES, &words) {
            words[place] = KIND;
        }
        words.join(" ")
    }

    #[test]
    fn urls_of_dir_and_files_are_the_connector_s() {
        for (line, becomes) in [
            ("x dir s3://b/in", "x objects s3://b/in"),
            (
                "x --batch 1s -q dir --endpoint http://h gs://b/in",
                "x --batch 1s -q objects --endpoint http://h gs://b/in",
            ),
            ("x --batch=1s dir in hdfs://h/in", "x --batch=1s objects in hdfs://h/in"),
            ("x --name dir dir az://b/in", "x --name dir objects az://b/in"),
            ("x dir --name dir s3://b/in", "x objects --name dir s3://b/in"),
            ("x dir in", "x dir in"),
            ("x dir https://h/in", "x dir https://h/in"),
            ("x exec dir s3://b/in", "x exec dir s3://b/in"),
            ("x", "x"),
        ] {
            assert_eq!(handed::<SourceTool>(line), becomes);
        }
        assert_eq!(handed::<SinkTool>("x --pass files s3://b/out txt"), "x --pass objects s3://b/out txt");
        assert_eq!(handed::<SinkTool>("x files out"), "x files out");
    }
}
