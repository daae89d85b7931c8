//! What a stage says of its command line: all of it to people, and to a
//! checkpoint the part that says what is computed.

use std::ffi::OsString;

use super::Tool;
use super::args::OF_RUNNING;
use super::connector::known::Role;

/// The tool and its arguments, quoted as a shell would need them: `filter -v ERROR`.
pub(super) fn description<T: Tool>(arguments: &[OsString]) -> String {
    let words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    join::<T>(words)
}

/// The same, without the options that have no effect on what is computed, so that a
/// restart may change them.
pub fn identity<T: Tool>(command: &clap::Command, arguments: &[OsString]) -> String {
    let words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    join::<T>(without(command, words, &is_of_running::<T>).into_iter())
}

/// The words of a command line, behind the tool's name, but for some of its options, by their long names.
pub(super) fn without(
    command: &clap::Command,
    mut words: impl Iterator<Item = String>,
    is_left_out: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let subcommands: Vec<&clap::Command> = command.get_subcommands().collect();
    let find = |name: &str| {
        let known = |command: &clap::Command| {
            command.get_arguments().find(|argument| argument.get_long() == Some(name)).cloned()
        };
        known(command).or_else(|| subcommands.iter().find_map(|command| known(command)))
    };
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            // What follows is somebody else's command line.
            kept.push(word);
            kept.extend(words);
            break;
        }
        let name = word.strip_prefix("--").map(|option| option.split_once('=').map_or(option, |(name, _)| name));
        let Some(option) = name.and_then(find).or_else(|| short(command, &word)) else {
            kept.push(word);
            continue;
        };
        let is_kept = !option.get_long().is_some_and(is_left_out);
        // A short option may have its value in the same word.
        let has_value = if name.is_some() { word.contains('=') } else { word.chars().count() > 2 };
        let has_value_behind = option.get_action().takes_values() && !has_value;
        let value = has_value_behind.then(|| words.next()).flatten();
        if is_kept {
            kept.push(word);
            kept.extend(value);
        }
    }
    kept
}

/// The option that a word as `-j` or `-j2` begins with.
fn short(command: &clap::Command, word: &str) -> Option<clap::Arg> {
    let letter = word.strip_prefix('-')?.chars().next()?;
    command.get_arguments().find(|argument| argument.get_short() == Some(letter)).cloned()
}

/// Whether an option says nothing of what the tool computes, as it declares itself.
fn is_of_running<T: Tool>(option: &str) -> bool {
    OF_RUNNING.iter().copied().chain([T::OF_RUNNING]).any(|options| options.contains(&option))
}

/// A tool's name in a description: `filter`, and of a connector `source kafka`.
fn spoken(tool: &str) -> String {
    Role::of(tool).map_or_else(|| tool.to_owned(), |(role, kind)| role.spoken(kind))
}

fn join<T: Tool>(words: impl Iterator<Item = String>) -> String {
    let mut description = spoken(T::NAME);
    for word in words {
        description.push(' ');
        push_quoted(&word, "-_./:,=@%+[]", &mut description);
    }
    description
}

/// Appends a word as a shell needs it: in quotes, unless it has but letters, digits and what is
/// `plain`.
fn push_quoted(word: &str, plain: &str, text: &mut String) {
    if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || plain.contains(c)) {
        text.push_str(word);
    } else {
        text.push_str(&format!("'{}'", word.replace('\'', "'\\''")));
    }
}

/// A command line that a shell reads as these words, in any directory.
pub(super) fn shell_text<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        push_quoted(word.as_ref(), "-_./:,@%+=", &mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;
    use crate::cli::sink::SinkTool;
    use crate::cli::state::StateTool;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_connector_is_called_as_it_is_written() {
        assert_eq!(spoken("sstream-source-kafka"), "source kafka");
        assert_eq!(spoken("sstream-filter"), "filter");
    }

    #[test]
    fn options_that_change_no_result_may_change() {
        for line in [
            "sstream-state sum --timeout 5s",
            "sstream-state --new sum --timeout 5s --verbose",
            "sstream-state --stage-name totals sum --checkpoint-every 10s --timeout 5s --output=text",
            "sstream-state sum --on-error skip --timeout 5s --metrics 9102",
            "sstream-state sum -j 2 --timeout 5s --jobs 3",
            "sstream-state -j2 sum --timeout 5s -j=3",
        ] {
            assert_eq!(
                identity::<StateTool>(&command::<StateTool>(), &words(line)),
                "state sum --timeout 5s",
                "{line}"
            );
        }
        assert_eq!(
            identity::<StateTool>(&command::<StateTool>(), &words("sstream-state --expr --new")),
            "state --expr --new"
        );
        let line = "sstream-sink --pass exec --quiet -- sh --new";
        assert_eq!(identity::<SinkTool>(&command::<SinkTool>(), &words(line)), "sink --pass exec -- sh --new");
        assert_eq!(description::<SinkTool>(&words(line)), &line["sstream-".len()..]);
        assert_eq!(description::<StateTool>(&[OsString::new(), "it's".into()]), "state 'it'\\''s'");
    }

    #[test]
    fn what_is_of_running_is_an_option_of_a_stage_and_nothing_under_its_headings_is_left_out() {
        let mut options = Vec::new();
        for tool in crate::cli::tools::all().iter().filter(|tool| tool.command.get_name() != "sstream-run") {
            let kinds = tool.command.get_subcommands().flat_map(clap::Command::get_arguments);
            let all = tool.command.get_arguments().chain(kinds);
            options.extend(all.filter_map(|option| {
                Some((option.get_long()?.to_owned(), option.get_help_heading().unwrap_or_default().to_owned()))
            }));
        }
        for name in OF_RUNNING.concat() {
            assert!(options.iter().any(|(option, _)| option == name), "--{name} is no option");
        }
        for (option, heading) in &options {
            if ["Checkpoint", "Messages", "Monitoring", "Output", "Stopping", "Bad records"].contains(&&heading[..]) {
                assert!(
                    is_of_running::<StateTool>(option),
                    "--{option}, under {heading}, says nothing of what is computed"
                );
            }
        }
    }
}
