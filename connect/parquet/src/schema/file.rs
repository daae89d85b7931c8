//! A schema in a file: as text, or as a file of Parquet has it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::types::{from_parquet, to_parquet};
use super::{Field, MOST_LEVELS};

/// What every file of Parquet begins with.
const MAGIC: &[u8] = b"PAR1";

/// Reads the schema of a file: a message type of Parquet as text, or a file of Parquet, of which only
/// the schema counts.
///
/// # Errors
/// What is wrong with it.
pub fn read(path: &Path) -> Result<Vec<Field>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(|error| told(&error))?;
    let mut start = [0; MAGIC.len()];
    let is_parquet = file.read_exact(&mut start).is_ok() && start == MAGIC;
    let fields = if is_parquet {
        let reader = SerializedFileReader::new(file).map_err(|error| told(&error))?;
        from_parquet(reader.metadata().file_metadata().schema())
    } else {
        let text = fs::read_to_string(path).map_err(|error| told(&error))?;
        check_depth(&text).map_err(|error| told(&error))?;
        let root = parse_message_type(&text).map_err(|error| told(&error))?;
        from_parquet(&root)
    };
    let fields = fields.map_err(|error| told(&error))?;
    match fields.iter().map(Field::levels).max() {
        None => Err(told(&"it has no columns")),
        Some(levels) if levels > MOST_LEVELS => {
            Err(told(&format!("it is {levels} levels deep, and {MOST_LEVELS} are the most")))
        }
        Some(_) => Ok(fields),
    }
}

/// The parser goes down by recursion.
fn check_depth(text: &str) -> Result<(), &'static str> {
    let mut depth = 0usize;
    for byte in text.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        // A list is two levels of the text.
        if depth > 3 * MOST_LEVELS {
            return Err("it nests too deep");
        }
    }
    Ok(())
}

/// Writes a schema, as a file of Parquet without rows; not synced.
///
/// # Errors
/// What keeps it from being written.
pub fn write(fields: &[Field], path: &Path) -> Result<File, String> {
    let write = || {
        let root = to_parquet(fields)?;
        let file = File::create(path)?;
        SerializedFileWriter::new(file, root, Arc::new(WriterProperties::new()))?.into_inner()
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{FieldKind, Leaf};

    #[test]
    fn a_schema_with_odd_names_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schema");
        let leaf = || FieldKind::Leaf(Leaf::Text);
        let names = ["a b", "x.y", "", "=/;{", "\"", "é"];
        let fields: Vec<Field> = names.iter().map(|name| Field::optional(*name, leaf())).collect();
        write(&fields, &path).unwrap();
        assert_eq!(read(&path).unwrap(), fields);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schema");
        assert!(read(&path).unwrap_err().contains("No such file"));
        let deep = format!("message m {{ {} }}", "optional group a { ".repeat(5000));
        for (text, says) in [
            ("message m { optional int65 a; }", "INT65"),
            ("message m { }", "no columns"),
            (&deep, "nests too deep"),
            ("PAR1", "schema: "),
        ] {
            fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.contains(says) && error.contains("schema"), "{error}");
        }
    }
}
