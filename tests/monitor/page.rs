//! The page of `sstream-ui` in a browser. Pictures are kept in
//! `target/browser/`, for people to look at.

use rustix::process::{Pid, Signal, kill_process};

use crate::browser::{self, Browser, ENTER, LEFT};
use crate::screen::Screen;
use crate::stage::{End, ends, page, start};
use crate::support::Folder;

/// A span as the page shows it.
fn span(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// Whether everything fits the window's width, and what does not.
#[track_caller]
fn fits(browser: &Browser, what: &str) {
    let widths = browser.value("[document.documentElement.scrollWidth, innerWidth]");
    assert!(widths[0].as_u64() <= widths[1].as_u64(), "{what} scrolls sideways: {widths}");
}

/// The row of a batch in the page's table, by its id in the row's link.
fn row(browser: &Browser, end: &End) -> Option<Vec<String>> {
    let row = format!(
        "[...document.querySelectorAll('#batches tr')].filter((row) => row.dataset.href?.endsWith('/{}'))\
         .map((row) => [...row.cells].map((cell) => cell.textContent))[0] ?? null",
        end.time_ms
    );
    serde_json::from_value(browser.value(&row)).unwrap()
}

#[test]
fn numbers_move_and_agree_with_the_ends_of_the_sink() {
    let Some(browser) = browser::open() else { return };
    let folder = Folder::new();
    let mut line = start(
        &folder,
        "sstream-source rate 1000 --batch 200ms | sstream-filter --expr '.n % 4 == 0' \
         | sstream-sink --pass null > stream",
    );
    line.until_holds("stream", "{\"end\"");
    let page = page(&folder, "");
    browser.go(&page.url);
    browser.until_says("#pipelines", "filter --expr");
    browser.screenshot("pipelines");

    // By keyboard: mark the row, open it.
    browser.press("j");
    browser.press(ENTER);
    browser.until_says("#stages", "source rate 1000");
    let batches = || browser.text(".tile b").parse::<u64>().unwrap_or(0);
    let (before, started) = (batches(), browser.text("#batches"));
    browser.until("more batches", |_| batches() > before + 5);
    assert_ne!(browser.text("#batches"), started, "the table stands still");

    // Ten batches that are whole in the stream and in the page say the same.
    browser.until("ten rows", |browser| browser.rows("#batches").len() >= 10);
    browser.press("p");
    let shown = browser.rows("#batches").len();
    let ends = ends(&line.read("stream"));
    let agreeing = ends.iter().rev().filter_map(|end| Some((end, row(&browser, end)?))).take(10);
    let mut compared = 0;
    for (end, row) in agreeing {
        let said = [row[1].as_str(), row[2].as_str(), row[5].as_str()];
        let [source, .., sink] = &end.trace[..] else { panic!("a trace of three") };
        assert_eq!((source.records_in, sink.records_out), (200, 50), "{end:?}");
        assert_eq!(said, ["200", "50", &span(end.total_delay_ms() as f64)], "{end:?}");
        compared += 1;
    }
    assert_eq!(compared, 10, "of {shown} rows and {} ends", ends.len());
    browser.screenshot("pipeline");

    // Into a batch by mouse, to the one before by keyboard, and back up.
    let of_row = |browser: &Browser| browser.value("document.querySelector('#batches tbody tr').dataset.href");
    let newest = of_row(&browser);
    browser.click("#batches tbody tr a");
    browser.until_says("h1", "Batch");
    assert_eq!(browser.value("location.hash"), newest);
    let end = ends_of(&line.read("stream"), newest.as_str().unwrap());
    let stages = browser.rows("#stages");
    for (cells, entry) in stages.iter().zip(&end.trace) {
        assert_eq!(cells[1..3], [entry.records_in.to_string(), entry.records_out.to_string()], "{cells:?}");
        assert_eq!(cells[5], span(entry.busy_ms), "{cells:?}");
    }
    assert_eq!((stages.len(), stages[1][0].as_str()), (3, "filter --expr '.n % 4 == 0'"));
    browser.screenshot("batch");
    browser.press(LEFT);
    browser.until("the batch before", |browser| {
        browser.value("location.hash") != newest && browser.text("h1").contains("Batch")
    });
    browser.press("u");
    browser.until_says("#stages", "source rate 1000");
    browser.press("?");
    assert_eq!(browser.value("document.getElementById('help').open"), true);

    // All of it came from this one place.
    let origins = browser.value(
        "[...new Set(performance.getEntries().map((entry) => entry.name)\
        .filter((name) => name.includes('://')).map((name) => new URL(name).origin))]",
    );
    assert_eq!(origins, serde_json::json!([page.url.trim_end_matches('/')]));
    assert_eq!(browser.errors("streaming/batches/"), [""; 0]);
}

fn ends_of(stream: &str, href: &str) -> End {
    let time = href.rsplit('/').next().unwrap().parse::<u64>().unwrap();
    ends(stream).into_iter().find(|end| end.time_ms == time).unwrap()
}

/// A log of so many batches of three stages, of which the map takes longer and
/// longer.
fn trace_log(folder: &Folder, batches: u64) {
    let mut log = String::from(
        "{\"sstream\":1,\"interval\":1000,\"stages\":[\"source tcp log-server.example.org:9999\",\
         \"map --exec ./look-up-the-customer-of-each-order\",\"sink files /var/spool/orders/batch json\"],\
         \"pipeline\":\"0123456789abcdef\"}\n",
    );
    let mut free = 0;
    for n in 1..=batches {
        let time = 1_469_283_000_000_u64 + n * 1000;
        let records = 900 + n * 37 % 211;
        let work = 300 + 800 * n / batches + n * 53 % 90;
        let done = free.max(time + 2) + work;
        log.push_str(&format!(
            "{{\"end\":{time},\"records\":{records},\"watermark\":{},\"trace\":[[\"source\",{records},{records},0,8.25,{}],\
             [\"map\",{records},{records},0,{work},{done}],[\"sink\",{records},{records},0,4.5,{}]]}}\n",
            time - 5000,
            time + 2,
            done + 5
        ));
        free = done;
    }
    log.push_str("{\"close\":\"eof\"}\n");
    folder.file("trace.jsonl", log);
}

#[test]
fn dark_and_light_on_a_desk_and_on_a_phone() {
    let Some(browser) = browser::open() else { return };
    let folder = Folder::new();
    trace_log(&folder, 400);
    let page = page(&folder, "trace.jsonl");
    for (name, width, height, scheme) in [
        ("desk-light", 1280, 1000, "light"),
        ("desk-dark", 1280, 1000, "dark"),
        ("phone-light", 390, 844, "light"),
        ("phone-dark", 390, 844, "dark"),
    ] {
        browser.emulate(width, height, scheme);
        browser.go("about:blank");
        browser.go(&page.url);
        browser.until_says("#pipelines", "finished");
        fits(&browser, "the list");
        browser.click("#pipelines a");
        browser.until_says("#batches", "s");
        browser.until("charts", |browser| browser.value("document.querySelectorAll('canvas').length") == 4);
        fits(&browser, "the pipeline's page");
        assert!(browser.text("#p-tiles").contains("5.0 s"), "how far the watermark is behind");
        browser.screenshot(&format!("{name}-pipeline"));
        let ground = browser.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)");
        let is_dark = ground[0].as_u64().unwrap() < 128;
        assert_eq!(is_dark, scheme == "dark", "{ground}");
        browser.value("document.querySelector('#batches tbody tr').scrollIntoView({ block: 'center' })");
        browser.screenshot(&format!("{name}-batches"));
        browser.click("#batches tbody tr a");
        browser.until_says("h1", "Batch");
        fits(&browser, "the batch's page");
        browser.screenshot(&format!("{name}-batch"));
    }
}

