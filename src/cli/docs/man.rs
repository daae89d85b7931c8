//! Man pages out of command line definitions.

use clap::{Arg, Command};

use crate::cli::described::Described;

/// Exit statuses, the same for every tool.
const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Everything was done."),
    ("1", "The world failed (network, disk, a held lock): a retry may help."),
    ("2", "Wrong usage: the same command will fail again."),
    ("3", "The input was cut off or is malformed."),
    ("4", "A bad record, under --on-error fail."),
    ("5", "The checkpoint is damaged or belongs to another pipeline."),
];

/// Environment variables: the option without which a tool has no use for one,
/// the name, and what it does.
pub const ENVIRONMENT: &[(&str, &str, &str)] = &[
    (
        "batch",
        "SSTREAM_BATCH",
        "The interval between batches, where --batch does not say. It counts in a first stage only.",
    ),
    (
        "checkpoint",
        "SSTREAM_CHECKPOINT",
        "The checkpoint's directory, where --checkpoint does not say. It counts in a first stage only.",
    ),
    ("config", "SSTREAM_CONFIG", "A file of options, where --config does not name one: see docs/CONFIG.md."),
    (
        "verbose",
        "SSTREAM_LOG",
        "How much is said on stderr, where --verbose and --quiet do not say: quiet, or verbose.",
    ),
];

/// The man page of a tool, in section 1; `others` are for SEE ALSO.
pub fn page(tool: &Described, others: &[String]) -> String {
    let mut command = tool.command.clone();
    command.build();
    let name = command.get_name().to_owned();
    let mut page = Page::default();
    page.line(&format!(".TH {} 1 \"\" \"sstream {}\" \"sstream\"", name.to_uppercase(), env!("CARGO_PKG_VERSION")));

    page.section("NAME");
    page.text(&format!("{name} - {}", lower_first(&about(&command))));

    page.section("SYNOPSIS");
    page.synopsis(&command);

    page.section("DESCRIPTION");
    let description = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    page.paragraphs(&description);

    let kinds: Vec<&Command> = command.get_subcommands().filter(|kind| !kind.is_hide_set()).collect();
    if !kinds.is_empty() {
        page.section(if command.get_subcommand_value_name() == Some("COMMAND") { "COMMANDS" } else { "KINDS" });
        for kind in kinds {
            page.kind(kind);
        }
    }
    if !tool.connectors.is_empty() {
        page.section("CONNECTORS");
        page.text(
            "These kinds are programs of their own, which the tool becomes; make install CONNECT=NAME brings them.",
        );
        for (kind, about) in &tool.connectors {
            page.entry(&format!("\\fB{kind}\\fR"), &format!("{about}: see {name}-{kind}(1)."));
        }
    }
    page.section("OPTIONS");
    page.options(&command.get_arguments().collect::<Vec<_>>());

    page.section("EXAMPLES");
    page.literal(tool.examples);

    let has = |option: &str| command.get_arguments().any(|argument| argument.get_id() == option);
    page.section("ENVIRONMENT");
    for (option, variable, does) in ENVIRONMENT {
        if has(option) {
            page.entry(&format!("\\fB{variable}\\fR"), does);
        }
    }
    page.section("EXIT STATUS");
    for (status, means) in EXIT_STATUS {
        page.entry(&format!("\\fB{status}\\fR"), means);
    }
    page.section("SEE ALSO");
    let others: Vec<String> =
        others.iter().filter(|other| **other != name).map(|other| format!("\\fB{}\\fR(1)", escape(other))).collect();
    page.line(&others.join(",\n"));
    page.0
}

/// Lines of roff.
#[derive(Default)]
pub struct Page(pub String);

