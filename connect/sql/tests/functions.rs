//! Functions beside SQLite's, and those that stand in the place of SQLite's.

use sstream_testkit::shell::Shell;

/// What a query answers on one batch, as the only row.
fn answers(query: &str, batch: &str, row: &str) {
    let line = "sstream-source queue batch | sstream-sql \"$(cat query)\" --output json";
    Shell::new(line)
        .file("batch", batch)
        .file("query", query)
        .run()
        .exits(0)
        .says_nothing()
        .prints(&format!("{row}\n"));
}

#[test]
fn sums_are_exact_and_rounded_once() {
    let tenths = format!("[{}]", ["{\"x\":0.1}"; 10].join(","));
    answers("select sum(x) as s, avg(x) as a from batch", &tenths, "{\"s\":1,\"a\":0.1}");
    let large = "[{\"n\":9223372036854775807},{\"n\":1},{\"n\":12345678901234567890123}]";
    answers("select sum(n) as s from batch", large, "{\"s\":12354902273271422665931}");
    answers("select sum(n) as s, typeof(sum(n)) as t from batch where n < 2", large, "{\"s\":1,\"t\":\"integer\"}");
    answers("select sum(x) as s from batch", "[{\"x\":1e16},{\"x\":1.5},{\"x\":-1e16}]", "{\"s\":1.5}");
    answers("select sum(x) as s, avg(x) as a from batch where x > 9", "[{\"x\":1}]", "{\"s\":null,\"a\":null}");
    answers(
        "select sum(x) as s, avg(x) as a, sum(distinct x) as d from batch",
        "[{\"x\":\"5\"},{\"x\":null},{\"x\":\"5\"},{\"x\":\"2.5\"}]",
        "{\"s\":12.5,\"a\":4.166666666666667,\"d\":7.5}",
    );
    answers(
        "select group_concat(s, ' ') as s from (select sum(x) over (order by rowid rows 1 preceding) as s from batch)",
        "[{\"x\":0.1},{\"x\":0.2},{\"x\":1e16},{\"x\":-1e16},{\"x\":0.7}]",
        "{\"s\":\"0.1 0.3 10000000000000000.0 0.0 -10000000000000000.0\"}",
    );
    Shell::new("echo '[{\"x\":\"5 EUR\"}]' | sstream-source queue - | sstream-sql 'select sum(x) as s from batch'")
        .run()
        .exits(4)
        .says("sum: \"5 EUR\" is no number");
}

#[test]
fn quantiles_and_distinct_values_are_those_of_sstream_reduce() {
    let record = |n: u64| format!("{{\"x\":{},\"h\":\"host {}\"}}", n * n % 4999, n * 7 % 3000);
    let batch = format!("[{}]", (0..5000).map(record).collect::<Vec<_>>().join(","));
    let line = |tool: &str| format!("sstream-source queue batch | {tool} --output json");
    for (query, reduce) in [
        ("select quantile(x, 0.99) as r from batch", "--of .x quantile:0.99"),
        ("select quantile(x, 0.5) as r from batch", "--of .x quantile:0.5"),
        ("select count_distinct(h) as r from batch", "--of .h count-distinct"),
        ("select sum(x) as r from batch", "--of .x sum"),
        ("select avg(x) as r from batch", "--of .x avg"),
    ] {
        let reduced = Shell::new(&line(&format!("sstream-reduce {reduce}"))).file("batch", &batch).run().exits(0);
        answers(query, &batch, &format!("{{\"r\":{}}}", reduced.stdout.trim_end()));
    }
    answers(
        "select quantile(x, 0.5) as q, quantile(x, 1) as m, count_distinct(x) as n from batch",
        "[{\"x\":3},{\"x\":null},{\"x\":3.0},{\"x\":1},{\"x\":2.5}]",
        "{\"q\":2.5,\"m\":3,\"n\":3}",
    );
    answers(
        "select quantile(x, 0.5) as q, count_distinct(x) as n from batch where x > 9",
        "[{\"x\":3}]",
        "{\"q\":null,\"n\":0}",
    );
    for query in ["select quantile(x, 2) as q from batch", "select quantile(x, 'a') as q from batch"] {
        let line = format!("sstream-source queue batch | sstream-sql \"{query}\"");
        Shell::new(&line).file("batch", "[{\"x\":3}]").run().exits(4).says("quantile(x, q): q is");
    }
}
