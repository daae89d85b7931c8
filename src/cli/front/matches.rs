//! What was parsed, as it was written.

use clap::ArgMatches;

/// An argument as the user wrote it, or its default.
pub fn raw(matches: &ArgMatches, id: &str) -> Option<String> {
    let mut values = matches.try_get_raw(id).ok()??;
    values.next().map(|value| value.to_string_lossy().into_owned())
}

/// Whether the user gave an argument.
pub fn given(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).unwrap_or(false)
        && matches.value_source(id).is_some_and(|source| source == clap::parser::ValueSource::CommandLine)
}
