//! The columns of a sink: told by a file, or found in its first records, and wider as records have more.

use std::path::Path;

use super::guess::Guess;
use super::types::to_parquet;
use super::{Field, FieldKind, Leaf, file, widen};
use crate::error::SinkError;
use crate::partition::Template;
use crate::rows::shred::{OnNewColumn, Shredder};
use crate::rows::value::Times;
use crate::store::files::Columns;

/// A column whose values are moments: its path, as `at` or `event.at`, and how they are written.
pub type Moments = Vec<(String, Times)>;

/// What options say of columns.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Those of `--schema`.
    pub fields: Option<Vec<Field>>,
    /// Types of columns by their paths, in the place of those that would be found.
    pub types: Vec<(String, Leaf)>,
    /// Those that are moments.
    pub moments: Moments,
    /// How moments of all others are written.
    pub times: Times,
    /// What becomes of keys that are no columns.
    pub on_new: OnNewColumn,
    /// What folders are called.
    pub partition: Option<Template>,
}

/// The columns.
pub struct Table {
    told: Told,
    fields: Vec<Field>,
    /// What fills them; nothing while they are not known.
    columns: Option<Columns>,
}

impl Table {
    /// The columns that were told, or none.
    ///
    /// # Errors
    /// They do not go with the options.
    pub fn new(told: Told) -> Result<Table, SinkError> {
        let mut table = Table { fields: Vec::new(), columns: None, told };
        if let Some(fields) = table.told.fields.clone() {
            table.set(fields)?;
            if let Some(path) = table.unknown() {
                return Err(SinkError::Options(format!("--timestamp {path} is no column of --schema")));
            }
        }
        Ok(table)
    }

    /// What fills the columns, once they are known.
    pub fn columns(&mut self) -> Option<&mut Columns> {
        self.columns.as_mut()
    }

    /// A column that was told to be a moment, or of a type, and is not there.
    pub fn unknown(&self) -> Option<&str> {
        let moments = self.told.moments.iter().map(|(path, _)| (path, Leaf::MOMENT));
        let mut told = self.told.types.iter().map(|(path, leaf)| (path, *leaf)).chain(moments);
        told.find(|(path, leaf)| !has(&self.fields, path, *leaf)).map(|(path, _)| path.as_str())
    }

    /// Takes the columns of an earlier run.
    ///
    /// # Errors
    /// They cannot be read, or do not go with the options.
    pub fn restore(&mut self, path: &Path) -> Result<(), SinkError> {
        // Told ones count, and may have become wider since.
        if !path.exists() || (self.told.fields.is_some() && self.told.on_new != OnNewColumn::Add) {
            return Ok(());
        }
        let known = file::read(path).map_err(|what| SinkError::Gone {
            path: path.to_owned(),
            what: format!("the columns cannot be read: {what}"),
        })?;
        let mut fields = self.fields.clone();
        widen(&mut fields, known);
        self.set(fields)
    }

    /// Takes in what records have; whether that is something new.
    ///
    /// # Errors
    /// It does not go with the options.
    pub fn learn(&mut self, guess: &Guess) -> Result<bool, SinkError> {
        let mut found = guess.fields().map_err(|keys| {
            SinkError::Options(format!("records have more than {keys} keys, which are too many for columns: name those that are wanted by --schema"))
        })?;
        let moments = self.told.moments.iter().map(|(path, _)| (path.clone(), Leaf::MOMENT));
        let types: Vec<(String, Leaf)> = self.told.types.iter().cloned().chain(moments).collect();
        apply(&types, String::new(), &mut found);
        let mut fields = self.fields.clone();
        self.leave_out(&mut found)?;
        let is_wider = widen(&mut fields, found);
        if is_wider {
            self.set(fields)?;
        }
        Ok(is_wider)
    }

