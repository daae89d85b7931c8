//! A man page out of a page of Markdown: of what our pages hold, which is headings,
//! paragraphs, lists, tables, blocks of code, and in a line code, bold and links.

use std::iter::Peekable;
use std::str::Lines;

use sstream_testkit::man::{Page, escape};

/// The man page in section 7. The page's title is what stands in NAME.
pub fn page(name: &str, markdown: &str, see_also: &[String]) -> String {
    let mut page = Page::default();
    page.line(&format!(".TH {} 7 \"\" \"sstream {}\" \"sstream\"", name.to_uppercase(), env!("CARGO_PKG_VERSION")));
    let mut lines = markdown.lines().peekable();
    let title = lines.next().unwrap().strip_prefix("# ").expect("a page begins with its title");
    page.section("NAME");
    page.line(&format!("{} \\- {}", escape(name), inline(title)));
    page.section("DESCRIPTION");
    let mut after_heading = true;
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            page.section(&escape(&title.to_uppercase()));
            after_heading = true;
        } else if line.starts_with("```") {
            page.line(".PP");
            page.line(".RS 4");
            let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            page.literal(&code.join("\n"));
            page.line(".RE");
        } else if line.starts_with("|--") || line.starts_with("| in Spark") {
            // A table's head says what the page's description says.
        } else if line.starts_with('|') {
            row(&mut page, &cells(line));
        } else if let Some(item) = line.strip_prefix("- ") {
            page.line(".IP \\(bu 2");
            page.line(&inline(&joined(item, &mut lines)));
        } else if !line.is_empty() {
            if !after_heading {
                page.line(".PP");
            }
            page.line(&inline(&joined(line, &mut lines)));
            after_heading = false;
        }
    }
    page.section("SEE ALSO");
    page.line(&see_also.iter().map(|tool| format!("\\fB{}\\fR(1)", escape(tool))).collect::<Vec<_>>().join(",\n"));
    page.0
}

/// The cells of a table's row; a bar with a backslash before it is text.
pub fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut before = ' ';
    for letter in row.trim_matches('|').chars() {
        let cell = cells.last_mut().unwrap();
        match (before, letter) {
            ('\\', '|') => {
                cell.pop();
                cell.push('|');
            }
            (_, '|') => cells.push(String::new()),
            _ => cell.push(letter),
        }
        before = letter;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// What stands in Spark is the tag; the example is literal; the rest is text.
fn row(page: &mut Page, cells: &[String]) {
    let [spark, example, text] = cells else { panic!("a row has three cells: {cells:?}") };
    page.line(".TP");
    page.line(&inline(spark));
    if !example.is_empty() {
        page.literal(example.trim_matches('`'));
    }
    if !text.is_empty() {
        page.line(&inline(text));
    }
}

/// A paragraph in one line.
fn joined(first: &str, lines: &mut Peekable<Lines>) -> String {
    let mut text = first.to_owned();
    let goes_on = |line: &&str| !line.is_empty() && !line.starts_with(['|', '-', '#', '`']);
    while let Some(line) = lines.next_if(|line| goes_on(line)) {
        text.push(' ');
        text.push_str(line.trim());
    }
    text
}

/// Code and bold text are bold, and of links the text stays.
fn inline(text: &str) -> String {
    let mut roff = String::new();
    for (at, part) in text.split('`').enumerate() {
        let code = at % 2 == 1;
        if code {
            roff.push_str(&format!("\\fB{}\\fR", escape(part)));
            continue;
        }
        for (at, part) in part.split("**").enumerate() {
            let part = escape(&without_links(part));
            roff.push_str(&if at % 2 == 1 { format!("\\fB{part}\\fR") } else { part });
        }
    }
    roff
}

fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((label, after)) = link.split_once("](").and_then(|(label, to)| Some((label, to.split_once(')')?.1)))
        else {
            break;
        };
        plain.push_str(before);
        plain.push_str(label);
        rest = after;
    }
    plain + rest
}

#[test]
fn markdown_becomes_roff() {
    let markdown = "# a `title`\n\nSome **bold**\ntext, and a [link](there.md).\n\n## Part\n\n- an item\n  of two lines\n\n| in Spark | here | |\n|---|---|---|\n| `map` | `one \\| two` | .dots |\n\n```sh\nls -l\n```\n";
    let roff = page("a-name", markdown, &["ls".to_owned()]);
    let expected = "a\\-name \\- a \\fBtitle\\fR\n.SH DESCRIPTION\nSome \\fBbold\\fR text, and a link.\n.SH PART\n.IP \\(bu 2\nan item of two lines\n.TP\n\\fBmap\\fR\n.EX\none | two\n.EE\n\\&.dots\n.PP\n.RS 4\n.EX\nls \\-l\n.EE\n.RE\n.SH SEE ALSO\n\\fBls\\fR(1)\n";
    assert_eq!(roff.split_once(".SH NAME\n").unwrap().1, expected);
}
