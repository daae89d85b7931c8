//! Where a program gets its guards: its text is changed before it is compiled.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

use super::{ALL, GUARD};

/// The most parts of a pattern that takes values apart.
pub(in crate::expr) const PATTERN_PARTS_MAX: usize = 256;

/// Levels of a program's text that can be run in what is beside [`USUAL_PART`](super::USUAL_PART).
const UNGUARDED_LEVELS: usize = 32;

/// Puts the guard into `def` and the functions within it, where they call
/// themselves; says whether one did.
pub(in crate::expr) fn guard(def: &mut Def<&str>) -> bool {
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
    visit(&mut def.body, &mut |term| calls_itself |= is_call_of(term, def.name, def.args.len()));
    if !calls_itself || keep_filters_outside(def) {
        return calls_itself;
    }
    visit(&mut def.body, &mut |term| match term {
        Term::Call(name, args) if *name == def.name && args.len() == def.args.len() => {
            let handed_on = args.iter_mut().zip(&def.args).filter(|(_, parameter)| is_filter(parameter));
            handed_on.for_each(|(arg, _)| put_guard(arg));
        }
        _ => {}
    });
    if def.args.iter().any(is_filter) {
        put_out_of_last_place(&mut def.body);
    }
    put_guard(&mut def.body);
    true
}

/// Makes `def f(g; $x): … f(g; $x + 1) …;` to `def f(g; $x): def f($x): … f($x + 1) …; f($x);`, if each
/// call hands on the filters as they are; says whether it did.
fn keep_filters_outside(def: &mut Def<&str>) -> bool {
    let (filters, values): (Vec<&str>, Vec<&str>) = def.args.iter().copied().partition(is_filter);
    let (name, arity) = (def.name, def.args.len());
    let has_one_meaning = |inner: &Def<&str>| {
        let is_name = inner.name == name && [arity, values.len()].contains(&inner.args.len());
        let is_filter = inner.args.is_empty() && filters.contains(&inner.name);
        !is_name && !is_filter && !inner.args.iter().any(|parameter| filters.contains(parameter))
    };
    let mut fits = !filters.is_empty();
    visit(&mut def.body, &mut |term| match term {
        _ if is_call_of(term, name, values.len()) => fits = false,
        Term::Call(called, args) if *called == name && args.len() == arity => {
            let mut handed_on = args.iter().zip(&def.args).filter(|(_, parameter)| is_filter(parameter));
            fits &= handed_on.all(|(arg, parameter)| is_call_of(arg, parameter, 0));
        }
        Term::Def(defs, _) => fits &= defs.iter().all(has_one_meaning),
        _ => {}
    });
    if !fits {
        return false;
    }
    visit(&mut def.body, &mut |term| match term {
        Term::Call(called, args) if *called == name && args.len() == arity => {
            let mut parameters = def.args.iter();
            args.retain(|_| parameters.next().is_some_and(|parameter| !is_filter(parameter)));
        }
        _ => {}
    });
    let call = Term::Call(name, values.iter().copied().map(Term::Var).collect());
    let inner = Def { name, args: values, body: std::mem::take(&mut def.body) };
    def.body = Term::Def(vec![inner], Box::new(call));
    true
}

/// Whether a parameter is a filter, and not a value.
fn is_filter(parameter: &&str) -> bool {
    !parameter.starts_with('$')
}

fn is_call_of(term: &Term<&str>, name: &str, arity: usize) -> bool {
    matches!(term, Term::Call(called, args) if *called == name && args.len() == arity)
}

/// Puts the guard wherever a program of a user's can come to nest: into all of its functions, which may
/// hand each other on and on, into `..`, and in front of what is [`UNGUARDED_LEVELS`] levels deep
/// in its text. Says whether there is such a place.
pub(in crate::expr) fn guard_program(def: &mut Def<&str>) -> bool {
    let mut guarded = guard_folds(&mut def.body) | guard(def);
    visit(&mut def.body, &mut |term| {
        if let Term::Def(defs, _) = term {
            defs.iter_mut().for_each(|def| put_guard(&mut def.body));
            guarded = true;
        }
    });
    guard_levels(&mut def.body, UNGUARDED_LEVELS) | guarded
}