#[test]
fn an_application_on_a_spark_cluster_has_the_way_to_sparks_own_page() {
    let Some(browser) = browser::open() else { return };
    let folder = Folder::new();
    for (page_of_spark, text) in [
        ("\"http://driver.example.org:4040\"", "On a Spark cluster: app-7, Spark's own page"),
        ("null", "On a Spark cluster: app-7, without a page of Spark's (spark.ui.enabled=false)"),
        // No address of a page, whoever wrote it.
        ("\"javascript:alert(1)\"", "On a Spark cluster: app-7, without a page of Spark's (spark.ui.enabled=false)"),
    ] {
        trace_log(&folder, 5);
        let spark = format!("\"spark\":{{\"application\":\"app-7\",\"page\":{page_of_spark}}},\"pipeline\"");
        folder.file("trace.jsonl", folder.read("trace.jsonl").replacen("\"pipeline\"", &spark, 1));
        let page = page(&folder, "trace.jsonl");
        browser.go(&page.url);
        browser.until_says("#pipelines .spark", text);
        browser.click("#pipelines a");
        browser.until_says("main > .spark", text);
        let links = browser.value("[...document.querySelectorAll('main > .spark a')].map((link) => link.href)");
        let known: Vec<&str> =
            if text.ends_with("own page") { vec!["http://driver.example.org:4040/"] } else { vec![] };
        assert_eq!(links, serde_json::json!(known));
    }
}

#[test]
fn a_day_of_batches_of_a_second_is_small_in_the_browser_too() {
    let Some(browser) = browser::open() else { return };
    let folder = Folder::new();
    trace_log(&folder, 86_400);
    let page = page(&folder, "trace.jsonl");
    browser.go(&page.url);
    browser.until_says("#pipelines", "finished");
    browser.click("#pipelines a");
    browser.until_says(".bounds", "300 batches");
    browser.value("(() => { range.value = 'all'; range.dispatchEvent(new Event('change')); })()");
    browser.until_says(".bounds", "86400 batches");
    browser.screenshot("day");
    let held_mib = browser.value("performance.memory.usedJSHeapSize / 1048576").as_f64().unwrap();
    assert!(held_mib < 50.0, "{held_mib} MiB");
}

