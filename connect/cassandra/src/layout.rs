//! What the values of a row are for, and which rows are the same one.

use crate::message::{Parameter, Prepared};
use crate::types::CqlType;

/// A column, as a server's schema has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it is part of the primary key.
    pub is_key: bool,
    /// Whether it is counted up.
    pub is_counter: bool,
}

/// What becomes of a row that is there already in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The newer values take the places of the older ones.
    Merged,
    /// It is written too, with a later time.
    Later,
    /// It is written too: times do not tell here.
    Written,
}

/// How rows are laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What a row's values are for, in their order.
    pub parameters: Vec<Parameter>,
    /// The places in a row of what tells its partition; none where that is not known.
    pub partition: Vec<usize>,
    /// The places of what tells it from all others; none where that is not known.
    pub key: Vec<usize>,
    /// The names of these parameters, each once.
    pub names: Vec<String>,
    /// For each parameter the place of its name.
    pub name_of: Vec<usize>,
    /// Whether only these names are wanted: then a record may have other keys, or be an array.
    pub is_told: bool,
    /// Whether a row has to have all of its key.
    pub is_table: bool,
    /// What becomes of repeated rows.
    pub repeat: Repeat,
    /// Whether rows are counted up.
    pub is_counter: bool,
    /// Whether each is sent by itself, and waited for.
    pub is_alone: bool,
}

impl Layout {
    /// That of rows for a table, of which these columns are written.
    pub fn of_table(prepared: &Prepared, columns: &[Column], is_told: bool) -> Layout {
        let layout = Layout::new(prepared, columns);
        Layout { is_told, is_table: true, repeat: Repeat::Merged, ..layout }
    }

    /// That of a statement's parameters; `columns` are those of its table, as far as they are known.
    pub fn of_statement(prepared: &Prepared, columns: &[Column], is_alone: bool) -> Layout {
        let layout = Layout::new(prepared, columns);
        let is_counter = prepared.parameters.iter().any(|parameter| parameter.kind == CqlType::Counter)
            || columns.iter().any(|column| column.is_counter);
        let repeat = if is_counter || is_alone { Repeat::Written } else { Repeat::Later };
        Layout { is_told: true, is_counter, is_alone, repeat, ..layout }
    }

    fn new(prepared: &Prepared, columns: &[Column]) -> Layout {
        let mut names: Vec<String> = Vec::new();
        let mut name_of = Vec::new();
        for Parameter { name, .. } in &prepared.parameters {
            let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            });
            name_of.push(place);
        }
        let place = |column: &Column| prepared.parameters.iter().position(|parameter| parameter.name == column.name);
        let key: Option<Vec<usize>> = columns.iter().filter(|column| column.is_key).map(place).collect();
        Layout {
            parameters: prepared.parameters.clone(),
            partition: prepared.partition.clone(),
            // Where parameters have names of their own, all of a partition is taken for one row.
            key: key.filter(|key| !key.is_empty()).unwrap_or_else(|| prepared.partition.clone()),
            names,
            name_of,
            is_told: false,
            is_table: false,
            repeat: Repeat::Merged,
            is_counter: false,
            is_alone: false,
        }
    }
}
