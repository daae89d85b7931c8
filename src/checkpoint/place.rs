//! Which folder a stage goes on with.
//!
//! A folder is called after the place in the line where its stage first stood: `tail.02-state`. It keeps
//! that name when stages without state are put in or taken out in front of it, for sinks keep the name in
//! systems of their own. So a stage looks for its folder: in a line that is as it was up to there, by its place; in another
//! one by what the stage is, its tool and arguments, those that are the same in their order. A pure function, which
//! [`crate::checkpoint::participant`] asks at a start and `sstream explain` before one.

use serde_json::Value;

use super::Result;
use super::job::{Layout, StageFile};
use super::name::{Id, numbered};
use super::storage::{Storage, names};

/// A folder that a stage could go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its name.
    pub id: Id,
    /// The place in the line where its stage stood last.
    pub number: usize,
    /// The stage as it was.
    pub arguments: String,
    /// A stage in front, in the line as it is now, has it.
    pub is_taken: bool,
    /// Whether the line in which it stood there was another one than now: see [`has_moved`].
    pub has_moved: bool,
}

/// A stage that looks for its folder.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// What it is called if it has none.
    pub id: &'w Id,
    /// The stage as it is now.
    pub arguments: &'w str,
    /// Whether it may begin with nothing: `--new`.
    pub new: bool,
}

/// The folder that a stage goes on with, or the one that it is to make. `folders` are those of all stages.
pub fn settle(folders: &[Folder], wanted: &Wanted<'_>) -> Id {
    let Some((number, tool)) = wanted.id.numbered() else { return wanted.id.clone() };
    let is_of_tool = |folder: &&Folder| {
        folder.id.sources() == wanted.id.sources() && folder.id.numbered().is_some_and(|(_, of)| of == tool)
    };
    let mut folders: Vec<&Folder> = folders.iter().filter(is_of_tool).collect();
    folders.sort_by_key(|folder| folder.number);
    // Those of the line as it is now are at their places: another place is another stage's.
    let at_place = folders.iter().find(|folder| !folder.has_moved && folder.number == number);
    let found = at_place.or_else(|| {
        let mut moved = folders.iter().filter(|folder| folder.has_moved && !folder.is_taken);
        let same = moved.clone().find(|folder| folder.arguments == wanted.arguments);
        // Whatever it is now, there is no other that it could be.
        same.or_else(|| moved.next().filter(|_| !wanted.new && moved.next().is_none()))
    });
    match found {
        Some(folder) => folder.id.clone(),
        None => {
            let is_free = |id: &Id| !folders.iter().any(|folder| folder.id == *id);
            let mut names = (number..).map(|number| wanted.id.with_part(numbered(number, tool)));
            names.find(is_free).unwrap_or_else(|| wanted.id.clone())
        }
    }
}

/// A line as far as it says where a stage stands: the tools of a head's `stages`.
pub fn tools(stages: &Value) -> Value {
    match stages {
        Value::Array(stages) => stages.iter().map(tools).collect(),
        stage => tool(stage).into(),
    }
}

/// Whether a line is not as it was, as far as both go: another tool stands somewhere. `was` and `now` are
/// as a head's `stages`, or the tools of one.
fn has_moved(was: &Value, now: &Value) -> bool {
    match (was, now) {
        (Value::Array(was), Value::Array(now)) => was.iter().zip(now).any(|(was, now)| {
            let is_longer =
                |value: &Value, than: &Value| value.as_array().map(Vec::len) != than.as_array().map(Vec::len);
            is_longer(was, now) || has_moved(was, now)
        }),
        (was, now) => tool(was) != tool(now),
    }
}

fn tool(stage: &Value) -> Option<&str> {
    stage.as_str().map(|text| text.split(' ').next().unwrap_or_default())
}

