//! `sstream explain`: walks along a pipeline and says what each stage would do,
//! and what is wrong. Options are checked by the tools' own definitions.

use serde_json::Value;

use super::shell::{self, Command, Pipeline};
use crate::cli::account::{Account, Begins, Stream};
use crate::cli::args::CutArgs;
use crate::cli::connector::known::{self, Connector, Role};
use crate::cli::guarantee::{self, Kept};
use crate::cli::tools::{self, Described, Parsed};
use crate::cli::{ToolError, usage};
use crate::duration;

/// Programs that read lines and give some of them, or others: between two
/// stages they break the stream.
const LINE_TOOLS: [&str; 14] =
    ["awk", "cut", "egrep", "fgrep", "gawk", "grep", "head", "mawk", "rg", "sed", "sort", "tail", "tr", "uniq"];

/// Programs that hand on what they get, byte for byte.
const BYTE_TOOLS: [&str; 5] = ["buffer", "cat", "mbuffer", "pv", "ssh"];

/// Explains pipelines; gives the text, and how many mistakes there are.
pub fn explain(text: &str) -> Result<(String, usize), ToolError> {
    let pipelines = shell::parse(text)
        .map_err(|error| ToolError::Usage(format!("explain: the line cannot be read: {}", error.0)))?;
    if pipelines.is_empty() {
        return Err(ToolError::Usage("explain: there is no pipeline to explain".to_owned()));
    }
    let mut walk = Walk { tools: tools::all(), text: String::new(), mistakes: 0, number: 0, depth: 0 };
    for pipeline in &pipelines {
        walk.pipeline(pipeline);
    }
    Ok((walk.text, walk.mistakes))
}

/// What runs between two commands.
#[derive(Clone, Debug)]
enum Flow {
    /// The pipeline's own stdin.
    Outside,
    /// Lines of a program that is none of ours.
    Lines,
    /// A stream of batches.
    Batches(Stream),
    /// Nothing that a stage could read, with the stage that ended it.
    Ended(String),
}

/// What a program of its own says of its command line.
enum Declared {
    /// What it would do.
    Answer(Value),
    /// Nothing that helps; why is told.
    Nothing,
    /// It would show its help.
    Help,
}

struct Walk {
    tools: Vec<Described>,
    text: String,
    mistakes: usize,
    number: usize,
    depth: usize,
}

