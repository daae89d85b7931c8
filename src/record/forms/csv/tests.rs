use super::*;
use crate::record::forms::tests::run;
use proptest::prelude::*;

fn csv(chunks: &[&str]) -> (Vec<String>, Vec<String>) {
    run(&mut Csv::new(CsvOptions::default(), None), chunks)
}

fn named(columns: &[&str]) -> Csv {
    let columns = Some(columns.iter().map(|name| (*name).to_owned()).collect());
    Csv::new(CsvOptions { columns, ..CsvOptions::default() }, None)
}

#[test]
fn rows_are_objects() {
    let (records, bad) = csv(&["a,b\r\n1,\"x \"\"y\"\",z\"\r\n", "2,\"two\n", "lines\"\n\n3\n4,\"\"\n"]);
    assert_eq!(records, [r#"{"a":"1","b":"x \"y\",z"}"#, r#"{"a":"2","b":"two\nlines"}"#, r#"{"a":"4","b":""}"#]);
    assert_eq!(bad, ["3: 1 fields where the columns are 2"]);
    let (records, _) = run(&mut named(&["x", "y"]), &["1,2\n"]);
    assert_eq!(records, [r#"{"x":"1","y":"2"}"#]);
}

#[test]
fn a_quote_that_is_not_closed_is_a_bad_record() {
    let (records, bad) = csv(&["a,b\n1,2\n1,\"2\n3,4\n", "5,6\n"]);
    assert_eq!(records, [r#"{"a":"1","b":"2"}"#]);
    assert_eq!(bad, ["1,\"2\n3,4\n5,6\n: a quote is not closed: all that came behind it is one field"]);
}

#[test]
fn a_connection_that_ends_takes_no_row_of_the_next_one() {
    let mut format = Csv::new(CsvOptions::default(), None);
    let (_, bad) = run(&mut format, &["a,b\n1,\"2\n"]);
    assert_eq!(bad.len(), 1);
    assert_eq!(run(&mut format, &["a,b\n3,4\n"]), (vec![r#"{"a":"3","b":"4"}"#.to_owned()], vec![]));
}

#[test]
fn a_header_that_comes_again_is_no_record() {
    let one = vec![r#"{"a":"1","b":"2"}"#.to_owned(), r#"{"a":"b","b":"a"}"#.to_owned()];
    let chunks = ["\u{feff}a,b\n1,2\n", "\u{feff}\"a\",b\r\nb,a\n"];
    assert_eq!(csv(&chunks), (one.clone(), vec![]));
    assert_eq!(run(&mut named(&["a", "b"]), &chunks), (one, vec![]));
}

proptest! {
    #[test]
    fn rows_together_are_what_each_is_by_itself(
        rows in prop::collection::vec(any_row(), 0..20),
        names in 1usize..4,
        delimiter in prop::sample::select(&b",;\t\\'\"a0"[..]),
        quote in prop::sample::select(&[None, Some(b'"'), Some(b'\'')][..]),
        (trim, no_header, numbers) in any::<(bool, bool, bool)>(),
        is_named: bool,
    ) {
        prop_assume!(quote != Some(delimiter));
        let names: Vec<String> = ["a", "b", "c"][..names].iter().map(|name| name.to_string()).collect();
        let dialect = Dialect { delimiter, quote, trim };
        let options = CsvOptions { dialect, columns: is_named.then_some(names), no_header, numbers };
        let in_dialect = |c: char| match c {
            ',' => char::from(delimiter),
            '"' => char::from(quote.unwrap_or(b'"')),
            other => other,
        };
        let text: String = rows.iter().flat_map(|row| row.chars().map(in_dialect).chain(['\n'])).collect();
        let read = |by_line: bool| {
            let (mut out, mut bad) = (Vec::new(), Vec::new());
            let mut format = Csv::new(options.clone(), None);
            let mut take = |line: &[u8], reason: &str| {
                bad.push((line.to_vec(), reason.to_owned()));
                Ok(())
            };
            let records = if by_line {
                let lines = text.split_inclusive('\n');
                lines.map(|line| format.take_line(line.as_bytes(), Coding::default(), 1 << 20, &mut out, &mut take).unwrap()).sum()
            } else {
                // The first may be the header, without which no other is read together.
                let (first, others) = text.split_at(text.find('\n').map_or(0, |newline| newline + 1));
                [first, others]
                    .map(|lines| format.records(lines.as_bytes().into(), 1 << 20, &mut out, &mut take).unwrap())
                    .iter()
                    .sum::<u64>()
            };
            let record_lines = String::from_utf8(out).unwrap();
            (records, record_lines, bad, format.unfinished(), format.course().place())
        };
        let together = read(false);
        for record in together.1.lines() {
            let mut canonical = Vec::new();
            prop_assert!(record::canonicalize(record.as_bytes(), &mut canonical).is_ok(), "{}", record);
            prop_assert_eq!(record.as_bytes(), canonical);
        }
        prop_assert_eq!(together, read(true));
    }
}

/// A row with commas and quotes, which stand for the dialect's.
fn any_row() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        4 => "[a-c0é]{0,3}",
        3 => "\"[a-c, é;\t]{0,3}\"",
        2 => "\"?-?[0-9]{1,2}(\\.[05]{0,2})?(e[0-9])?\"?",
        2 => "[a\",'\r\\\\\t ]{0,3}",
    ];
    let fields = prop::collection::vec(field, 1..4);
    prop_oneof![
        9 => (fields, "[ab]?\r?").prop_map(|(fields, end)| format!("{}{end}", fields.join(","))),
        1 => Just("a,b".to_owned()),
    ]
}

#[test]
fn no_two_columns_have_one_name() {
    for (header, record) in [
        ("a,a,a_2,a", r#"{"a":"1","a_3":"2","a_2":"3","a_4":"4"}"#),
        (",x,,x", r#"{"1":"1","x":"2","3":"3","x_2":"4"}"#),
        ("2,,c,d", r#"{"2":"1","2_2":"2","c":"3","d":"4"}"#),
    ] {
        assert_eq!(csv(&[header, "\n1,2,3,4\n"]).0, [record], "{header}");
    }
}

#[test]
fn without_a_header_columns_are_called_by_their_places_or_as_was_said() {
    let options = CsvOptions { no_header: true, numbers: true, ..CsvOptions::default() };
    let mut places = Csv::new(options.clone(), None);
    assert_eq!(
        run(&mut places, &["7,x\n7,x\n", "007,\"1.50\"\n", "1\n"]),
        (
            vec![r#"{"1":7,"2":"x"}"#.into(), r#"{"1":7,"2":"x"}"#.into(), r#"{"1":"007","2":1.50}"#.into()],
            vec!["1: 1 fields where the columns are 2".into()]
        )
    );
    let columns = Some(vec!["a".to_owned(), "b".to_owned()]);
    let mut named = Csv::new(CsvOptions { columns, ..options }, None);
    assert_eq!(run(&mut named, &["a,b\n"]).0, [r#"{"a":"a","b":"b"}"#]);
}
