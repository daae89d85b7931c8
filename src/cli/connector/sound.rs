//! Whether the definition of a kind goes together with what all of its role have: said to whoever
//! writes it, at the start of a debug build and by a check for tests.

use clap::Command;

use super::known::Role;
use super::mark::WORDS;

/// The options that `augment` adds to a command line.
pub fn options(augment: fn(Command) -> Command) -> Command {
    augment(Command::new("options"))
}

/// What is wrong with a kind whose program is `tool`. clap would panic at some of it in a debug
/// build, and take one option for the other in a release build.
pub fn faults((role, tool): (Role, &str), own: &Command, shared: &Command, of_running: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let is_plain =
        |kind: &str| !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !Role::of(tool).is_some_and(|(found, kind)| found == role && is_plain(kind)) {
        let name = role.program(if role == Role::Operator { "NAME" } else { "KIND" });
        faults.push(format!("TOOL is {tool:?}: a program of this role is called {name}"));
    }
    let others: Vec<&clap::Arg> = shared.get_arguments().collect();
    for option in own.get_arguments() {
        let field = option.get_id().as_str();
        let longs: Vec<&str> =
            option.get_long().into_iter().chain(option.get_all_aliases().into_iter().flatten()).collect();
        let is_taken = |long: &str| {
            ["help", "version"].contains(&long)
                || WORDS.iter().any(|word| word.trim_start_matches('-') == long)
                || others.iter().any(|other| other.get_long() == Some(long))
        };
        if let Some(long) = longs.into_iter().find(|long| is_taken(long)) {
            faults.push(format!("--{long} is an option that every tool of this role has: give yours another name"));
        } else if others.iter().any(|other| other.get_id() == option.get_id()) {
            faults.push(format!(
                "the field `{field}` is called as an option that every tool of this role has: rename it; its option \
                 may keep its name, by long = \"…\""
            ));
        }
        let short = option
            .get_short()
            .filter(|short| ['h', 'V'].contains(short) || others.iter().any(|other| other.get_short() == Some(*short)));
        if let Some(short) = short {
            faults.push(format!("-{short} is an option that every tool of this role has: give yours another letter"));
        }
    }
    for group in own.get_groups().filter(|group| shared.get_groups().any(|other| other.get_id() == group.get_id())) {
        faults.push(format!(
            "the struct {} is called as one that every tool of this role has: rename it",
            group.get_id()
        ));
    }
    for name in of_running {
        if !own.get_arguments().any(|option| option.get_long() == Some(name)) {
            faults.push(format!("OF_RUNNING: {name:?} is no option of this kind: they are named without their dashes"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    #[test]
    fn what_clashes_is_told() {
        let shared =
            Command::new("x").arg(Arg::new("batch").long("batch")).arg(Arg::new("quiet").long("quiet").short('q'));
        let of = |own: Command| faults((Role::Source, "sstream-source-dice"), &own, &shared, &["rolls"]);
        let rolls = || Command::new("x").arg(Arg::new("rolls").long("rolls"));
        assert_eq!(of(rolls()), Vec::<String>::new());
        for (own, says) in [
            (rolls().arg(Arg::new("a").long("batch")), "--batch is an option that every tool"),
            (rolls().arg(Arg::new("a").long("b").alias("batch")), "--batch is an option"),
            (rolls().arg(Arg::new("batch").long("size")), "the field `batch`"),
            (rolls().arg(Arg::new("a").short('q')), "-q is an option"),
            (rolls().arg(Arg::new("a").short('h')), "-h is an option"),
            (rolls().arg(Arg::new("a").long("declare")), "--declare is an option"),
            (Command::new("x"), "OF_RUNNING: \"rolls\" is no option"),
        ] {
            let faults = of(own);
            assert!(faults.len() == 1 && faults[0].contains(says), "{says}: {faults:?}");
        }
        for tool in ["sstream-sink-dice", "dice", "sstream-source-", "sstream-source-a b"] {
            let faults = faults((Role::Source, tool), &rolls(), &shared, &[]);
            assert!(faults[0].ends_with("is called sstream-source-KIND"), "{faults:?}");
        }
    }
}