impl Walk {
    fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        let mut flow = Flow::Outside;
        for (index, command) in pipeline.iter().enumerate() {
            let sides: Vec<Flow> = self.substitutions(command);
            self.number += 1;
            let title = title(command);
            let indent = "  ".repeat(self.depth);
            self.text.push_str(&format!("{indent}{}. {title}\n", self.number));
            let is_last = index + 1 == pipeline.len();
            let goes_on = pipeline[index + 1..].iter().any(|next| tool_of(next).is_some());
            flow = match tool_of(command) {
                Some(tool) => self.tool(&tool, command, flow, &sides),
                None => self.program(command, flow, goes_on),
            };
            if is_last && self.depth == 0 {
                self.last(command, &flow);
            }
        }
        flow
    }

    /// Explains what stands in `<(…)` first: that is the way of the data.
    fn substitutions(&mut self, command: &Command) -> Vec<Flow> {
        self.depth += 1;
        let mut flows = Vec::new();
        for (_, pipelines) in &command.substitutions {
            flows.extend(pipelines.iter().map(|pipeline| self.pipeline(pipeline)).last());
        }
        self.depth -= 1;
        flows
    }

    fn last(&mut self, command: &Command, flow: &Flow) {
        if let Flow::Batches(stream) = flow {
            match command.redirections.iter().find(|(operator, _)| operator.starts_with('>')) {
                Some((_, file)) => {
                    if stream.kept.as_ref().is_some_and(Kept::has_checkpoint) {
                        self.say(&format!("guarantee: none for {file}: nobody commits it: sstream-sink --pass would"));
                    }
                    self.say(&format!("the stream goes to {file}: sstream-source replay {file} gives it again"))
                }
                None => {
                    self.say("on a terminal prints the first 10 records of each batch, gives the stream anywhere else")
                }
            }
        }
    }

    /// A program that is no tool of ours.
    fn program(&mut self, command: &Command, flow: Flow, goes_on: bool) -> Flow {
        let name = command.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        match flow {
            Flow::Batches(stream) if BYTE_TOOLS.contains(&name) => {
                self.say("hands the stream on as it is");
                Flow::Batches(stream)
            }
            Flow::Batches(stream) if name == "tee" => {
                self.say("hands the stream on, and a copy of it");
                if stream.kept.as_ref().is_some_and(Kept::has_checkpoint) {
                    self.say("guarantee: none for the copy: nobody commits it: sstream-sink --pass would");
                }
                Flow::Batches(stream)
            }
            Flow::Batches(_) if goes_on && LINE_TOOLS.contains(&name) => {
                self.mistake(&format!(
                    "{name} between two stages breaks the stream: run it on each batch with sstream-transform -- {}",
                    command.words.join(" ")
                ));
                Flow::Lines
            }
            Flow::Batches(_) => {
                self.say("gets the stream as JSON lines, control lines among them: --output text or json on the stage before gives records alone");
                Flow::Lines
            }
            Flow::Outside | Flow::Lines | Flow::Ended(_) => {
                self.say("none of sstream's tools: its output is lines");
                Flow::Lines
            }
        }
    }

    fn tool(&mut self, tool: &str, command: &Command, flow: Flow, sides: &[Flow]) -> Flow {
        let unknown = Flow::Batches(Stream::default());
        let words = arguments(tool, command);
        for role in [Role::Source, Role::Sink, Role::Operator] {
            let kind = tool.strip_prefix(role.prefix());
            if let Some(connector) = kind.and_then(|kind| known::connector(role, kind.as_ref())) {
                return self.connector(role, connector, command, flow, &words[1..]);
            }
        }
        let Some(described) = self.tools.iter().find(|described| described.command.get_name() == tool) else {
            self.mistake(&format!("there is no tool {tool}: sstream --list lists them"));
            return unknown;
        };
        let parsed = match (described.parse)(&words) {
            Ok(parsed) => parsed,
            Err(error) if !error.use_stderr() => {
                self.say("shows its help or version");
                return Flow::Ended(tool.to_owned());
            }
            Err(error) => {
                let message = usage::explain(&error, tool);
                if depends_on_a_variable(&words) {
                    self.say(&format!("not sure, since it depends on a variable: {message}"));
                } else {
                    self.mistake(&message);
                }
                return unknown;
            }
        };
        if let Some((role, behind)) = parsed.elsewhere() {
            let place = words.len() - behind;
            if let Some(connector) = known::connector(role, words[place].as_ref()) {
                let all = [&words[1..place], &words[place + 1..]].concat();
                return self.connector(role, connector, command, flow, &all);
            }
        }
        let mut stream = self.input(&*parsed, command, flow, sides);
        let account = parsed.account(&mut stream);
        account.does.iter().for_each(|line| self.say(line));
        for line in &account.mistakes {
            match depends_on_a_variable(&words) {
                true => self.say(&format!("not sure, since it depends on a variable: {line}")),
                false => self.mistake(line),
            }
        }
        if account.ends { Flow::Ended(tool.to_owned()) } else { Flow::Batches(stream) }
    }

    /// A connector's program, which says itself what it would do.
    fn connector(&mut self, role: Role, connector: &Connector, command: &Command, flow: Flow, words: &[&str]) -> Flow {
        let mut stream = match (role, flow) {
            (Role::Operator, flow) => return self.operator(connector, command, flow, words),
            (Role::Source, flow) => {
                self.before_a_source(&flow, false);
                Stream::default()
            }
            (Role::Sink, Flow::Batches(stream)) => stream,
            (Role::Sink, Flow::Ended(stage)) => {
                self.ends_too_early(&stage);
                Stream::default()
            }
            _ => Stream::default(),
        };
        let unknown = |stream| match role {
            Role::Source | Role::Operator => Flow::Batches(stream),
            Role::Sink => Flow::Ended(format!("sstream-sink {}", connector.kind)),
        };
        let answer = match self.declared(role, connector, command, words) {
            Declared::Answer(answer) => answer,
            Declared::Nothing => return unknown(stream),
            Declared::Help => return Flow::Ended(connector.kind.to_owned()),
        };
        if role == Role::Source {
            stream = self.begin_declared(&answer);
            return Flow::Batches(stream);
        }
        self.say(answer["does"].as_str().unwrap_or_default());
        if let Some(kept) = &stream.kept {
            self.say(&guarantee::of_declared_sink(kept, &answer));
        }
        if answer["pass"].as_bool() == Some(true) {
            self.say("passes the stream on, each batch when this sink is done with it");
            return Flow::Batches(stream);
        }
        unknown(stream)
    }

    /// What a connector's program says that it would do.
    fn declared(&mut self, role: Role, connector: &Connector, command: &Command, words: &[&str]) -> Declared {
        let answer = match known::declared(role, connector, words, checkpoint(command)) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                self.say("its program does not say what it would do");
                return Declared::Nothing;
            }
            Err(error) => {
                self.mistake(&error.to_string());
                return Declared::Nothing;
            }
        };
        if let Some(message) = answer["mistake"].as_str() {
            match depends_on_a_variable(words) {
                true => self.say(&format!("not sure, since it depends on a variable: {message}")),
                false => self.mistake(message),
            }
            return Declared::Nothing;
        }
        if answer["help"].as_bool() == Some(true) {
            self.say("shows its help or version");
            return Declared::Help;
        }
        Declared::Answer(answer)
    }

    /// A tool between two pipes that is a program of its own.
    fn operator(&mut self, connector: &Connector, command: &Command, flow: Flow, words: &[&str]) -> Flow {
        let begins = matches!(flow, Flow::Outside | Flow::Lines);
        let mut stream = match flow {
            Flow::Batches(stream) => stream,
            Flow::Ended(stage) => {
                self.ends_too_early(&stage);
                Stream::default()
            }
            Flow::Outside | Flow::Lines => Stream::default(),
        };
        let answer = match self.declared(Role::Operator, connector, command, words) {
            Declared::Answer(answer) => answer,
            Declared::Nothing => return Flow::Batches(stream),
            Declared::Help => return Flow::Ended(connector.kind.to_owned()),
        };
        if begins {
            stream = self.begin_declared(&answer);
        } else if let Some(option) = answer["of_first_stage"].as_str() {
            self.mistake(&format!("{option} behind the first stage: give it to the first one"));
        }
        let lines = answer["does"].as_array().into_iter().flatten().filter_map(|line| line.as_str());
        let mut account = Account { does: lines.map(str::to_owned).collect(), ..Account::default() };
        if let Some(form) = answer["output"].as_str() {
            account = account.with_form(form, &stream);
        }
        account.does.iter().for_each(|line| self.say(line));
        if account.ends { Flow::Ended(format!("sstream-{}", connector.kind)) } else { Flow::Batches(stream) }
    }

    /// A stream that a program of its own begins.
    fn begin_declared(&mut self, answer: &Value) -> Stream {
        let (kept, restart) = guarantee::of_declared_source(answer);
        let stream = Stream { interval_ms: answer["interval"].as_u64(), kept: Some(kept) };
        let interval = stream.interval_ms.map_or_else(String::new, |ms| format!(" of {}", duration::show_ms(ms)));
        self.say(&format!("first stage: cuts its input into batches{interval} by the wall clock"));
        self.say(&restart);
        stream
    }

    fn ends_too_early(&mut self, stage: &str) {
        self.mistake(&format!("{stage} before it ends the stream: nothing comes: a sink passes it on with --pass"));
    }

    /// What a tool reads.
    fn input(&mut self, tool: &dyn Parsed, command: &Command, flow: Flow, sides: &[Flow]) -> Stream {
        if let (Some(begins), Some(cut)) = (tool.begins(), tool.cut()) {
            self.before_a_source(&flow, begins.reads_stdin);
            return self.begin(&begins, cut, command);
        }
        if !sides.is_empty() {
            return self.merge(sides);
        }
        let from_file = command.redirections.iter().any(|(operator, _)| operator == "<");
        match (flow, tool.cut()) {
            (Flow::Batches(stream), cut) => {
                if let Some(option) = cut.and_then(CutArgs::of_first_stage) {
                    self.mistake(&format!("{option} behind the first stage: give it to the first one"));
                }
                stream
            }
            (Flow::Ended(stage), _) => {
                self.ends_too_early(&stage);
                Stream::default()
            }
            (Flow::Outside, _) if !tool.reads_stdin() => Stream::default(),
            (Flow::Outside | Flow::Lines, None) => Stream::default(),
            (flow, Some(cut)) => {
                if matches!(flow, Flow::Outside) && !from_file {
                    self.say("reads the stdin of the whole pipeline: lines, or a stream of batches");
                } else if from_file {
                    self.say("reads a file: lines, or a saved stream of batches");
                }
                self.begin(&Begins::with_lines(cut), cut, command)
            }
        }
    }

    /// A stream begins here.
    fn begin(&mut self, begins: &Begins, cut: &CutArgs, command: &Command) -> Stream {
        let (stream, lines) = begins.stream(cut, checkpoint(command));
        lines.iter().for_each(|line| self.say(line));
        stream
    }

    /// What stands before a source is a mistake, unless it reads that.
    fn before_a_source(&mut self, flow: &Flow, reads_stdin: bool) {
        match flow {
            Flow::Batches(_) | Flow::Ended(_) => {
                self.mistake("a source begins a pipeline: what stands before it is not read");
            }
            Flow::Lines if !reads_stdin => {
                self.mistake("this source does not read its stdin: what stands before it is lost");
            }
            Flow::Lines | Flow::Outside => {}
        }
    }

    /// Streams that come together must have one interval.
    fn merge(&mut self, sides: &[Flow]) -> Stream {
        let streams: Vec<&Stream> = sides
            .iter()
            .filter_map(|side| match side {
                Flow::Batches(stream) => Some(stream),
                _ => None,
            })
            .collect();
        let mut intervals: Vec<u64> = streams.iter().filter_map(|stream| stream.interval_ms).collect();
        intervals.dedup();
        if let [first, second, ..] = intervals[..] {
            self.mistake(&format!(
                "its sides have batches of {} and {}: give both the same interval",
                duration::show_ms(first),
                duration::show_ms(second)
            ));
        }
        if streams.len() < sides.len() {
            self.mistake("a side gives no stream of batches: begin it with a tool of sstream");
        }
        let sides: Vec<&Kept> = streams.iter().filter_map(|stream| stream.kept.as_ref()).collect();
        let kept = Kept::of_sides(&sides);
        if let Some(side) = sides.iter().find(|side| !side.is_with(sides[0])) {
            let [first, second] = [sides[0], side].map(|side| side.checkpoint.as_deref().unwrap_or("none"));
            self.mistake(&format!("its sides have the checkpoints {first} and {second}: give both the same one"));
        }
        let mut stream = streams.first().map_or_else(Stream::default, |stream| (*stream).clone());
        stream.kept = kept;
        stream
    }

    fn say(&mut self, line: &str) {
        let indent = "  ".repeat(self.depth);
        self.text.push_str(&format!("{indent}   {line}\n"));
    }

    fn mistake(&mut self, line: &str) {
        self.mistakes += 1;
        self.say(&format!("MISTAKE: {line}"));
    }
}

