//! Functions that call themselves, kept from running out of stack.
//!
//! The interpreter calls itself for what a program nests, and a stack that
//! overflows ends the process. Only a function that names itself in its own
//! body can nest without bound, and a fold that is used as a path: each such body gets [`GUARD`] in front, which
//! looks at how much of the stack is taken. What needs more than a thread has
//! is run once more on one with a stack that is large, and what needs more than
//! that is an error of the record. A call in the last place takes no stack, and
//! stays one: `GUARD | body` is a pipe, and its right side is in that place.
//!
//! Two lists grow without taking stack, and are taken out of memory by calls that do: a
//! path, of which the guard looks at the length, and the filters that a function hands to itself
//! (`def f(g): … f(g + 1)`), each of which keeps what was in force where it was written.
//! A call that hands on another filter than its own is therefore never in the last place.

mod guards;

use std::cell::Cell;
use std::hint::black_box;
use std::iter;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use jaq_core::box_iter::{box_once, then};
use jaq_core::native::{Fun, v};
use jaq_core::path::Opt;
use jaq_core::{Exn, Native, ValT as _, ValX, ValXs};

use super::functions::Data;
use super::value::{Error, NESTING_MAX, Value};
use super::{Each, ExprError, messages};
pub(super) use guards::{PATTERN_PARTS_MAX, guard, guard_folds, guard_program, has_large_pattern};

/// The native function in front of bodies; no name that a person would choose.
const GUARD: &str = "sstream_within_the_stack";

/// The stack of a thread for deep recursion, in bytes: room in the address
/// space, of which a program takes what it needs.
const LARGE_STACK: usize = 256 << 20;

/// The part of a stack that calls may take while results are being set up, in
/// bytes: giving them, and dropping them, goes as deep once more, and may take
/// some times as much for each call.
const LARGE_PART: usize = LARGE_STACK / 8;

/// The same where the program runs otherwise: a thread has 2 MiB at least.
const USUAL_PART: usize = 192 << 10;

/// The native function in place of `..`.
const ALL: &str = "sstream_all";

/// The stack that one byte of a program's text can need to be parsed and compiled.
const PARSING_STACK: usize = 16 << 10;

/// The stack that there is for that in any case.
const USUAL_STACK: usize = 1 << 20;

/// Results that may wait between the threads.
const WAITING_MAX: usize = 16;

thread_local! {
    /// The address that calls must stay above.
    static LOWEST: Cell<usize> = const { Cell::new(0) };
    /// Whether a call did not.
    static TOO_DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Where the stack ends at present; it grows downwards.
#[inline(never)]
fn stack_pointer() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(black_box(&local)).addr()
}

/// Once a call was too deep, all are: jaq evaluates some terms twice when the first
/// time gives an error, which would double the work with each level.
fn goes_too_deep() -> bool {
    if stack_pointer() < LOWEST.get() {
        TOO_DEEP.set(true);
        messages::end();
    }
    TOO_DEEP.get()
}

/// The guard as jaq takes it: `.` in every way that a program can be run.
///
/// What it gives for an error cannot be caught, so that a program does not go on
/// with `try` where it should be run once more.
pub(super) fn native() -> Fun<Data> {
    let native = Native::new(|cv| box_once(if goes_too_deep() { Err(Exn::halt(0)) } else { Ok(cv.1) }))
        .with_paths(|(_, (value, path))| {
            box_once(match path.skip(NESTING_MAX).head() {
                _ if goes_too_deep() => Err(Exn::halt(0)),
                Some(_) => path_too_long(),
                None => Ok((value, path)),
            })
        })
        .with_update(|cv, update| if goes_too_deep() { box_once(Err(Exn::halt(0))) } else { update(cv.1) });
    (GUARD, v(0), native)
}

