//! Static tables beside the stream.

use sstream_testkit::shell::{Shell, shell};

const BATCHES: &str = "[{\"id\":1,\"n\":5},{\"id\":2,\"n\":7},{\"id\":7,\"n\":9}]";
const QUERY: &str = "select batch.n, users.name from batch left join users on users.id = batch.id order by n";
const ANSWER: &str = "{\"n\":5,\"name\":\"Ann\"}\n{\"n\":7,\"name\":\"Bo \\\"B\\\"\"}\n{\"n\":9,\"name\":null}\n";

/// A pipeline in SQL, with `users` in a file.
fn joined(query: &str, name: &str, users: &str) -> sstream_testkit::shell::Ran {
    let line =
        format!("sstream-source queue batches | sstream-sql \"$(cat query)\" --table users={name} --output json");
    Shell::new(&line).file("batches", BATCHES).file("query", query).file(name, users).run()
}

#[test]
fn a_file_is_a_table_of_the_query() {
    let csv = "id,name\n1,Ann\n2,\"Bo \"\"B\"\"\"\n007,James\n";
    let lines = "{\"id\":1,\"name\":\"Ann\"}\n\n{\"name\":\"Bo \\\"B\\\"\",\"id\":2}\n";
    for (name, users) in [("u.csv", csv), ("u", csv), ("u.jsonl", lines), ("u", lines)] {
        joined(QUERY, name, users).exits(0).prints(ANSWER);
    }
    joined("select n from batch join users using (id)", "u.csv", csv).exits(0).prints("{\"n\":5}\n{\"n\":7}\n");
    joined("select n, name from batch natural join users", "u.csv", csv)
        .exits(0)
        .prints("{\"n\":5,\"name\":\"Ann\"}\n{\"n\":7,\"name\":\"Bo \\\"B\\\"\"}\n");
    joined("select * from users where id > 1", "u.csv", "id,name\n").exits(0).prints("");
}

#[test]
fn a_table_of_a_database_of_sqlite_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let sql = "create table Users(id integer primary key, name); insert into Users values(1, 'Ann'), (2, 'Bo \"B\"');";
    database.execute_batch(sql).unwrap();
    let run = |name: &str| {
        let table = format!("--table {name}={}", path.display());
        let query = QUERY.replace("users", name);
        let line = format!("sstream-source queue batches | sstream-sql \"$(cat query)\" {table} --output json");
        Shell::new(&line).file("batches", BATCHES).file("query", &query).run()
    };
    run("users").exits(0).prints(ANSWER);
    run("people").exits(3).says("there is no table people in it, but Users");
}

#[test]
fn a_table_that_changes_is_read_again() {
    // Lines come until the batch after a change was answered; a bad content leaves what there was.
    let line = r#"mkfifo lines; sstream-sql --input json --batch 50ms --table u=u.csv \
        'select u.name from batch join u using (id)' --output json < lines > out 2> err & exec 3> lines
        until_said() { until grep -q "$1" $2; do echo '{"id":1}' >&3; sleep 0.05; done; }
        until_said Ann out; printf 'id,name\n1,Bea\n' > new; mv new u.csv; until_said Bea out
        printf 'id,name\n1\n' > new; mv new u.csv; until_said 'going on with' err
        printf 'name,id\nCid,1\n' > new; mv new u.csv; until_said Cid out
        exec 3>&-; wait; uniq out"#;
    let ran = Shell::new(line).file("u.csv", "id,name\n1,Ann\n").run();
    ran.exits(0).prints("{\"name\":\"Ann\"}\n{\"name\":\"Bea\"}\n{\"name\":\"Cid\"}\n");
}

#[test]
fn what_is_no_table_is_told_with_its_place() {
    joined(QUERY, "u.csv", "id,name\n1\n").exits(3).says("u.csv: 1 fields where the columns are 2: 1");
    joined(QUERY, "u.jsonl", "\n").exits(3).says("u.jsonl: there is no record");
    joined(QUERY, "u.jsonl", "{\"id\":\n").exits(3).says("u.jsonl: ");
    joined("select nam from users", "u.csv", "id,name\n").exits(2).says("no such column: nam");
    joined("delete from users", "u.csv", "id,name\n").exits(2).says("statements that change something are refused");
    shell("sstream-sql 'select 1 as a' --table u=gone.csv < /dev/null").exits(1).says("gone.csv");
    shell("sstream-sql 'select 1 as a' --table a=x --table A=y < /dev/null").exits(2).says("two tables of that name");
    let explained = shell("sstream explain 'nc h 1 | sstream-sql \"select * from users\" --table users=gone.csv'");
    assert!(explained.exits(0).stdout.contains("has gone.csv as its table users, read again when it changes"));
}
