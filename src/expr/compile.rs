//! From the source of a program to what jaq can run, with errors that point
//! at the place in the source.

use jaq_core::compile::Undefined;
use jaq_core::load::parse::Def;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::{Map, Val};

use super::functions::{self, Data};
use super::value::{self, NESTING_MAX, Value};
use super::{Each, ExprError, json, recursion, regexes};

/// jq's functions that are replaced: these by definitions.jq or by a native
/// function of the same name. (A definition of jaq's would win over the
/// latter.)
const REPLACED: [(&str, usize); 7] =
    [("nan", 0), ("infinite", 0), ("type", 0), ("delpaths", 1), ("keys_unsorted", 0), ("test", 1), ("test", 2)];

/// The name of a program that had to be changed; no name that a person would
/// choose.
const PROGRAM: &str = "sstream_program";

/// The most bytes of a program's text, for which there can be a stack.
const SOURCE_MAX: usize = 64 << 10;

/// The environment, a variable of every program.
const ENVIRONMENT: &str = "$ENV";

/// A compiled program.
pub(super) struct Compiled {
    filter: Filter<Data>,
    /// The value of `$ENV` as JSON, if the program may ask for it.
    environment: Option<Vec<u8>>,
}

impl Compiled {
    /// Compiles `source`, which may use `variables` (names with no `$`).
    ///
    /// # Errors
    /// [`ExprError::Syntax`].
    pub(super) fn new(source: &str, variables: &[String]) -> Result<Compiled, ExprError> {
        if source.len() > SOURCE_MAX {
            let message = format!("a program has at most {} KiB", SOURCE_MAX >> 10);
            return Err(syntax(source, &source[..0], message));
        }
        recursion::with_stack_for(source, || Compiled::parse(source, variables)).unwrap_or_else(|| {
            Err(syntax(source, &source[..0], "there is no memory to parse a program of this length".to_string()))
        })
    }

    fn parse(source: &str, variables: &[String]) -> Result<Compiled, ExprError> {
        let arena = Arena::default();
        let program = File { code: source, path: () };
        let mut modules =
            Loader::new(definitions()).load(&arena, program).map_err(|errors| load_error(source, errors))?;
        let no_import = |_: load::Import<&str, ()>| Err(String::new());
        load::import(&modules, no_import).map_err(|errors| load_error(source, errors))?;
        if let Some(guarded) = guarded(source)? {
            let call = File { code: PROGRAM, path: () };
            let loader = Loader::new(definitions().chain([guarded]));
            modules = loader.load(&arena, call).map_err(|errors| load_error(source, errors))?;
        }

        let names: Vec<String> = variables.iter().map(|name| format!("${name}")).collect();
        let has_environment = source.contains(ENVIRONMENT);
        let environment = has_environment.then_some(ENVIRONMENT);
        let names = names.iter().map(String::as_str).chain(environment);
        let filter = Compiler::default()
            .with_funs(functions::all().chain(regexes::natives()).chain([recursion::native(), recursion::native_all()]))
            .with_global_vars(names)
            .compile(modules)
            .map_err(|errors| compile_error(source, &errors))?;
        Ok(Compiled { filter, environment: has_environment.then(environment_json) })
    }

    /// Gives every result for `record` as canonical JSON to `each`; `out` is
    /// scratch space.
    ///
    /// # Errors
    /// [`ExprError::Eval`].
    pub(super) fn run(
        &self,
        record: &[u8],
        variables: &[&[u8]],
        out: &mut Vec<u8>,
        each: &mut Each<'_>,
    ) -> Result<(), ExprError> {
        recursion::run(each, &mut |each| self.evaluate(record, variables, out, each))
    }

    fn evaluate(
        &self,
        record: &[u8],
        variables: &[&[u8]],
        out: &mut Vec<u8>,
        each: &mut Each<'_>,
    ) -> Result<(), ExprError> {
        let read = |text: &[u8]| {
            let value = json::read(text);
            value.map(Value::read).map_err(|message| ExprError::Eval { message })
        };
        let values = variables.iter().copied().chain(self.environment.as_deref());
        let values: Vec<Value> = values.map(read).collect::<Result<_, _>>()?;
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new(values));
        // It may be of a run that was given up.
        value::take_exceeded();
        for result in self.filter.id.run((context, read(record)?)) {
            check_nesting()?;
            let value = result.map_err(|exception| ExprError::Eval {
                message: match exception.get_err() {
                    Ok(error) => error_message(error.into_val()),
                    Err(_) => "halt cannot be used: the program runs once for each record, and \
                               the stream goes on"
                        .to_string(),
                },
            })?;
            out.clear();
            json::write(&value.0, out);
            if each(out).is_break() {
                break;
            }
        }
        check_nesting()
    }
}

