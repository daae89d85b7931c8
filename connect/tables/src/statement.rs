//! `--sql`: a statement with named parameters, `:name`.

/// A statement, cut at its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What stands between parameters: one more than there are parameters.
    pieces: Vec<String>,
    /// The name of each parameter, in order; one may come several times.
    names: Vec<String>,
}

impl Statement {
    /// Finds the parameters. A colon in a string, a quoted name, a comment or a cast (`::`) begins none.
    ///
    /// ```
    /// use sstream_tables::Statement;
    ///
    /// let statement = Statement::parse("insert into t values (:a, ':x', :b::int, :a) -- :c");
    /// assert_eq!(statement.names(), ["a", "b", "a"]);
    /// let numbered = statement.with_placeholders(|number| format!("${number}"));
    /// assert_eq!(numbered, "insert into t values ($1, ':x', $2::int, $3) -- :c");
    /// ```
    pub fn parse(sql: &str) -> Statement {
        let bytes = sql.as_bytes();
        let (mut pieces, mut names) = (Vec::new(), Vec::new());
        let (mut at, mut begin) = (0, 0);
        while at < bytes.len() {
            let rest = &sql[at..];
            if let Some(length) = quoted(rest) {
                at += length;
            } else if bytes[at] == b':' {
                let name: &str = &rest[1..];
                let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                if rest.starts_with("::") {
                    at += 2;
                } else if length > 0 && !name.as_bytes()[0].is_ascii_digit() {
                    pieces.push(sql[begin..at].to_owned());
                    names.push(name[..length].to_owned());
                    at += 1 + length;
                    begin = at;
                } else {
                    at += 1;
                }
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        pieces.push(sql[begin..].to_owned());
        Statement { pieces, names }
    }

    /// The parameters' names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The statement with what `placeholder` gives in the place of each parameter, of which the
    /// first has number 1.
    pub fn with_placeholders(&self, placeholder: impl Fn(usize) -> String) -> String {
        let mut sql = String::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            sql.push_str(piece);
            if index < self.names.len() {
                sql.push_str(&placeholder(index + 1));
            }
        }
        sql
    }
}

/// The length of what is quoted, or a comment, where it begins here; to the end if it is not closed.
fn quoted(rest: &str) -> Option<usize> {
    let (skip, close) = match rest.as_bytes() {
        [quote @ (b'\'' | b'"' | b'`'), ..] => (1, std::str::from_utf8(std::slice::from_ref(quote)).ok()?.to_owned()),
        [b'-', b'-', ..] => (2, "\n".to_owned()),
        [b'/', b'*', ..] => (2, "*/".to_owned()),
        [b'$', inside @ ..] => {
            let tag = inside.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count();
            if inside.get(tag) != Some(&b'$') {
                return None;
            }
            (tag + 2, rest[..tag + 2].to_owned())
        }
        _ => return None,
    };
    Some(rest[skip..].find(&close).map_or(rest.len(), |end| skip + end + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parameters_are_parameters() {
        for (sql, names) in [
            ("select 1", &[][..]),
            ("select :a,:b_2", &["a", "b_2"]),
            ("select 'it''s :no' || :yes", &["yes"]),
            ("select \":no\", `:no`, /* :no */ :yes", &["yes"]),
            ("select $$ :no $$, $tag$ :no $tag$, $1, :yes", &["yes"]),
            ("select a::text, b[1:2], :é, '", &[]),
        ] {
            assert_eq!(Statement::parse(sql).names(), names, "{sql}");
            let again = Statement::parse(sql);
            let names = again.names().to_vec();
            assert_eq!(again.with_placeholders(|number| format!(":{}", names[number - 1])), sql);
        }
    }
}
