//! Enough of the shell's grammar to see the commands of a pipeline: words with
//! quotes, pipes, lists, redirections, process substitutions. Nothing is
//! expanded and nothing is run.

/// What stands between two pipes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The words, unquoted.
    pub words: Vec<String>,
    /// NAME=VALUE in front of them.
    pub assignments: Vec<String>,
    /// Files that stdin comes from and stdout goes to, and other redirections, as
    /// they stand.
    pub redirections: Vec<(String, String)>,
    /// The pipelines of `<(…)` and `>(…)`, with the index of the word that each
    /// stands for.
    pub substitutions: Vec<(usize, Vec<Pipeline>)>,
    /// The first word in which a shell would put something in for something: a variable, a
    /// command's output, the names of files.
    pub expanded: Option<String>,
}

/// Commands with pipes between them.
pub type Pipeline = Vec<Command>;

/// Where the line is not one that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellError(pub String);

/// Reads a line or a small script: its pipelines in order.
pub fn parse(text: &str) -> Result<Vec<Pipeline>, ShellError> {
    let mut parser = Parser { rest: text, expands: false };
    let pipelines = parser.script()?;
    if parser.rest.is_empty() { Ok(pipelines) } else { Err(ShellError("a ) without its (".to_owned())) }
}

struct Parser<'a> {
    rest: &'a str,
    /// Whether a shell would put something into the word that was read last.
    expands: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    fn take_if(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Pipelines up to the end or a closing parenthesis.
    fn script(&mut self) -> Result<Vec<Pipeline>, ShellError> {
        let (mut pipelines, mut pipeline, mut command) = (Vec::new(), Pipeline::new(), Command::default());
        loop {
            self.skip_blanks();
            let is_over = matches!(self.peek(), None | Some(')'));
            let is_list = !is_over && ["&&", "||", ";", "&", "\n"].into_iter().any(|word| self.take_if(word));
            if is_over || is_list {
                if command != Command::default() {
                    pipeline.push(std::mem::take(&mut command));
                } else if !pipeline.is_empty() {
                    return Err(ShellError("nothing behind a pipe".to_owned()));
                }
                if !pipeline.is_empty() {
                    pipelines.push(std::mem::take(&mut pipeline));
                }
                if is_over {
                    return Ok(pipelines);
                }
                continue;
            }
            if self.take_if("|&") || self.take_if("|") {
                if command == Command::default() {
                    return Err(ShellError("nothing before a pipe".to_owned()));
                }
                pipeline.push(std::mem::take(&mut command));
                self.skip_newlines();
                continue;
            }
            self.part(&mut command)?;
        }
    }

    /// A word, a redirection or a process substitution.
    fn part(&mut self, command: &mut Command) -> Result<(), ShellError> {
        for (open, word) in [("<(", "<(…)"), (">(", ">(…)")] {
            if self.take_if(open) {
                let inner = self.script()?;
                if self.take() != Some(')') {
                    return Err(ShellError(format!("{open} without its )")));
                }
                command.substitutions.push((command.words.len(), inner));
                command.words.push(word.to_owned());
                return Ok(());
            }
        }
        if self.peek() == Some('(') {
            return Err(ShellError("parentheses: what is in them cannot be told without running it".to_owned()));
        }
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if self.rest[digits..].starts_with(['<', '>']) {
            let mut operator = self.rest[..digits].to_owned();
            self.rest = &self.rest[digits..];
            while let Some(c) = self.peek().filter(|c| "<>&".contains(*c)) {
                operator.push(c);
                self.take();
            }
            self.skip_blanks();
            let target = self.word()?;
            self.note(&target, command);
            command.redirections.push((operator, target));
            return Ok(());
        }
        let word = self.word()?;
        self.note(&word, command);
        let is_assignment = command.words.is_empty()
            && word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
        if is_assignment {
            command.assignments.push(word);
        } else {
            command.words.push(word);
        }
        Ok(())
    }

    /// Keeps the word in mind if a shell would put something into it.
    fn note(&self, word: &str, command: &mut Command) {
        if self.expands && command.expanded.is_none() {
            command.expanded = Some(word.to_owned());
        }
    }

    fn word(&mut self) -> Result<String, ShellError> {
        let mut word = String::new();
        self.expands = self.peek() == Some('~');
        while let Some(c) = self.peek() {
            if c.is_whitespace() || "|;&()<>".contains(c) {
                break;
            }
            self.take();
            match c {
                '\\' => word.extend(self.take().filter(|c| *c != '\n')),
                '\'' => {
                    let Some(end) = self.rest.find('\'') else { return Err(unclosed("'")) };
                    word.push_str(&self.rest[..end]);
                    self.rest = &self.rest[end + 1..];
                }
                '"' => loop {
                    match self.take() {
                        Some('"') => break,
                        Some('\\') => match self.take() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some('\n') => {}
                            Some(c) => word.extend(['\\', c]),
                            None => return Err(unclosed("\"")),
                        },
                        Some(c) => {
                            self.expands |= c == '$' || c == '`';
                            word.push(c);
                        }
                        None => return Err(unclosed("\"")),
                    }
                },
                c => {
                    self.expands |= "$`*?[{".contains(c);
                    word.push(c);
                }
            }
        }
        Ok(word)
    }

    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
            if self.rest.starts_with('#') {
                self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..];
            } else if !self.take_if("\\\n") {
                return;
            }
        }
    }

    fn skip_newlines(&mut self) {
        self.skip_blanks();
        while self.take_if("\n") {
            self.skip_blanks();
        }
    }
}