/// What came of a value that is nested too deep is void.
fn check_nesting() -> Result<(), ExprError> {
    match value::take_exceeded() {
        true => Err(ExprError::Eval { message: format!("a value is nested deeper than {NESTING_MAX} levels") }),
        false => Ok(()),
    }
}

/// What a program's error says: a string is the message itself.
fn error_message(value: Value) -> String {
    match &value.0 {
        Val::TStr(text) => String::from_utf8_lossy(text).into_owned(),
        _ => format!("error with {value}"),
    }
}

fn definitions<'s>() -> impl Iterator<Item = Def<&'s str>> {
    let own = load::parse(include_str!("definitions.jq"), |parser| parser.defs());
    let replaced = |def: &Def| !REPLACED.contains(&(def.name, def.args.len()));
    let all = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).filter(replaced);
    all.chain(own.unwrap_or_default()).map(|def| {
        let mut def: Def<&'s str> = def;
        recursion::guard(&mut def);
        if def.name == "getpath" {
            recursion::guard_folds(&mut def.body);
        }
        def
    })
}

/// The program as a function that is named [`PROGRAM`], if it can come to nest: with the guard against
/// too deep recursion.
fn guarded(source: &str) -> Result<Option<Def<&str>>, ExprError> {
    let Some(mut body) = load::parse(source, |parser| parser.term()) else {
        return Ok(None);
    };
    if recursion::has_large_pattern(&mut body) {
        let message = format!("a pattern has at most {} parts", recursion::PATTERN_PARTS_MAX);
        return Err(syntax(source, source, message));
    }
    let mut def = Def { name: PROGRAM, args: Vec::new(), body };
    Ok(recursion::guard_program(&mut def).then_some(def))
}

fn environment_json() -> Vec<u8> {
    let text = |text: std::ffi::OsString| Val::utf8_str(text.into_encoded_bytes());
    let variables = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    let mut out = Vec::new();
    json::write(&Val::obj(variables.collect::<Map>()), &mut out);
    out
}

/// A syntax error at `part`, which is a piece of `source`.
fn syntax(source: &str, part: &str, message: String) -> ExprError {
    // A piece from elsewhere (the standard library) has no place to show.
    let at = (part.as_ptr() as usize)
        .checked_sub(source.as_ptr() as usize)
        .filter(|at| *at <= source.len())
        .unwrap_or(source.len());
    ExprError::Syntax { source_text: source.to_string(), at, message }
}

/// The token at the start of `text`, for a message.
fn found(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@');
    let end = match text.chars().next() {
        None => return "the end".to_string(),
        Some(first) if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        Some(first) => first.len_utf8(),
    };
    format!("`{}`", &text[..end])
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

fn load_error(source: &str, errors: load::Errors<&str, ()>) -> ExprError {
    // Only the first: later ones tend to follow from it.
    for (_, error) in errors {
        match error {
            load::Error::Io(imports) => {
                if let Some((path, _)) = imports.first() {
                    let message = "import and include cannot be used: a program stands for itself";
                    return syntax(source, path, message.to_string());
                }
            }
            load::Error::Lex(errors) => {
                if let Some((expected, part)) = errors.first() {
                    let message = format!("expected {}, found {}", with_article(expected.as_str()), found(part));
                    return syntax(source, part, message);
                }
            }
            load::Error::Parse(errors) => {
                if let Some((expected, part)) = errors.first() {
                    let expected = match expected {
                        load::parse::Expect::Nothing => "the end or an operator".to_string(),
                        load::parse::Expect::Just(word) => format!("`{word}`"),
                        load::parse::Expect::ElseOrEnd => "`else` or `end`".to_string(),
                        load::parse::Expect::Term => "an expression".to_string(),
                        other => with_article(other.as_str()),
                    };
                    let part = if part.is_empty() { &source[source.len()..] } else { part };
                    let message = format!("expected {expected}, found {}", found(part));
                    return syntax(source, part, message);
                }
            }
        }
    }
    syntax(source, source, "not a jq program".to_string())
}

fn compile_error(source: &str, errors: &jaq_core::compile::Errors<&str, ()>) -> ExprError {
    let first = errors.iter().flat_map(|(_, errors)| errors).next();
    let Some((name, undefined)) = first else {
        return syntax(source, source, "not a jq program".to_string());
    };
    let message = match undefined {
        Undefined::Filter(0) if matches!(*name, "input" | "inputs") => {
            format!("`{name}` cannot be used: the program gets one record at a time, as `.`")
        }
        Undefined::Filter(0) => format!("`{name}` is not defined"),
        Undefined::Filter(arity) => {
            let arguments = if *arity == 1 { "argument" } else { "arguments" };
            format!("`{name}` with {arity} {arguments} is not defined")
        }
        other => format!("{} `{name}` is not defined", other.as_str()),
    };
    syntax(source, name, message)
}