/// The folders of all stages and sinks, as `now` finds them, the line up to a stage; `is_taken` says which are.
/// Each has the line in which it stood last, since a start may be killed when it has told only some of them.
pub fn folders(
    storage: &dyn Storage,
    layout: &Layout,
    now: &Value,
    is_taken: &mut dyn FnMut(&Id) -> Result<bool>,
) -> Result<Vec<Folder>> {
    let mut folders: Vec<Folder> = Vec::new();
    for (dir, read) in [
        (layout.stages(), StageFile::read_stage as fn(&dyn Storage, &std::path::Path) -> _),
        (layout.commits(), StageFile::read_sink),
    ] {
        for id in names(storage, &dir)?.iter().filter_map(|name| Id::parse(name).ok()) {
            let Some(file) = read(storage, &dir.join(id.to_string()))? else { continue };
            let Some((own, _)) = id.numbered() else { continue };
            if !folders.iter().any(|folder| folder.id == id) {
                let (number, is_taken) = (file.number.unwrap_or(own), is_taken(&id)?);
                let has_moved = has_moved(&file.line, now);
                folders.push(Folder { id, number, arguments: file.arguments, is_taken, has_moved });
            }
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Folders, as `01-state@2 state count`: name, place, arguments; `*` in front of those that are taken, `~` of those
    /// of another line.
    fn folders(lines: &[&str]) -> Vec<Folder> {
        let folder = |line: &&str| {
            let (is_taken, has_moved) = (line.starts_with('*'), line.starts_with('~'));
            let (name, arguments) = line.trim_start_matches(['*', '~']).split_once(' ').unwrap();
            let (name, number) = name.split_once('@').unwrap();
            let id = Id::stage("a", name).unwrap();
            Folder { id, number: number.parse().unwrap(), arguments: arguments.to_owned(), is_taken, has_moved }
        };
        lines.iter().map(folder).collect()
    }

    fn settled(lines: &[&str], part: &str, arguments: &str, new: bool) -> String {
        let id = Id::stage("a", part).unwrap();
        let id = settle(&folders(lines), &Wanted { id: &id, arguments, new });
        id.to_string().trim_start_matches("a.").to_owned()
    }

    #[test]
    fn in_the_same_line_a_stage_is_known_by_its_place() {
        let two = ["01-dedup@1 dedup", "03-dedup@3 dedup"];
        assert_eq!(settled(&two, "01-dedup", "dedup", false), "01-dedup");
        assert_eq!(settled(&["*01-dedup@1 dedup", "03-dedup@3 dedup"], "03-dedup", "dedup", false), "03-dedup");
        // Whatever it says now: who looks at it says whether that may be.
        assert_eq!(settled(&two, "03-dedup", "dedup --by .x", false), "03-dedup");
        // It had moved before.
        assert_eq!(settled(&["01-state@2 state sum"], "02-state", "state sum", false), "01-state");
        assert_eq!(settled(&[], "02-state", "state sum", false), "02-state");
        // One was let go, and begins anew: the other one stays what it is.
        assert_eq!(settled(&["03-dedup@3 dedup"], "01-dedup", "dedup", true), "01-dedup");
        // A copy of the stream has the stage once more.
        assert_eq!(settled(&["*01-files@2 sink files a"], "02-files", "sink files a", false), "01-files");
    }

    #[test]
    fn in_another_line_a_stage_is_known_by_what_it_is() {
        let two = ["~01-dedup@1 dedup", "~03-dedup@3 dedup", "~04-files@4 sink files a"];
        // Two that are the same keep their order.
        assert_eq!(settled(&two, "02-dedup", "dedup", false), "01-dedup");
        let first_taken = ["*01-dedup@2 dedup", "~03-dedup@3 dedup", "~04-files@4 sink files a"];
        assert_eq!(settled(&first_taken, "04-dedup", "dedup", false), "03-dedup");
        assert_eq!(settled(&first_taken, "05-files", "sink files a", false), "04-files");
        // The only one of its tool is the one, also where it says something else.
        assert_eq!(settled(&first_taken, "05-files", "sink files b", false), "04-files");
        assert_eq!(settled(&first_taken, "05-files", "sink files b", true), "05-files");
        // Of several none is.
        let sinks = ["~01-files@1 sink files a", "~02-files@2 sink files b"];
        assert_eq!(settled(&sinks, "02-files", "sink files c", false), "03-files");
    }

    #[test]
    fn a_start_that_was_killed_had_told_only_some() {
        // Two that are the same stood at 1 and 2; the first was told 2 as something came in front.
        let killed = |first: &'static str, second: &'static str| [first, second];
        // Again with it in front, and then without.
        let again = killed("01-dedup@2 dedup", "~02-dedup@2 dedup");
        assert_eq!(settled(&again, "02-dedup", "dedup", false), "01-dedup");
        let taken = killed("*01-dedup@2 dedup", "~02-dedup@2 dedup");
        assert_eq!(settled(&taken, "03-dedup", "dedup", false), "02-dedup");
        let back = killed("~01-dedup@2 dedup", "02-dedup@2 dedup");
        assert_eq!(settled(&back, "01-dedup", "dedup", false), "01-dedup");
        let taken = killed("*01-dedup@1 dedup", "02-dedup@2 dedup");
        assert_eq!(settled(&taken, "02-dedup", "dedup", false), "02-dedup");
    }

    #[test]
    fn what_is_pinned_or_of_another_tool_or_source_is_none() {
        let id = Id::stage("a", "words").unwrap();
        let wanted = Wanted { id: &id, arguments: "state", new: false };
        assert_eq!(settle(&folders(&["01-state@1 state"]), &wanted), id);
        assert_eq!(settled(&["~01-window@1 state"], "02-state", "state", false), "02-state");
        let behind_both = Id::stage("a+b", "02-state").unwrap();
        let wanted = Wanted { id: &behind_both, ..wanted };
        assert_eq!(settle(&folders(&["01-state@1 state"]), &wanted), behind_both);
    }

    #[test]
    fn a_line_is_the_same_while_the_same_tools_stand_in_it() {
        let was = json!(["source tail x", "filter A", "state sum", "sink files o"]);
        for (now, moved) in [
            (json!(["source tail x y", "filter B", "state sum"]), false),
            (json!(["source tail x", "state sum"]), true),
            (json!(["source tail x", "map .", "filter A", "state sum"]), true),
            (json!(["source tail x", "filter A", "state sum", "sink files o", "sink print"]), false),
        ] {
            assert_eq!(has_moved(&was, &now), moved, "{now}");
            assert_eq!(has_moved(&tools(&was), &now), moved, "{now}");
        }
        let was = json!([["source a", "map ."], ["source b"], "join", "state sum"]);
        assert!(!has_moved(&was, &json!([["source a", "map .x"], ["source b"], "join", "state sum"])));
        assert!(has_moved(&was, &json!([["source a"], ["source b"], "join", "state sum"])));
        assert!(has_moved(&was, &json!([["source a", "map ."], ["source b", "map ."], "join", "state sum"])));
        assert!(has_moved(&was, &json!(["source a", "state sum"])));
    }
}
