//! Rows of words, for people.

/// Rows under each other, each column as wide as its widest cell.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let room = if column + 1 < row.len() { widths[column] + 2 } else { 0 };
            text.push_str(&format!("{cell:room$}"));
        }
        text.push('\n');
    }
    text
}