fn unclosed(quote: &str) -> ShellError {
    ShellError(format!("a {quote} is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<Vec<String>>> {
        let pipelines = parse(text).unwrap();
        pipelines.into_iter().map(|pipeline| pipeline.into_iter().map(|command| command.words).collect()).collect()
    }

    #[test]
    fn words_pipes_and_quotes() {
        assert_eq!(
            words(r#"nc -lk 9999 | sstream-filter 'a | "b"' -e "c \"d\" \n" e\ f |& cat"#),
            [[vec!["nc", "-lk", "9999"], vec!["sstream-filter", "a | \"b\"", "-e", "c \"d\" \\n", "e f"], vec!["cat"]]]
        );
    }

    #[test]
    fn lists_comments_and_continued_lines() {
        let text = "# a comment\nA=1 sstream-source tcp h:1 \\\n  | \n sstream-top; wait && echo x # more\n";
        assert_eq!(
            words(text),
            [
                vec![vec!["sstream-source", "tcp", "h:1"], vec!["sstream-top"]],
                vec![vec!["wait"]],
                vec![vec!["echo", "x"]]
            ]
        );
    }

    #[test]
    fn redirections_and_substitutions() {
        let pipelines = parse("sstream-join <(a | b) - < in 2>&1 >> out").unwrap();
        let command = &pipelines[0][0];
        assert_eq!(command.words, ["sstream-join", "<(…)", "-"]);
        assert_eq!(command.substitutions[0].0, 1);
        assert_eq!(command.substitutions[0].1[0].len(), 2);
        let expected = [("<", "in"), ("2>&", "1"), (">>", "out")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(command.redirections, expected);
    }

    #[test]
    fn what_a_shell_would_put_in_is_told() {
        let expanded = |text: &str| parse(text).unwrap()[0][0].expanded.clone();
        for text in ["a $b", "a \"x $b\"", "a `b`", "a *.log", "a ~/b", "a [x]", "a {b,c}", "a <$b"] {
            assert!(expanded(text).is_some(), "{text}");
        }
        for text in ["a '$b'", r"a \$b", "a \"x \\$b *\"", "a '*' b~ 'x?'", "a=1 b"] {
            assert_eq!(expanded(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for text in ["a | | b", "| a", "a |", "a 'b", "a \"b", "a <(b", "a)", "(a) | b", "f() { a; }", "a $(b)"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