/// The directory that SSTREAM_CHECKPOINT names: in front of the command, or around all.
fn checkpoint(command: &Command) -> Option<String> {
    let own = command.assignments.iter().rev().find_map(|word| word.strip_prefix("SSTREAM_CHECKPOINT="));
    let dir = own.map(str::to_owned).or_else(|| std::env::var("SSTREAM_CHECKPOINT").ok());
    dir.filter(|dir| !dir.is_empty())
}

/// Whether a command line cannot be known before a shell has read it.
fn depends_on_a_variable(words: &[&str]) -> bool {
    words.iter().any(|word| word.contains(['$', '`']))
}

/// The tool that a command runs, `sstream-filter` for `sstream filter` too.
fn tool_of(command: &Command) -> Option<String> {
    let first = command.words.first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    if name == "sstream" {
        let word = command.words.get(1).map_or("", String::as_str);
        let is_own = word.is_empty() || word.starts_with('-') || ["ps", "stop", "explain"].contains(&word);
        return Some(if is_own { name.to_owned() } else { format!("sstream-{word}") });
    }
    name.starts_with("sstream-").then(|| name.to_owned())
}

fn arguments<'a>(tool: &'a str, command: &'a Command) -> Vec<&'a str> {
    let is_front = command.words[0].rsplit('/').next() == Some("sstream");
    let own = if is_front && tool != "sstream" { 2 } else { 1 };
    std::iter::once(tool).chain(command.words[own.min(command.words.len())..].iter().map(String::as_str)).collect()
}

