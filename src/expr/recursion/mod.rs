//! Functions that call themselves, kept from running out of stack.
//!
//! The interpreter calls itself for what a program nests, and a stack that
//! overflows ends the process. Only a function that names itself in its own
//! body can nest without bound, and a fold that is used as a path: each such body gets [`GUARD`] in front, which
//! looks at how much of the stack is taken. What needs more than a thread has
//! is run once more on one with a stack that is large, and what needs more than
//! that is an error of the record. A call in the last place takes no stack, and
//! stays one: `GUARD | body` is a pipe, and its right side is in that place.

use std::cell::Cell;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use jaq_core::box_iter::box_once;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::native::{Fun, v};
use jaq_core::path::Part;
use jaq_core::{Exn, Native};

use super::functions::Data;
use super::{Each, ExprError, messages};

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
        .with_paths(|cv| box_once(if goes_too_deep() { Err(Exn::halt(0)) } else { Ok(cv.1) }))
        .with_update(|cv, update| if goes_too_deep() { box_once(Err(Exn::halt(0))) } else { update(cv.1) });
    (GUARD, v(0), native)
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

/// Puts the guard into `def` and the functions within it, where they call
/// themselves; says whether one did.
pub(super) fn guard(def: &mut Def<&str>) -> bool {
    let guarded = guard_body(def);
    guard_term(&mut def.body) | guarded
}

/// Puts the guard into the functions that are defined within `term`.
fn guard_term(term: &mut Term<&str>) -> bool {
    let mut guarded = false;
    visit(term, &mut |term| {
        if let Term::Def(defs, _) = term {
            defs.iter_mut().for_each(|def| guarded |= guard_body(def));
        }
    });
    guarded
}

fn guard_body(def: &mut Def<&str>) -> bool {
    let mut calls_itself = false;
    visit(&mut def.body, &mut |term| {
        calls_itself |= matches!(term, Term::Call(name, args) if *name == def.name && args.len() == def.args.len());
    });
    if calls_itself {
        put_guard(&mut def.body);
    }
    calls_itself
}

/// Puts the guard into each `reduce` and `foreach` of `term`; says whether there is one. As a path,
/// before `|=`, it nests as often as it goes on.
pub(super) fn guard_folds(term: &mut Term<&str>) -> bool {
    let mut guarded = false;
    visit(term, &mut |term| {
        if let Term::Fold(_, _, _, args) = term {
            args.iter_mut().skip(1).take(1).for_each(put_guard);
            guarded = true;
        }
    });
    guarded
}

fn put_guard(term: &mut Term<&str>) {
    let call = Term::Call(GUARD, Vec::new());
    *term = Term::BinOp(Box::new(call), BinaryOp::Pipe(None), Box::new(std::mem::take(term)));
}

/// Shows `term` and all terms within it.
fn visit<'s>(term: &mut Term<&'s str>, seen: &mut dyn FnMut(&mut Term<&'s str>)) {
    seen(term);
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(term) = part {
                    visit(term, seen);
                }
            }
        }
        Term::Arr(term) => term.iter_mut().for_each(|term| visit(term, seen)),
        Term::Obj(pairs) => {
            for (key, value) in pairs {
                visit(key, seen);
                value.iter_mut().for_each(|value| visit(value, seen));
            }
        }
        Term::Neg(term) | Term::Label(_, term) => visit(term, seen),
        Term::BinOp(left, operator, right) => {
            visit(left, seen);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                visit_pattern(pattern, seen);
            }
            visit(right, seen);
        }
        Term::Fold(_, items, pattern, args) => {
            visit(items, seen);
            visit_pattern(pattern, seen);
            args.iter_mut().for_each(|term| visit(term, seen));
        }
        Term::TryCatch(body, handler) => {
            visit(body, seen);
            handler.iter_mut().for_each(|term| visit(term, seen));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, then) in branches {
                visit(condition, seen);
                visit(then, seen);
            }
            otherwise.iter_mut().for_each(|term| visit(term, seen));
        }
        Term::Def(defs, term) => {
            defs.iter_mut().for_each(|def| visit(&mut def.body, seen));
            visit(term, seen);
        }
        Term::Call(_, args) => args.iter_mut().for_each(|term| visit(term, seen)),
        Term::Path(term, path) => {
            visit(term, seen);
            for (part, _) in &mut path.0 {
                match part {
                    Part::Index(term) => visit(term, seen),
                    Part::Range(from, to) => from.iter_mut().chain(to).for_each(|term| visit(term, seen)),
                }
            }
        }
    }
}

fn visit_pattern<'s>(pattern: &mut Pattern<&'s str>, seen: &mut dyn FnMut(&mut Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(items) => items.iter_mut().for_each(|item| visit_pattern(item, seen)),
        Pattern::Obj(entries) => {
            for (key, value) in entries {
                visit(key, seen);
                visit_pattern(value, seen);
            }
        }
    }
}

#[cfg(test)]
mod tests;
