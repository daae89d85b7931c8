//! Wrong usage in one line: what is wrong, where, and what to write instead.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What a parsing error says, without the tool's name.
pub fn explain(error: &clap::Error, tool: &str) -> String {
    let wrong = Wrong { error, tool };
    match error.kind() {
        ErrorKind::UnknownArgument => wrong.unknown_argument(),
        ErrorKind::InvalidValue => wrong.invalid_value(),
        ErrorKind::ValueValidation => wrong.refused_value(),
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> = wrong.list(ContextKind::InvalidArg).iter().map(|name| bare(name)).collect();
            let verb = if missing.len() == 1 { "is" } else { "are" };
            format!("{} {verb} missing: {}", missing.join(" and "), wrong.usage())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let kinds = wrong.list(ContextKind::ValidSubcommand).join(", ");
            format!("KIND is missing, one of {kinds}: {}", wrong.see_help())
        }
        ErrorKind::InvalidSubcommand => wrong.unknown_kind(),
        ErrorKind::ArgumentConflict => match wrong.list(ContextKind::PriorArg).as_slice() {
            [] => format!("{} was given twice or excludes another option", wrong.argument()),
            others if others.contains(&wrong.text(ContextKind::InvalidArg).unwrap_or_default()) => {
                format!("{} was given twice", wrong.argument())
            }
            others => {
                let others: Vec<String> = others.iter().map(|name| bare(name)).collect();
                format!("{} does not go with {}", wrong.argument(), others.join(" or "))
            }
        },
        ErrorKind::TooFewValues => wrong.number_of_values("at least ", ContextKind::MinValues),
        ErrorKind::WrongNumberOfValues => wrong.number_of_values("", ContextKind::ExpectedNumValues),
        ErrorKind::TooManyValues => format!("{}: one value too many: {}", wrong.argument(), wrong.see_help()),
        ErrorKind::InvalidUtf8 => {
            "an argument is not UTF-8: patterns and expressions are UTF-8 text, only file names may be any bytes"
                .to_owned()
        }
        _ => first_line(error),
    }
}

/// A parsing error with what clap knows of it.
struct Wrong<'a> {
    error: &'a clap::Error,
    tool: &'a str,
}

impl Wrong<'_> {
    fn unknown_argument(&self) -> String {
        let argument = self.text(ContextKind::InvalidArg).unwrap_or_default();
        if !argument.starts_with('-') {
            return format!("'{argument}' is one argument too many: {}", self.usage());
        }
        match self.list(ContextKind::SuggestedArg).first() {
            Some(near) => format!("{argument}: no such option, did you mean {near}? {}", self.see_help()),
            None => format!("{argument}: no such option: {}", self.see_help()),
        }
    }

    fn invalid_value(&self) -> String {
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        let valid = self.list(ContextKind::ValidValue);
        if value.is_empty() {
            let choice = if valid.is_empty() { String::new() } else { format!(", one of {}", valid.join(", ")) };
            return format!("{}: a value must follow{choice}", self.argument());
        }
        let near = match self.list(ContextKind::SuggestedValue).first() {
            Some(near) => format!(": did you mean {near}?"),
            None => String::new(),
        };
        format!("{}: '{value}' is none of {}{near}", self.argument(), valid.join(", "))
    }

    /// The value's own parser has said why.
    fn refused_value(&self) -> String {
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        match self.error.source() {
            Some(reason) => format!("{} '{value}': {reason}", self.argument()),
            None => format!("{}: not '{value}': {}", self.argument(), self.see_help()),
        }
    }

    fn unknown_kind(&self) -> String {
        let kind = self.text(ContextKind::InvalidSubcommand).unwrap_or_default();
        match self.list(ContextKind::SuggestedSubcommand).first() {
            Some(near) => format!("'{kind}': no such KIND, did you mean {near}? {}", self.see_help()),
            None => format!("'{kind}': no such KIND: {}", self.see_help()),
        }
    }

    fn number_of_values(&self, bound: &str, needed: ContextKind) -> String {
        let number = |kind| match self.error.get(kind) {
            Some(ContextValue::Number(number)) => *number,
            _ => 0,
        };
        let (given, needed) = (number(ContextKind::ActualNumValues), number(needed));
        format!("{}: {bound}{needed} needed, {given} given: {}", self.argument(), self.see_help())
    }

    /// The option or operand in question, as a user writes it.
    fn argument(&self) -> String {
        bare(&self.text(ContextKind::InvalidArg).unwrap_or_default())
    }

    fn usage(&self) -> String {
        match self.error.get(ContextKind::Usage) {
            Some(ContextValue::StyledStr(usage)) => {
                let usage = usage.to_string();
                let usage = usage.trim().trim_start_matches("Usage:");
                let forms: Vec<&str> = usage.lines().map(str::trim).filter(|form| !form.is_empty()).collect();
                format!("usage: {}", forms.join(" or "))
            }
            _ => self.see_help(),
        }
    }

    fn see_help(&self) -> String {
        format!("see {} --help", self.tool)
    }

    fn text(&self, kind: ContextKind) -> Option<String> {
        self.list(kind).into_iter().next()
    }

    fn list(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }
}

/// `--batch <DURATION>` is `--batch`, `<LEN>` is `LEN`, `[CMD]...` is `CMD`.
fn bare(argument: &str) -> String {
    let name = if argument.starts_with('-') { argument.split([' ', '=']).next().unwrap_or(argument) } else { argument };
    name.replace(['<', '>', '[', ']'], "").trim_end_matches("...").to_owned()
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.lines().next().unwrap_or_default().to_owned()
}