/// `..` with no call for each level that it goes down; as what is updated, with a guard in each.
pub(super) fn native_all() -> Fun<Data> {
    let native = Native::new(|cv| {
        let mut waiting = vec![cv.1];
        Box::new(iter::from_fn(move || {
            let value: Value = waiting.pop()?;
            let parts: Vec<Value> = value.clone().values().flatten().collect();
            waiting.extend(parts.into_iter().rev());
            Some(Ok(value))
        }))
    })
    .with_paths(|cv| {
        let mut waiting = vec![cv.1];
        Box::new(iter::from_fn(move || {
            let (value, path): (Value, _) = waiting.pop()?;
            let parts: Vec<(Value, Value)> = value.clone().key_values().flatten().collect();
            waiting.extend(parts.into_iter().rev().map(|(key, part)| (part, path.clone().cons(key))));
            Some(Ok((value, path)))
        }))
    })
    .with_update(|cv, update| update_all(cv.1, &|value| update(value)));
    (ALL, v(0), native)
}

/// The parts first, so that none is updated that an update has made.
fn update_all<'a>(value: Value, update: &dyn Fn(Value) -> ValXs<'a, Value>) -> ValXs<'a, Value> {
    if goes_too_deep() {
        return box_once(Err(Exn::halt(0)));
    }
    then(value.map_values(Opt::Optional, |part| update_all(part, update)), update)
}

/// No path needs more steps than a value has levels.
fn path_too_long<T>() -> ValX<'static, T, Value> {
    Err(Exn::from(Error::str(format_args!("a path has more than {NESTING_MAX} steps"))))
}

/// Runs a program, that `run` gives to what it is to call with each result.
///
/// # Errors
/// What `run` fails with; [`ExprError::Eval`]: the recursion has no end, or is
/// too deep.
pub(super) fn run(
    each: &mut Each<'_>,
    run: &mut (dyn FnMut(&mut Each<'_>) -> Result<(), ExprError> + Send),
) -> Result<(), ExprError> {
    let mut given = 0_usize;
    messages::begin(0);
    let result = within(USUAL_PART, || {
        run(&mut |result| {
            given += 1;
            each(result)
        })
    });
    result.unwrap_or_else(|| run_on_large_stack(given, each, run))
}

/// What `run` gives, or nothing if it took more of the stack than `part`.
fn within<T>(part: usize, run: impl FnOnce() -> T) -> Option<T> {
    LOWEST.set(stack_pointer().saturating_sub(part));
    TOO_DEEP.set(false);
    let result = run();
    (!TOO_DEEP.get()).then_some(result)
}

/// Runs once more on a thread of its own, without the results and the messages that were given.
fn run_on_large_stack(
    given: usize,
    each: &mut Each<'_>,
    run: &mut (dyn FnMut(&mut Each<'_>) -> Result<(), ExprError> + Send),
) -> Result<(), ExprError> {
    let too_deep = |reason: &str| ExprError::Eval { message: format!("a function calls itself too often{reason}") };
    let (sender, results) = sync_channel(WAITING_MAX);
    let known = messages::count();
    thread::scope(|scope| {
        let started =
            thread::Builder::new().name("deep".to_string()).stack_size(LARGE_STACK).spawn_scoped(scope, move || {
                messages::begin(known);
                within(LARGE_PART, || run(&mut |result| send(&sender, result)))
            });
        let Ok(running) = started else {
            return Err(too_deep(", and there is no memory for a larger stack"));
        };
        receive(results, given, each);
        match running.join() {
            Ok(result) => result.unwrap_or_else(|| Err(too_deep(""))),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn send(sender: &SyncSender<Vec<u8>>, result: &[u8]) -> ControlFlow<()> {
    match sender.send(result.to_vec()) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Takes results as long as `each` wants them: once `results` is dropped, the
/// other side ends.
fn receive(results: Receiver<Vec<u8>>, given: usize, each: &mut Each<'_>) {
    for result in results.iter().skip(given) {
        if each(&result).is_break() {
            break;
        }
    }
}

/// Runs what parses or compiles `source`, which calls itself for what is nested in there, with a stack that
/// it cannot overflow; nothing if there is no memory for that.
pub(super) fn with_stack_for<T: Send>(source: &str, parse: impl FnOnce() -> T + Send) -> Option<T> {
    let stack = source.len() * PARSING_STACK;
    if stack <= USUAL_STACK {
        return Some(parse());
    }
    thread::scope(|scope| {
        let parsing = thread::Builder::new().name("parse".to_string()).stack_size(stack).spawn_scoped(scope, parse);
        parsing.ok().map(|parsing| parsing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests;
