//! `README.zh-CN.md` is all of `README.md`: the same headings, commands, tables and links, in the same order.

use std::fs;

use super::markdown::cells;
use super::root;

/// What is the same in both: a heading's level, a line of a block, the names in a table's first column, where
/// links lead.
fn skeleton(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let (mut skeleton, mut is_code) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
            skeleton.push(line.to_owned());
        } else if is_code {
            skeleton.push(line.to_owned());
        } else if line.starts_with('#') {
            skeleton.push(line.chars().take_while(|c| *c == '#').collect());
        } else if line.starts_with('|') {
            let first = cells(line).into_iter().next().unwrap_or_default();
            let names: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
            skeleton.push(format!("| {}", names.join(" ")));
        }
        // The link from one to the other is of each alone.
        let targets = line.split("](").skip(1).filter(|_| !is_code).filter_map(|rest| rest.split(')').next());
        skeleton.extend(targets.filter(|target| !target.starts_with("README.")).map(|target| format!("-> {target}")));
    }
    skeleton
}

#[test]
fn the_chinese_readme_is_in_step() {
    let (english, chinese) = (skeleton("README.md"), skeleton("README.zh-CN.md"));
    for (number, (english, chinese)) in english.iter().zip(&chinese).enumerate() {
        assert_eq!(english, chinese, "README.zh-CN.md: part {number} is another one than in README.md");
    }
    assert_eq!(english.len(), chinese.len(), "README.zh-CN.md has not all that README.md has");
}