fn guard_levels(term: &mut Term<&str>, unguarded: usize) -> bool {
    let mut guarded = split_long(term);
    let below = unguarded.checked_sub(1).unwrap_or(UNGUARDED_LEVELS);
    each_part(term, &mut |part| guarded |= guard_levels(part, below));
    if matches!(term, Term::Recurse) {
        *term = Term::Call(ALL, Vec::new());
        guarded = true;
    }
    if unguarded == 0 {
        put_guard(term);
        return true;
    }
    guarded
}

/// Makes several terms of one with very many branches or steps, which nest as it is run.
fn split_long(term: &mut Term<&str>) -> bool {
    match term {
        Term::IfThenElse(branches, otherwise) if branches.len() > UNGUARDED_LEVELS => {
            let rest = branches.split_off(UNGUARDED_LEVELS);
            let mut rest = Term::IfThenElse(rest, otherwise.take());
            put_guard(&mut rest);
            *otherwise = Some(Box::new(rest));
            true
        }
        Term::Path(start, path) if path.0.len() > UNGUARDED_LEVELS => {
            let last = path.0.split_off(path.0.len() - UNGUARDED_LEVELS);
            let first = std::mem::replace(&mut path.0, last);
            **start = Term::Path(Box::new(std::mem::take(start)), Path(first));
            put_guard(start);
            true
        }
        _ => false,
    }
}

/// Whether a pattern, as `[$a, {b: $c}]`, has so many parts that there is no stack to take a value apart by it.
pub(in crate::expr) fn has_large_pattern(term: &mut Term<&str>) -> bool {
    fn parts(pattern: &Pattern<&str>) -> usize {
        match pattern {
            Pattern::Var(_) => 1,
            Pattern::Arr(items) => items.iter().map(parts).sum::<usize>() + 1,
            Pattern::Obj(entries) => entries.iter().map(|(_, value)| parts(value)).sum::<usize>() + 1,
        }
    }
    let mut is_large = false;
    visit(term, &mut |term| match term {
        Term::BinOp(_, BinaryOp::Pipe(Some(pattern)), _) | Term::Fold(_, _, pattern, _) => {
            is_large |= parts(pattern) > PATTERN_PARTS_MAX;
        }
        _ => {}
    });
    is_large
}

/// Puts the guard into each `reduce` and `foreach` of `term`; says whether there is one. As a path,
/// before `|=`, it nests as often as it goes on.
pub(in crate::expr) fn guard_folds(term: &mut Term<&str>) -> bool {
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

fn put_out_of_last_place(term: &mut Term<&str>) {
    *term = Term::BinOp(Box::new(std::mem::take(term)), BinaryOp::Pipe(None), Box::new(Term::Id));
}

/// Shows `term` and all terms within it.
fn visit<'s>(term: &mut Term<&'s str>, seen: &mut dyn FnMut(&mut Term<&'s str>)) {
    seen(term);
    each_part(term, &mut |part| visit(part, seen));
}

/// Shows the terms that `term` is made of.
fn each_part<'s>(term: &mut Term<&'s str>, seen: &mut dyn FnMut(&mut Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(term) = part {
                    seen(term);
                }
            }
        }
        Term::Arr(term) => term.iter_mut().for_each(|term| seen(term)),
        Term::Obj(pairs) => {
            for (key, value) in pairs {
                seen(key);
                value.iter_mut().for_each(&mut *seen);
            }
        }
        Term::Neg(term) | Term::Label(_, term) => seen(term),
        Term::BinOp(left, operator, right) => {
            seen(left);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                visit_pattern(pattern, seen);
            }
            seen(right);
        }
        Term::Fold(_, items, pattern, args) => {
            seen(items);
            visit_pattern(pattern, seen);
            args.iter_mut().for_each(seen);
        }
        Term::TryCatch(body, handler) => {
            seen(body);
            handler.iter_mut().for_each(|term| seen(term));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, then) in branches {
                seen(condition);
                seen(then);
            }
            otherwise.iter_mut().for_each(|term| seen(term));
        }
        Term::Def(defs, term) => {
            defs.iter_mut().for_each(|def| seen(&mut def.body));
            seen(term);
        }
        Term::Call(_, args) => args.iter_mut().for_each(seen),
        Term::Path(term, path) => {
            seen(term);
            for (part, _) in &mut path.0 {
                match part {
                    Part::Index(term) => seen(term),
                    Part::Range(from, to) => from.iter_mut().chain(to).for_each(&mut *seen),
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
                seen(key);
                visit_pattern(value, seen);
            }
        }
    }
}
