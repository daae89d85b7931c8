//! What a kind says of itself.

use crate::cli::connector::{Declared, OperatorKind, OperatorTool, SinkKind, SinkTool, SourceKind, SourceTool};
use crate::cli::described::{Described, describe};

/// Checks what a kind of source says of itself: no option of it is called as one that every
/// source has, its program is called `sstream-source-KIND`, each option has help, and the examples show
/// the program.
///
/// # Panics
/// Something is wrong: what, and what to do.
pub fn check_source_kind<K: SourceKind>() {
    check(&<SourceTool<K> as Declared>::faults(), describe::<SourceTool<K>>);
}

/// The same of a kind of sink.
///
/// # Panics
/// Something is wrong: what, and what to do.
pub fn check_sink_kind<K: SinkKind>() {
    check(&<SinkTool<K> as Declared>::faults(), describe::<SinkTool<K>>);
}

/// The same of a tool between two pipes.
///
/// # Panics
/// Something is wrong: what, and what to do.
pub fn check_operator_kind<K: OperatorKind>() {
    check(&<OperatorTool<K> as Declared>::faults(), describe::<OperatorTool<K>>);
}

/// clap would panic at a faulty definition in words of its own.
fn check(faults: &[String], describe: impl Fn() -> Described) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let tool = describe();
    let name = tool.command.get_name();
    tool.command.clone().debug_assert();
    for option in tool.command.get_arguments().filter(|option| !option.is_hide_set()) {
        let id = option.get_id();
        assert!(option.get_help().is_some(), "{name}: {id} has no help: write a /// comment at its field");
    }
    assert!(tool.command.get_about().is_some_and(|about| !about.to_string().is_empty()), "{name}: ABOUT is empty");
    // `sstream-source kafka` is `sstream-source-kafka`.
    let spoken = name.replacen("source-", "source ", 1).replacen("sink-", "sink ", 1);
    let shows = tool.examples.contains(name) || tool.examples.contains(&spoken);
    assert!(shows, "{name}: EXAMPLES should show {name}");
    let is_indented = |line: &str| line.is_empty() || line.starts_with("  ");
    assert!(tool.examples.lines().all(is_indented), "{name}: each line of EXAMPLES begins with two spaces");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ToolError;
    use crate::cli::connector::{Opened, SourceParts};
    use crate::cli::guarantee::SourceGuarantee;

    /// A kind of source with these options.
    macro_rules! kind {
        ($name:ident, $examples:literal, $($option:tt)*) => {
            #[derive(clap::Args, Debug)]
            struct $name { $($option)* }

            impl SourceKind for $name {
                const TOOL: &'static str = "sstream-source-dice";
                const ABOUT: &'static str = "Rolls of a die";
                const EXAMPLES: &'static str = $examples;
                fn identity(&self) -> String {
                    String::new()
                }
                fn guarantee(&self) -> SourceGuarantee {
                    SourceGuarantee::Logged
                }
                fn open(&self, _: SourceParts) -> Result<Opened, ToolError> {
                    Err(ToolError::Usage(String::new()))
                }
            }
        };
    }

    kind!(Sound, "  sstream-source dice 5\n", /** How many sides */ #[arg(long)] _sides: u64);
    kind!(Clashing, "  sstream-source-dice\n", /** Rolls at a time */ #[arg(long)] _batch: u64);
    kind!(Silent, "  sstream-source-dice\n", #[arg(long)] _sides: u64);
    kind!(Lonely, "  dice\n",);

    #[test]
    fn a_kind_that_is_sound_passes() {
        check_source_kind::<Sound>();
    }

    #[test]
    #[should_panic(expected = "--batch is an option that every tool of this role has")]
    fn an_option_that_all_sources_have_is_told() {
        #[derive(clap::Args, Debug)]
        struct Options {
            #[command(flatten)]
            clashing: Batched,
        }
        #[derive(clap::Args, Debug)]
        struct Batched {
            /// Rolls at a time
            #[arg(long = "batch")]
            rolls: u64,
        }
        impl SourceKind for Options {
            const TOOL: &'static str = "sstream-source-dice";
            const ABOUT: &'static str = Clashing::ABOUT;
            const EXAMPLES: &'static str = Clashing::EXAMPLES;
            fn identity(&self) -> String {
                self.clashing.rolls.to_string()
            }
            fn guarantee(&self) -> SourceGuarantee {
                SourceGuarantee::Logged
            }
            fn open(&self, _: SourceParts) -> Result<Opened, ToolError> {
                Err(ToolError::Usage(String::new()))
            }
        }
        check_source_kind::<Options>();
    }

    #[test]
    #[should_panic(expected = "_sides has no help")]
    fn an_option_without_help_is_told() {
        check_source_kind::<Silent>();
    }

    #[test]
    #[should_panic(expected = "EXAMPLES should show sstream-source-dice")]
    fn examples_show_the_program() {
        check_source_kind::<Lonely>();
    }
}
