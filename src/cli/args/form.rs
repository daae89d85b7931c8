//! What raw input is: the form of its lines, and how they are written.

use clap::{Args, ValueEnum};
use encoding_rs::{Encoding, UTF_8};

use crate::cli::ToolError;
use crate::record::forms::csv::CsvOptions;
use crate::record::forms::{Coding, Dialect, Form, Framing};

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

    /// What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]
    #[arg(long, value_name = "NAME", value_parser = charset, help_heading = "Raw input")]
    pub encoding: Option<Charset>,

    /// What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]
    #[arg(long, value_name = "FRAMING", value_parser = framing, help_heading = "Raw input")]
    pub framing: Option<Framing>,

    /// Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt
    #[arg(long, help_heading = "Raw input")]
    pub numbers: bool,
}

/// What quotes fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote(Option<u8>);

/// An encoding.
#[derive(Clone, Copy, Debug)]
pub struct Charset {
    encoding: &'static Encoding,
    /// A byte order mark says which of two it is.
    pub by_mark: bool,
}

fn charset(text: &str) -> Result<Charset, String> {
    let label = text.to_ascii_lowercase();
    let by_mark = label == "utf-16" || label == "utf16";
    let label = match label.strip_prefix("latin-") {
        Some(number) => format!("latin{number}"),
        None if by_mark => "utf-16le".to_owned(),
        None => label,
    };
    let encoding = Encoding::for_label_no_replacement(label.as_bytes());
    let advice = "no encoding of this name: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis …";
    Ok(Charset { encoding: encoding.ok_or(advice)?, by_mark })
}

fn framing(text: &str) -> Result<Framing, String> {
    match text {
        "lines" => Ok(Framing::Lines),
        "nul" => Ok(Framing::Nul),
        "octets" => Ok(Framing::Octets),
        _ => {
            let length =
                text.strip_prefix("fixed:").and_then(|length| length.parse().ok()).filter(|length| *length > 0);
            length.map(Framing::Fixed).ok_or_else(|| "lines, nul, octets or fixed:N, N bytes each".to_owned())
        }
    }
}

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
    /// Values of MessagePack, one behind the other
    Msgpack,
    /// Records of Avro's container files, .avro
    Avro,
}

impl InputForm {
    /// The form of records.
    pub fn of_records(self) -> Form {
        match self {
            InputForm::Text => Form::Text,
            InputForm::Json | InputForm::Msgpack | InputForm::Avro => Form::Json,
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
            InputForm::Msgpack => "msgpack",
            InputForm::Avro => "avro",
        }
    }

    /// What says itself where it ends, if no line's end does.
    pub fn frames_itself(self) -> Option<&'static str> {
        match self {
            InputForm::Csv | InputForm::Tsv => Some("the rows of csv"),
            InputForm::Msgpack => Some("values of MessagePack"),
            InputForm::Avro => Some("records of Avro"),
            InputForm::Text | InputForm::Json | InputForm::Logfmt => None,
        }
    }

    /// Whether it is no text.
    pub fn is_binary(self) -> bool {
        matches!(self, InputForm::Msgpack | InputForm::Avro)
    }

    /// Whether records are rows.
    pub fn has_rows(self) -> bool {
        self.of_records() == Form::Csv
    }
}

impl FormArgs {
    /// The first of the options given.
    pub fn given(&self) -> Option<&'static str> {
        let more = [
            (self.numbers, "--numbers"),
            (self.encoding.is_some(), "--encoding"),
            (self.framing.is_some(), "--framing"),
        ];
        let more = more.into_iter().find_map(|(is_given, option)| is_given.then_some(option));
        self.given_of_rows().or(more)
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

    /// How bytes of this form are cut, and what they say.
    pub fn coding(&self, form: InputForm) -> Coding {
        match form {
            InputForm::Msgpack => return Coding::new(Framing::Msgpack, None),
            // Lines of JSON.
            InputForm::Avro => return Coding::default(),
            _ => {}
        }
        let encoding = self.encoding.map(|charset| charset.encoding).filter(|encoding| *encoding != UTF_8);
        let coding = Coding::new(self.framing.unwrap_or_default(), encoding);
        if self.encoding.is_none_or(|charset| charset.by_mark) { coding.or_by_mark() } else { coding }
    }

    /// Options that do not go with the form, or with each other; a line has at most `max_line` bytes.
    pub fn check(&self, form: InputForm, max_line: usize) -> Result<(), ToolError> {
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
        let framing = self.framing.unwrap_or_default();
        if let Some(what) = form.frames_itself().filter(|_| framing != Framing::Lines) {
            return refuse(format!("--framing: {what} say themselves where they end: leave it out"));
        }
        if let Some(what) = form.is_binary().then(|| form.frames_itself()).flatten().filter(|_| self.encoding.is_some())
        {
            return refuse(format!("--encoding: text in {what} is UTF-8: leave it out"));
        }
        let is_wide = self.coding(form).with_lines().unit() > 1;
        match framing {
            Framing::Nul | Framing::Octets if is_wide => {
                refuse("--framing: in UTF-16 records are lines, or fixed:N: leave it out".to_owned())
            }
            Framing::Fixed(length) if is_wide && length % 2 == 1 => {
                refuse(format!("--framing fixed:{length}: in UTF-16 records have an even number of bytes"))
            }
            Framing::Fixed(length) if length > max_line => {
                refuse(format!("--framing fixed:{length}: longer than --max-line {max_line}: say more there"))
            }
            _ => Ok(()),
        }
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
        let encoding = self.encoding.map(|charset| charset.encoding.name().to_ascii_lowercase());
        encoding.iter().for_each(|name| push("--encoding ", name.clone()));
        match self.framing {
            None | Some(Framing::Lines | Framing::Msgpack) => {}
            Some(Framing::Nul) => push("--framing ", "nul".to_owned()),
            Some(Framing::Octets) => push("--framing ", "octets".to_owned()),
            Some(Framing::Fixed(length)) => push("--framing ", format!("fixed:{length}")),
        }
        for (is_given, option) in [(self.no_header, "--no-header"), (self.trim, "--trim"), (self.numbers, "--numbers")]
        {
            if is_given {
                push(option, String::new());
            }
        }
        words
    }
}
