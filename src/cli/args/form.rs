//! What raw input is: the form of its lines, and how they are written.

use clap::{Args, ValueEnum};

use crate::cli::ToolError;
use crate::record::forms::csv::CsvOptions;
use crate::record::forms::{Dialect, Form};

/// How records are written in raw input.
#[derive(Args, Clone, Debug)]
pub struct FormArgs {
    /// The columns' names for csv; by default the first line names them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Raw input")]
    pub columns: Option<Vec<String>>,

    /// csv: no line names the columns, which are 1, 2, 3 unless --columns names them
    #[arg(long, help_heading = "Raw input")]
    pub no_header: bool,

    /// csv: what stands between two fields, one character, as ; or \t [default: a comma]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = "Raw input", allow_hyphen_values = true)]
    pub delimiter: Option<u8>,

    /// csv: what stands around fields that have delimiters in them, one character, or none [default: "]
    #[arg(long, value_name = "CHAR|none", value_parser = quote, help_heading = "Raw input")]
    pub quote: Option<Quote>,

    /// csv: blanks around fields are no part of them
    #[arg(long, help_heading = "Raw input")]
    pub trim: bool,

    /// Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt
    #[arg(long, help_heading = "Raw input")]
    pub numbers: bool,
}

/// What quotes fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote(Option<u8>);

fn character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t') => Ok(*byte),
        _ => Err("one character of ASCII is wanted, or \\t for a tab".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    character(text)
}

fn quote(text: &str) -> Result<Quote, String> {
    if text == "none" { Ok(Quote(None)) } else { character(text).map(|byte| Quote(Some(byte))) }
}

/// Forms of raw input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputForm {
    /// Each line a string
    Text,
    /// Each line a JSON value
    Json,
    /// Each row an object
    Csv,
    /// The same with tabs between fields
    Tsv,
    /// Each line key=value pairs, an object
    Logfmt,
}

impl InputForm {
    /// The form of records.
    pub fn of_records(self) -> Form {
        match self {
            InputForm::Text => Form::Text,
            InputForm::Json => Form::Json,
            InputForm::Csv | InputForm::Tsv => Form::Csv,
            InputForm::Logfmt => Form::Logfmt,
        }
    }

    /// As `--input` calls it.
    pub fn name(self) -> &'static str {
        match self {
            InputForm::Text => "text",
            InputForm::Json => "json",
            InputForm::Csv => "csv",
            InputForm::Tsv => "tsv",
            InputForm::Logfmt => "logfmt",
        }
    }

    /// Whether records are rows.
    pub fn has_rows(self) -> bool {
        self.of_records() == Form::Csv
    }
}

impl FormArgs {
    /// The first of the options given.
    pub fn given(&self) -> Option<&'static str> {
        let numbers = self.numbers.then_some("--numbers");
        self.given_of_rows().or(numbers)
    }

    fn given_of_rows(&self) -> Option<&'static str> {
        [
            (self.columns.is_some(), "--columns"),
            (self.no_header, "--no-header"),
            (self.delimiter.is_some(), "--delimiter"),
            (self.quote.is_some(), "--quote"),
            (self.trim, "--trim"),
        ]
        .into_iter()
        .find_map(|(is_given, option)| is_given.then_some(option))
    }

    /// Options that do not go with the form, or with each other.
    pub fn check(&self, form: InputForm) -> Result<(), ToolError> {
        let refuse = |message: String| Err(ToolError::Usage(message));
        if let Some(option) = self.given_of_rows().filter(|_| !form.has_rows()) {
            return refuse(format!("{option} is of csv: add --input csv, or leave it out"));
        }
        if self.numbers && !form.has_rows() && form != InputForm::Logfmt {
            return refuse(format!("--numbers is of csv and logfmt: with --input {} leave it out", form.name()));
        }
        let Dialect { delimiter, quote, .. } = self.dialect(form);
        if form == InputForm::Tsv && delimiter != b'\t' {
            return refuse("--delimiter: tsv has tabs: say --input csv".to_owned());
        }
        if quote == Some(delimiter) {
            return refuse("--quote: the delimiter quotes nothing: choose another character, or none".to_owned());
        }
        Ok(())
    }

    fn dialect(&self, form: InputForm) -> Dialect {
        let usual = if form == InputForm::Tsv { b'\t' } else { b',' };
        let quote = self.quote.unwrap_or(Quote(Some(b'"'))).0;
        Dialect { delimiter: self.delimiter.unwrap_or(usual), quote, trim: self.trim }
    }

    /// How rows are read.
    pub fn csv(&self, form: InputForm) -> CsvOptions {
        let FormArgs { columns, no_header, numbers, .. } = self;
        CsvOptions { dialect: self.dialect(form), columns: columns.clone(), no_header: *no_header, numbers: *numbers }
    }

    /// What the options say of what a record is.
    pub fn words(&self) -> String {
        let mut words = String::new();
        let mut push = |option: &str, value: String| words.extend([" ", option, &value]);
        self.columns.iter().for_each(|names| push("--columns ", names.join(",")));
        self.delimiter.iter().for_each(|byte| push("--delimiter ", byte.escape_ascii().to_string()));
        let shown = |quote: &Quote| quote.0.map_or_else(|| "none".to_owned(), |byte| byte.escape_ascii().to_string());
        self.quote.iter().for_each(|quote| push("--quote ", shown(quote)));
        for (is_given, option) in [(self.no_header, "--no-header"), (self.trim, "--trim"), (self.numbers, "--numbers")]
        {
            if is_given {
                push(option, String::new());
            }
        }
        words
    }
}