#[test]
fn when_a_pipeline_dies_the_page_says_so() {
    let Some(browser) = browser::open() else { return };
    let folder = Folder::new();
    let mut line = start(
        &folder,
        "sstream-source rate 100 --batch 100ms --name doomed | { echo $BASHPID > pid; exec sstream-filter n; } \
         | sstream-sink --pass null > stream",
    );
    line.until_holds("stream", "{\"end\"");
    let mut page = page(&folder, "");
    browser.go(&page.url);
    browser.until_says("#pipelines", "running");
    // Of a pipeline that has a name all stages are shown, the first one too.
    let row = browser.text("#pipelines");
    assert!(row.contains("doomed") && row.contains("source rate 100") && row.contains("| filter n"), "{row}");
    browser.click("#pipelines a");
    browser.until_says("#verdict", "Keeps up");
    assert_eq!(browser.text("#connection"), "live");
    let filter = Pid::from_raw(line.read("pid").trim().parse().unwrap()).unwrap();
    kill_process(filter, Signal::KILL).unwrap();
    browser.until_says("#reason", "Died: filter n was killed");
    browser.screenshot("killed");

    // One that fails says why.
    let failing = "printf '1\\nx\\n' | sstream-map .n.a --input json --batch 1h | sstream-sink null";
    start(&folder, failing).exits(4);
    let mut slow = start(
        &folder,
        "{ echo '{\"n\":1}'; sleep 1; echo oops; } | sstream-map .n --input json --batch 100ms | sstream-sink null",
    );
    browser.go(&page.url);
    browser.until_says("#pipelines", "map .n");
    slow.exits(4);
    browser.until_says("#pipelines", "failed");

    // And when nobody serves the page any more, that is told too.
    page.live.signal(Signal::TERM);
    page.live.exits(0);
    browser.until_says("#connection", "no connection");
}

/// The pipeline whose map takes longer than the interval: which stage is slow,
/// since when and by how much is said by the page alone, by top alone, and both
/// agree with the ends of the sink.
#[test]
fn the_slow_stage_is_known_with_since_when_and_by_how_much() {
    let Some(browser) = browser::open() else { return };
    let folder = Folder::new();
    // Four records a batch of 200 ms, and 100 ms for each of them.
    folder.file("slow", "#!/bin/sh\nwhile read -r line; do sleep 0.1; echo \"$line\"; done\n");
    let mut line = start(
        &folder,
        "chmod +x slow; sstream-source rate 20 --batch 200ms | sstream-map --exec ./slow \
         | sstream-sink --pass null > stream",
    );
    line.until_holds("stream", "{\"end\"");
    let page = page(&folder, "");
    let mut top = Screen::start(&folder, 130, 40, "sstream-top --all");
    browser.go(&page.url);
    browser.until_says("#pipelines", "rate 20");
    browser.click("#pipelines a");
    browser.until_says("#stages tr.slowest", "map --exec ./slow");
    top.until_shows("▶ map --exec ./slow");
    line.until("twelve batches", |line| ends(&line.read("stream")).len() >= 12);
    line.signal(Signal::INT);
    line.exits(0);
    browser.until_says("#reason", "asked to stop");
    browser.screenshot("slow");
    top.until_shows("finished: it was asked to stop");

    // What the sink's ends say: the newest ten are what "a batch" is of.
    let ends = ends(&line.read("stream"));
    let on_time = ends.iter().rposition(|end| end.total_delay_ms() <= 200);
    let since_ms = ends[on_time.map_or(0, |at| at + 1)].time_ms;
    let newest = &ends[ends.len() - 10..];
    let work_ms = newest.iter().map(|end| end.trace[1].busy_ms).sum::<f64>() / 10.0;
    let by_how_much = format!(
        ": total delay {}, interval 200ms; slowest is map --exec ./slow: {} of work a batch, {:.0} % of the interval",
        span(ends.last().unwrap().total_delay_ms() as f64),
        span(work_ms),
        work_ms / 2.0
    );
    assert!(work_ms > 300.0, "{ends:?}");
    browser.until_says("#verdict", &by_how_much);
    let verdict = browser.text("#verdict");
    let since = browser.value(&format!("new Date({since_ms}).toTimeString().slice(0, 8)"));
    assert!(verdict.starts_with(&format!("Behind since {}", since.as_str().unwrap())), "{verdict}, not {since}");

    let screen = top.until_shows("finished");
    let verdict = screen.lines().skip(1).take(2).map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(verdict.starts_with("behind since ") && verdict.contains(&by_how_much), "{by_how_much} in\n{screen}");
    let seconds = since_ms / 1000;
    let since = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    assert!(verdict.contains(&since), "{since} in\n{screen}");
}
