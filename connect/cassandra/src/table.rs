//! Where rows go: a table, or a statement of the user's own, and how the first of these is made.

use sstream_tables::ColumnType;
use sstream_tables::args::quoted;

/// Where rows go.
#[derive(Clone, Debug)]
pub enum Target {
    /// Into a table, by its columns.
    Table(Table),
    /// Into a statement, for each row.
    Statement(String),
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// The columns that are written; all, if none are told.
    pub columns: Option<Vec<String>>,
    /// Rows are gone after so many seconds.
    pub ttl_s: Option<u64>,
}

/// A table's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The keyspace.
    pub keyspace: String,
    /// The name in it.
    pub table: String,
}

impl Name {
    fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.keyspace, '"'), quoted(&self.table, '"'))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.keyspace, self.table)
    }
}

/// A table with the columns that are written, if they were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The table.
    pub name: Name,
    /// The columns.
    pub columns: Option<Vec<String>>,
}

impl Named {
    /// Reads `KEYSPACE.TABLE`, or `KEYSPACE.TABLE(COLUMN,…)`.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Named, String> {
        let wrong = || "a table is as KEYSPACE.TABLE, or with its columns as 'KEYSPACE.TABLE(path,count)'".to_owned();
        let (name, columns) = match text.split_once('(') {
            None => (text, None),
            Some((name, columns)) => {
                let columns = columns.strip_suffix(')').ok_or_else(wrong)?;
                (name.trim(), Some(columns.split(',').map(|column| column.trim().to_owned()).collect::<Vec<_>>()))
            }
        };
        let (keyspace, table) = name.split_once('.').ok_or_else(wrong)?;
        let is_named = |name: &str| !name.is_empty();
        let are_named = columns.iter().flatten().all(|column| is_named(column));
        let name = Name { keyspace: keyspace.to_owned(), table: table.to_owned() };
        if is_named(keyspace) && is_named(table) && are_named { Ok(Named { name, columns }) } else { Err(wrong()) }
    }
}

impl Table {
    /// The statement that writes a row with these columns.
    pub fn insert(&self, columns: &[String]) -> String {
        let ttl = self.ttl_s.map(|seconds| format!(" USING TTL {seconds}")).unwrap_or_default();
        let places = vec!["?"; columns.len()].join(", ");
        format!("INSERT INTO {} ({}) VALUES ({places}){ttl}", self.name.quoted(), list(columns))
    }
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column, '"')).collect::<Vec<_>>().join(", ")
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The columns that tell the partition.
    pub partition: Vec<String>,
    /// Those by which rows are told from each other in it.
    pub clustering: Vec<String>,
}

impl Key {
    /// Reads what stands behind PRIMARY KEY, as `a,b` or `(a,b),c`.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Key, String> {
        let wrong =
            || "a key is as 'user,at', the first column of which tells the partition, or '(user,day),at'".to_owned();
        let names = |text: &str| -> Result<Vec<String>, String> {
            let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
            let is_wrong = |name: &String| name.is_empty() || name.contains(['(', ')']);
            if names.iter().any(is_wrong) { Err(wrong()) } else { Ok(names) }
        };
        let (partition, rest) = match text.trim().strip_prefix('(') {
            Some(inside) => inside.split_once(')').ok_or_else(wrong)?,
            None => text.split_at(text.find(',').unwrap_or(text.len())),
        };
        let clustering = match rest.trim() {
            "" => Vec::new(),
            rest => names(rest.strip_prefix(',').ok_or_else(wrong)?)?,
        };
        Ok(Key { partition: names(partition)?, clustering })
    }
}

/// How a table is made.
#[derive(Clone, Debug)]
pub struct Create {
    /// Its primary key.
    pub key: Key,
    /// Types that were told.
    pub types: Vec<(String, String)>,
}

impl Create {
    /// The statement that makes a table with these columns, if it is not there.
    ///
    /// # Errors
    /// A column of the key is none of them.
    pub fn statement(&self, name: &Name, columns: &[(&str, ColumnType)]) -> Result<String, String> {
        let told = |column: &str| self.types.iter().find(|(of, _)| of == column).map(|(_, told)| told.as_str());
        let mut described: Vec<(&str, &str)> =
            columns.iter().map(|(column, seen)| (*column, told(column).unwrap_or(type_of(*seen)))).collect();
        for (column, told) in &self.types {
            if !described.iter().any(|(name, _)| name == column) {
                described.push((column, told));
            }
        }
        let Key { partition, clustering } = &self.key;
        let is_there = |column: &&String| described.iter().any(|(name, _)| name == column);
        if let Some(column) = partition.iter().chain(clustering).find(|column| !is_there(column)) {
            return Err(format!("--key {column}: no record of the first batch has it, and no --type tells what it is"));
        }
        let parts: Vec<String> =
            described.iter().map(|(column, kind)| format!("{} {kind}", quoted(column, '"'))).collect();
        let clustering = if clustering.is_empty() { String::new() } else { format!(", {}", list(clustering)) };
        Ok(format!(
            "CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY (({}){clustering}))",
            name.quoted(),
            parts.join(", "),
            list(partition)
        ))
    }
}