/// The command as it stands, more or less.
fn title(command: &Command) -> String {
    let quote = |word: &String| {
        let plain = |c: char| c.is_alphanumeric() || "-_./:,=@%+[]<>()…$".contains(c);
        if !word.is_empty() && word.chars().all(plain) { word.clone() } else { format!("'{word}'") }
    };
    let mut words: Vec<String> = command.words.iter().map(quote).collect();
    words.extend(command.redirections.iter().map(|(operator, target)| format!("{operator} {target}")));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pipeline: &str, mistakes: usize, parts: &[&str]) {
        let (text, found) = explain(pipeline).unwrap();
        for part in parts {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(found, mistakes, "{text}");
    }

    #[test]
    fn the_main_job_is_explained() {
        check(
            "nc -lk 9999 | sstream-filter ERROR | sstream-window 30s 10s count",
            0,
            &[
                "1. nc -lk 9999\n   none of sstream's tools",
                "2. sstream-filter ERROR\n   first stage: cuts its input into batches of 1s by the wall clock\n",
                "window: the last 30s every 10s; gives count",
                "on a terminal prints the first 10 records",
            ],
        );
    }

    #[test]
    fn the_front_command_s_spelling_is_the_same() {
        check(
            "nc h 1 | sstream filter x | sstream sink print",
            0,
            &["keeps the records", "guarantee: none without --checkpoint"],
        );
    }

    #[test]
    fn mistakes_are_found_without_running_anything() {
        check("sstream-source rate 5 | sstream-window 2500ms count", 1, &["no multiple of the batch interval 1s"]);
        check("sstream-source rate 5 | grep 1 | sstream-window 2s count", 1, &["sstream-transform -- grep 1"]);
        check("nc h 1 | sstream-filter x | sstream-filter y --batch 5s", 1, &["--batch behind the first stage"]);
        check("nc h 1 | sstream-sink print | sstream-window 2s count", 1, &["--pass"]);
        check("sstream-filter --no-such x", 1, &["--no-such: no such option"]);
        check("sstream-fliter x", 1, &["there is no tool sstream-fliter"]);
        check("nc h 1 | sstream-source rate 5", 1, &["does not read its stdin"]);
        check("sstream-source rate 5 --input json | sstream-sink null", 1, &["rate does not read lines"]);
        check("nc h 1 | sstream-filter x | sstream-filter y --idle-timeout 5s", 1, &["--idle-timeout behind"]);
        check("sstream-source rate 5 | sstream-window 2s sun", 1, &["did you mean \"sum\"?"]);
    }

    #[test]
    fn what_an_expression_gives_is_no_record() {
        check("nc h 1 | sstream-window 3s --expr '$a + $b'", 0, &["gives an expression of them", "partial results"]);
        check(
            "sstream-source queue - --checkpoint ck | sstream-window 3s",
            0,
            &["virtual clock", "come again from its log"],
        );
    }

    #[test]
    fn sides_of_a_join_are_explained_first_and_must_agree() {
        check(
            "sstream-join <(sstream-source rate 5 --batch 2s) <(sstream-source rate 5) | sstream-sink print",
            1,
            &["  1. sstream-source rate 5 --batch 2s", "batches of 2s and 1s"],
        );
    }

    #[test]
    fn what_holds_after_a_crash_is_told_sink_by_sink() {
        check(
            "sstream-source tail app.log --checkpoint ck | sstream-sink --pass files out/all \
             | sstream-sink --pass exec -- cmd | sstream-sink --pass null | sstream-map .n --output text",
            0,
            &[
                "the batches that were not committed are read again from the files",
                "guarantee: each record counts exactly once",
                "guarantee: each record at least once: a command that was killed runs again",
                "guarantee: none needed",
                "guarantee: each record at least once: what was written last before a crash",
            ],
        );
        check(
            "SSTREAM_CHECKPOINT=ck nc h 1 | SSTREAM_CHECKPOINT=ck sstream-filter x | sstream-sink files out/t",
            0,
            &[
                "come again from its log",
                "of the records that reached the log each counts exactly once",
                "whatever dies",
            ],
        );
        check(
            "sstream-source tail app.log | sstream-sink files out/all",
            0,
            &["checkpoint: none: a restart begins anew, as at the first start", "guarantee: none without --checkpoint"],
        );
        check(
            "sstream-source rate 5 --checkpoint ck | tee copy | sstream-map .n > file",
            0,
            &["guarantee: none for the copy", "guarantee: none for file"],
        );
    }

    #[test]
    fn what_is_no_stage_is_not_told_as_one() {
        let (text, _) = explain("sstream-run --checkpoint ck 'sstream-source rate 5 | sstream-sink print'").unwrap();
        assert!(text.ends_with("\n   runs the pipeline that it is given: explain that one\n"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn one_checkpoint_stands_at_all_sources_and_nowhere_else() {
        check("sstream-source rate 5 | sstream-state sum --checkpoint ck", 1, &["--checkpoint behind the first stage"]);
        check(
            "sstream-union <(sstream-source rate 5 --name a --checkpoint ck) <(sstream-source rate 5 --name b)",
            1,
            &["its sides have the checkpoints ck and none"],
        );
        check(
            "sstream-union <(sstream-source tail a --checkpoint ck) <(sstream-source tcp h:1 --checkpoint ck) \
             | sstream-sink files out/u",
            0,
            &["of the records that reached the log each counts exactly once"],
        );
    }

    #[test]
    fn what_depends_on_variables_is_no_mistake() {
        check("nc h 1 | sstream-filter x --batch $B", 0, &["depends on a variable"]);
    }
}