impl Page {
    /// A line of roff as it is.
    pub fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) {
        self.line(&escape(text));
    }

    /// A heading.
    pub fn section(&mut self, title: &str) {
        self.line(&format!(".SH {title}"));
    }

    /// A smaller heading.
    pub fn subsection(&mut self, title: &str) {
        self.line(&format!(".SS \"{title}\""));
    }

    /// Paragraphs with an empty line between them; indented ones are literal.
    fn paragraphs(&mut self, text: &str) {
        for (at, paragraph) in text.split("\n\n").enumerate() {
            if paragraph.starts_with("  ") {
                self.line(".PP");
                self.literal(paragraph);
                continue;
            }
            if at > 0 {
                self.line(".PP");
            }
            self.text(&sentence(&paragraph.lines().collect::<Vec<_>>().join(" ")));
        }
    }

    /// Lines as they are.
    pub fn literal(&mut self, text: &str) {
        self.line(".EX");
        text.trim_end().lines().for_each(|line| self.text(line));
        self.line(".EE");
    }

    fn entry(&mut self, tag: &str, body: &str) {
        self.line(".TP");
        self.line(tag);
        self.text(&sentence(body));
    }

    fn synopsis(&mut self, command: &Command) {
        let usage = command.clone().render_usage().to_string();
        for (at, form) in usage.trim_start_matches("Usage:").trim().lines().enumerate() {
            if at > 0 {
                self.line(".br");
            }
            let form = form.trim().replace(['<', '>'], "");
            let (name, rest) = form.split_once(' ').unwrap_or((&form, ""));
            self.line(&format!("\\fB{}\\fR {}", escape(name), escape(rest)));
        }
    }

    fn kind(&mut self, kind: &Command) {
        let own: Vec<&Arg> = kind.get_arguments().filter(|argument| !argument.is_global_set()).collect();
        let operands: Vec<String> =
            own.iter().filter(|argument| argument.is_positional()).map(|a| operand(a)).collect();
        self.subsection(&escape(format!("{} {}", kind.get_name(), operands.join(" ")).trim_end()));
        self.paragraphs(&kind.get_long_about().or(kind.get_about()).map(ToString::to_string).unwrap_or_default());
        own.iter().for_each(|argument| self.option(argument));
    }

    /// Options under their headings, in the order in which help shows them.
    fn options(&mut self, options: &[&Arg]) {
        let mut headings: Vec<Option<&str>> = Vec::new();
        for option in options {
            if !headings.contains(&option.get_help_heading()) {
                headings.push(option.get_help_heading());
            }
        }
        headings.sort_by_key(Option::is_some);
        for heading in headings {
            if let Some(title) = heading {
                self.subsection(&escape(title));
            }
            options.iter().filter(|option| option.get_help_heading() == heading).for_each(|option| self.option(option));
        }
    }

    fn option(&mut self, option: &Arg) {
        let id = option.get_id();
        if option.is_hide_set() || id == "help" || id == "version" {
            return;
        }
        self.line(".TP");
        self.line(&tag(option));
        let help = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
        let paragraphs: Vec<&str> = help.split("\n\n").collect();
        for (at, paragraph) in paragraphs.iter().enumerate() {
            if at > 0 {
                self.line(".IP");
            }
            paragraph.lines().for_each(|line| self.text(&sentence(line.trim())));
        }
        let values: Vec<_> =
            if option.is_hide_possible_values_set() { Vec::new() } else { option.get_possible_values() };
        if option.get_action().takes_values() && !values.is_empty() {
            self.line(".RS");
            for value in &values {
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                self.entry(&format!("\\fB{}\\fR", escape(value.get_name())), &help);
            }
            self.line(".RE");
        }
        let defaults: Vec<_> = option.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if option.get_action().takes_values() && !defaults.is_empty() {
            self.line(".IP");
            self.text(&format!("The default is {}.", defaults.join(",")));
        }
    }
}

/// `-e, --regexp PATTERN`, or an operand's name.
fn tag(option: &Arg) -> String {
    if option.is_positional() {
        return format!("\\fI{}\\fR", escape(&value_names(option)));
    }
    let mut names = Vec::new();
    names.extend(option.get_short().map(|short| format!("\\fB\\-{short}\\fR")));
    names.extend(option.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", escape(long))));
    let mut tag = names.join(", ");
    if option.get_action().takes_values() {
        tag.push_str(&format!(" \\fI{}\\fR", escape(&value_names(option))));
    }
    tag
}

fn operand(option: &Arg) -> String {
    let name = value_names(option);
    let many = if option.get_num_args().is_some_and(|range| range.max_values() > 1) { " ..." } else { "" };
    if option.is_required_set() { format!("{name}{many}") } else { format!("[{name}{many}]") }
}

fn value_names(option: &Arg) -> String {
    match option.get_value_names() {
        Some(names) => names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "),
        None => option.get_id().as_str().to_uppercase(),
    }
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// Help lines have no full stop; a page of prose has.
fn sentence(text: &str) -> String {
    if text.is_empty() || text.ends_with(['.', ':', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Text as roff takes it: a backslash and a hyphen would mean something, and so
/// would a dot or a quote at a line's beginning.
pub fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('…', "...");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