fn type_of(seen: ColumnType) -> &'static str {
    match seen {
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "bigint",
        ColumnType::Number => "decimal",
        ColumnType::Text | ColumnType::Json => "text",
    }
}

/// What a statement of the user's own does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It writes.
    Writes,
    /// It writes if something is so: that is asked for each row by itself.
    WritesIf,
    /// Something else.
    Else,
}

/// Reads as much of a statement as tells what it does.
pub fn does(statement: &str) -> Does {
    let mut words = Vec::new();
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            '$' if rest.starts_with("$$") => rest[2..].find("$$").map_or(rest.len(), |at| at + 4),
            _ if first.is_alphanumeric() || ":_".contains(first) => {
                let is_end = |next: char| !next.is_alphanumeric() && next != '_';
                let length = rest[1..].find(is_end).map_or(rest.len(), |at| at + 1).max(first.len_utf8());
                words.push(rest[..length].to_ascii_lowercase());
                length
            }
            _ => first.len_utf8(),
        };
        rest = &rest[length..];
    }
    match words.first().map(String::as_str) {
        Some("insert" | "update" | "delete") if words.iter().any(|word| word == "if") => Does::WritesIf,
        Some("insert" | "update" | "delete") => Does::Writes,
        _ => Does::Else,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn keys() {
        for (text, partition, clustering) in [
            ("a", &["a"][..], &[][..]),
            ("a, b,c", &["a"], &["b", "c"]),
            ("(a,b), c", &["a", "b"], &["c"]),
            ("(a)", &["a"], &[]),
        ] {
            let key = Key { partition: names(partition), clustering: names(clustering) };
            assert_eq!(Key::parse(text), Ok(key), "{text}");
        }
        for wrong in ["", ",a", "a,", "(a", "(a)b", "()", "(a),", "a,(b)"] {
            assert!(Key::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn statements() {
        let Named { name, columns } = Named::parse("shop.Hits(a, b)").unwrap();
        assert_eq!((&*name.to_string(), columns), ("shop.Hits", Some(names(&["a", "b"]))));
        for wrong in ["hits", "shop.", ".hits", "shop.hits(a", "shop.hits()", "shop.hits(a,)"] {
            assert!(Named::parse(wrong).is_err(), "{wrong}");
        }
        let table = Table { name: name.clone(), columns: None, ttl_s: Some(60) };
        assert_eq!(
            table.insert(&names(&["a", "b\"c"])),
            "INSERT INTO \"shop\".\"Hits\" (\"a\", \"b\"\"c\") VALUES (?, ?) USING TTL 60"
        );
        let types = vec![("at".to_owned(), "timestamp".to_owned()), ("d".to_owned(), "set<int>".to_owned())];
        let create = Create { key: Key::parse("(a,at),b").unwrap(), types };
        let columns = [("a", ColumnType::Text), ("at", ColumnType::Integer), ("b", ColumnType::Number)];
        assert_eq!(
            create.statement(&name, &columns).unwrap(),
            "CREATE TABLE IF NOT EXISTS \"shop\".\"Hits\" (\"a\" text, \"at\" timestamp, \"b\" decimal, \
             \"d\" set<int>, PRIMARY KEY ((\"a\", \"at\"), \"b\"))"
        );
        assert!(create.statement(&name, &columns[..2]).unwrap_err().starts_with("--key b: "));
    }

    #[test]
    fn what_statements_do() {
        for (statement, expected) in [
            ("INSERT INTO ks.t (a) VALUES (:a)", Does::Writes),
            ("  update t set a = 'if' where \"if\" = :if and b = $$ if $$", Does::Writes),
            ("delete from t where k = :k IF EXISTS", Does::WritesIf),
            ("insert into t (a) values (:é) if not exists", Does::WritesIf),
            ("select * from t", Does::Else),
            ("begin batch insert into t", Does::Else),
            ("", Does::Else),
            ("update 'open", Does::Writes),
        ] {
            assert_eq!(does(statement), expected, "{statement}");
        }
    }
}