    /// Writes them for a later run; not synced.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn save(&self, path: &Path) -> Result<std::fs::File, SinkError> {
        file::write(&self.fields, path).map_err(|message| SinkError::Parquet { path: path.to_owned(), message })
    }

    fn set(&mut self, mut fields: Vec<Field>) -> Result<(), SinkError> {
        let left_out = self.leave_out(&mut fields)?;
        let moments = &self.told.moments;
        let times = |path: &str| {
            let told = moments.iter().find(|(moment, _)| moment == path).map(|(_, times)| times.clone());
            Some(told.unwrap_or_else(|| self.told.times.clone()))
        };
        let root = to_parquet(&fields).map_err(|error| SinkError::Options(format!("the columns: {error}")))?;
        let shredder = Shredder::new(&fields, &left_out, self.told.on_new, &times);
        self.columns = Some(Columns { root, shredder });
        self.fields = fields;
        Ok(())
    }

    /// Takes away the columns whose value is the name of a folder: readers find them there. Gives the names of all such.
    fn leave_out(&self, fields: &mut Vec<Field>) -> Result<Vec<String>, SinkError> {
        let Some(template) = &self.told.partition else { return Ok(Vec::new()) };
        let is_folder = |field: &Field| template.names().any(|name| name.eq_ignore_ascii_case(&field.name));
        if let Some(field) = fields.iter().find(|field| is_folder(field) && !template.is_value_of(&field.name)) {
            return Err(SinkError::Options(format!(
                "records have a column {name}, and --partition has a folder {name}= with another value, of which readers would take one for \
                 the other: call the folder otherwise",
                name = field.name
            )));
        }
        fields.retain(|field| !is_folder(field));
        Ok(template.names().filter(|name| template.is_value_of(name)).map(str::to_owned).collect())
    }
}

/// Gives columns the types that were told.
fn apply(types: &[(String, Leaf)], above: String, fields: &mut [Field]) {
    for field in fields {
        let path = if above.is_empty() { field.name.clone() } else { format!("{above}.{}", field.name) };
        if let Some((_, leaf)) = types.iter().find(|(told, _)| *told == path) {
            field.kind = FieldKind::Leaf(*leaf);
        }
        let mut kind = &mut field.kind;
        let mut path = path;
        while let FieldKind::List(element) = kind {
            kind = &mut element.kind;
            path.push_str("[]");
        }
        if let FieldKind::Group(fields) = kind {
            apply(types, path, fields);
        }
    }
}

/// Whether there is a column of this path and type; of moments any type will do.
fn has(fields: &[Field], path: &str, leaf: Leaf) -> bool {
    fields.iter().any(|field| {
        let Some(rest) = path.strip_prefix(field.name.as_str()) else { return false };
        let (mut kind, mut rest) = (&field.kind, rest);
        while let (FieldKind::List(element), Some(inner)) = (kind, rest.strip_prefix("[]")) {
            (kind, rest) = (&element.kind, inner);
        }
        match (kind, rest.strip_prefix('.')) {
            (FieldKind::Leaf(Leaf::Timestamp { .. }), None) if leaf == Leaf::MOMENT => rest.is_empty(),
            (FieldKind::Leaf(found), None) => *found == leaf && rest.is_empty(),
            (FieldKind::Group(fields), Some(rest)) => has(fields, rest, leaf),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(records: &[&str]) -> Guess {
        let mut guess = Guess::default();
        records.iter().for_each(|record| guess.see(record.as_bytes()));
        guess
    }

    #[test]
    fn moments_are_found_by_their_path() {
        let moments = ["at", "o.at", "l[].at", "no"].map(|path| (path.to_owned(), Times::default())).to_vec();
        let mut table = Table::new(Told { moments, ..Told::default() }).unwrap();
        assert!(table.learn(&guess(&["{\"at\":1,\"o\":{\"at\":\"x\"},\"l\":[{\"at\":1,\"b\":1}]}"])).unwrap());
        assert_eq!(table.unknown(), Some("no"));
        assert!(!table.learn(&guess(&["{\"at\":\"x\",\"no\":null}"])).unwrap());
        assert!(table.learn(&guess(&["{\"no\":1}"])).unwrap());
        assert_eq!(table.unknown(), None);
    }

    #[test]
    fn a_folder_takes_its_column_away_or_another_column_is_in_its_way() {
        let told = |template: &str| Told { partition: Some(Template::parse(template).unwrap()), ..Told::default() };
        let mut table = Table::new(told("c={.c}")).unwrap();
        assert!(table.learn(&guess(&["{\"c\":1,\"n\":1}"])).unwrap());
        assert_eq!(table.fields.len(), 1);
        let mut table = Table::new(told("c=%Y")).unwrap();
        assert!(table.learn(&guess(&["{\"c\":1}"])).unwrap_err().to_string().contains("call the folder otherwise"));
    }

    #[test]
    fn columns_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schema");
        let mut table = Table::new(Told::default()).unwrap();
        table.learn(&guess(&["{\"a\":1}"])).unwrap();
        table.save(&path).unwrap();
        let mut again = Table::new(Told::default()).unwrap();
        assert!(again.columns().is_none());
        again.restore(&path).unwrap();
        assert!(again.columns().is_some() && again.fields == table.fields);
        again.restore(&folder.path().join("none")).unwrap();
    }
}
