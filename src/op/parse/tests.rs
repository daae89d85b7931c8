//! Lines of real logs, and what they are.

use super::access::{Access, Server};
use super::kubernetes::Kubernetes;
use super::logs::{Log, Program};
use super::syslog::Syslog;
use super::time::Times;
use super::*;
use crate::op::{Each, testing};
use proptest::prelude::*;

/// The batch's time in all of these: the 10th of March 2024, 12:00 UTC.
const NOW_MS: u64 = 1_710_072_000_000;

fn parsed(form: &mut dyn Form, line: &str) -> Result<String, String> {
    let mut object = Vec::new();
    let mut fields = Fields::new(&mut object);
    form.parse(line, NOW_MS, &mut fields)?;
    fields.close();
    let mut canonical = Vec::new();
    record::canonicalize(&object, &mut canonical).unwrap();
    assert!(form.is_loose() || canonical == object, "{}", String::from_utf8_lossy(&object));
    Ok(String::from_utf8(canonical).unwrap())
}

/// Each line gives this object, but for the time, which is the RFC 3339 one.
fn check(form: &mut dyn Form, cases: &[(&str, &str, &str)]) {
    for (line, time, rest) in cases {
        let object = parsed(form, line).unwrap_or_else(|reason| panic!("{line}: {reason}"));
        let time_ms = time.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        assert_eq!(object.replacen(&format!("\"time\":{time_ms}"), "TIME", 1), *rest, "{line}");
    }
}

fn refuses(form: &mut dyn Form, lines: &[&str]) {
    for line in lines {
        assert!(parsed(form, line).is_err(), "{line}");
    }
}

#[test]
fn access_logs() {
    let mut apache = Access::new(Server::Apache, Times::default());
    check(
        &mut apache,
        &[
            (
                r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#,
                "2000-10-10T20:55:36Z",
                r#"{"remote":"127.0.0.1","ident":null,"user":"frank",TIME,"method":"GET","path":"/apache_pb.gif","protocol":"HTTP/1.0","status":200,"bytes":2326}"#,
            ),
            (
                r#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /images/a \"b\".png?x=1 HTTP/1.1" 304 - "http://semicomplete.com/" "Mozilla/5.0 (Macintosh; Intel) \"q\"""#,
                "2015-05-17T10:05:03Z",
                r#"{"remote":"83.149.9.216","ident":null,"user":null,TIME,"method":"GET","path":"/images/a \"b\".png?x=1","protocol":"HTTP/1.1","status":304,"bytes":null,"referrer":"http://semicomplete.com/","user_agent":"Mozilla/5.0 (Macintosh; Intel) \"q\""}"#,
            ),
            (
                r#"www.example.org:443 ::1 - bob smith [29/Feb/2024:23:59:60 +0530] "\x16\x03\x01" 400 0 "-" "-""#,
                "2024-02-29T18:30:00Z",
                r#"{"vhost":"www.example.org:443","remote":"::1","ident":null,"user":"bob smith",TIME,"request":"\\x16\\x03\\x01","status":400,"bytes":0,"referrer":null,"user_agent":null}"#,
            ),
            (
                "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties",
                "2005-12-04T04:47:44Z",
                r#"{TIME,"level":"notice","message":"workerEnv.init() ok /etc/httpd/conf/workers2.properties"}"#,
            ),
            (
                "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:80] File does not exist: /usr/local/x",
                "2011-09-09T10:42:29.902Z",
                r#"{TIME,"module":"core","level":"error","pid":35708,"tid":4328636416,"remote":"72.15.99.187:80","message":"File does not exist: /usr/local/x"}"#,
            ),
        ],
    );
    refuses(
        &mut apache,
        &[
            "",
            "hello",
            r#"1.2.3.4 - - [31/Feb/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1"#,
            r#"1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1"#,
            r#"1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" x 1"#,
            "[Sun Dec 04",
        ],
    );
    check(
        &mut Access::new(Server::Nginx, Times::default()),
        &[
            (
                r#"2024/01/05 10:00:00 [error] 7#9: *12 open() "/x" failed (2: No such file), client: 10.0.0.1, server: _, request: "GET /x HTTP/1.1", host: "h""#,
                "2024-01-05T10:00:00Z",
                r#"{TIME,"level":"error","pid":7,"tid":9,"connection":12,"message":"open() \"/x\" failed (2: No such file)","remote":"10.0.0.1","server":"_","request":"GET /x HTTP/1.1","host":"h"}"#,
            ),
            (
                r#"93.180.71.3 - - [17/May/2015:08:05:32 +0000] "GET /downloads/product_1 HTTP/1.1" 304 0 "-" "Debian APT-HTTP/1.3 (0.8.16)" "10.1.1.1""#,
                "2015-05-17T08:05:32Z",
                r#"{"remote":"93.180.71.3","ident":null,"user":null,TIME,"method":"GET","path":"/downloads/product_1","protocol":"HTTP/1.1","status":304,"bytes":0,"referrer":null,"user_agent":"Debian APT-HTTP/1.3 (0.8.16)","more":"\"10.1.1.1\""}"#,
            ),
        ],
    );
}

#[test]
fn syslog() {
    let mut form = Syslog::new(Times::default());
    check(
        &mut form,
        &[
            (
                "Dec 10 06:55:46 LabSZ sshd[24200]: reverse mapping checking getaddrinfo for ns.marryaldkfaczcz.com [173.234.31.186] failed",
                "2023-12-10T06:55:46Z",
                r#"{TIME,"hostname":"LabSZ","app":"sshd","pid":24200,"message":"reverse mapping checking getaddrinfo for ns.marryaldkfaczcz.com [173.234.31.186] failed"}"#,
            ),
            (
                "<34>Mar  9 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
                "2024-03-09T22:14:15Z",
                r#"{"facility":"auth","severity":"crit",TIME,"hostname":"mymachine","app":"su","message":"'su root' failed for lonvick on /dev/pts/8"}"#,
            ),
            (
                "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0",
                "2023-06-14T15:16:01Z",
                r#"{TIME,"hostname":"combo","app":"sshd(pam_unix)","pid":19939,"message":"authentication failure; logname= uid=0"}"#,
            ),
            (
                "2024-01-05T10:00:00.123456+01:00 web-1 kernel: [ 12.3] usb 1-1: new",
                "2024-01-05T09:00:00.123Z",
                r#"{TIME,"hostname":"web-1","app":"kernel","message":"[ 12.3] usb 1-1: new"}"#,
            ),
            (
                "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [ex@1 iut=\"3\" src=\"App \\\"x\\\"\"][b] \u{feff}An application event",
                "2003-10-11T22:14:15.003Z",
                r#"{"facility":"local4","severity":"notice",TIME,"hostname":"mymachine.example.com","app":"evntslog","pid":null,"msgid":"ID47","data":{"ex@1":{"iut":"3","src":"App \"x\""},"b":{}},"message":"An application event"}"#,
            ),
        ],
    );
    refuses(
        &mut form,
        &["", "<999>Oct 11 22:14:15 a b", "<34>1 yesterday h a p m - x", "no date at all", "Feb 30 10:00:00 h x: y"],
    );
    // A leap day without a year is that of the last leap year; the next day may be ahead, no later one.
    let time = |line: &str| parsed(&mut Syslog::new(Times::default()), line).unwrap()[8..21].to_owned();
    assert_eq!(time("Mar 11 11:00:00 h x: y"), "1710154800000");
    assert_eq!(time("Mar 12 11:00:00 h x: y"), "1678618800000");
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").ok();
    let mut berlin = Syslog::new(Times { zone, year: Some(2021) });
    check(
        &mut berlin,
        &[("Jul  1 12:00:00 h x: y", "2021-07-01T10:00:00Z", r#"{TIME,"hostname":"h","app":"x","message":"y"}"#)],
    );
}

#[test]
fn programs() {
    check(
        &mut Log::new(Program::Log4j, Times::default()),
        &[
            (
                "2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster for application appattempt_1",
                "2015-10-18T18:01:47.978Z",
                r#"{TIME,"level":"INFO","thread":"main","logger":"org.apache.hadoop.mapreduce.v2.app.MRAppMaster","message":"Created MRAppMaster for application appattempt_1"}"#,
            ),
            (
                "17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]",
                "2017-06-09T20:10:40Z",
                r#"{TIME,"level":"INFO","logger":"executor.CoarseGrainedExecutorBackend","message":"Registered signal handlers for [TERM, HUP, INT]"}"#,
            ),
            (
                "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200",
                "2015-07-29T17:41:44.747Z",
                r#"{TIME,"level":"INFO","thread":"QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774","message":"Notification time out: 3200"}"#,
            ),
            (
                "2024-01-05 10:00:01,002 ERROR [http-1] c.e.Orders - cannot place order: 17\njava.lang.Error: x\n\tat a.B.c(B.java:1)",
                "2024-01-05T10:00:01.002Z",
                r#"{TIME,"level":"ERROR","thread":"http-1","logger":"c.e.Orders","message":"cannot place order: 17\njava.lang.Error: x\n\tat a.B.c(B.java:1)"}"#,
            ),
        ],
    );
    check(
        &mut Log::new(Program::Android, Times::default()),
        &[(
            "03-17 16:13:38.811  1702  2395 D WindowManager: printFreezingDisplayLogsopening app wtoken = AppWindowToken{9f4ef63}",
            "2023-03-17T16:13:38.811Z",
            r#"{TIME,"pid":1702,"tid":2395,"level":"debug","tag":"WindowManager","message":"printFreezingDisplayLogsopening app wtoken = AppWindowToken{9f4ef63}"}"#,
        )],
    );
    check(
        &mut Log::new(Program::Windows, Times::default()),
        &[(
            "2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack v6.1.7601.23505 with Core: C:\\Windows\\x",
            "2016-09-28T04:30:30Z",
            r#"{TIME,"level":"Info","component":"CBS","message":"Loaded Servicing Stack v6.1.7601.23505 with Core: C:\\Windows\\x"}"#,
        )],
    );
    check(
        &mut Kubernetes::new(Times::default()),
        &[
            (
                "2024-01-05T10:00:00.123456789Z stderr F I0105 10:00:00.1 1 x.go:1] hi",
                "2024-01-05T10:00:00.123Z",
                r#"{TIME,"stream":"stderr","message":"I0105 10:00:00.1 1 x.go:1] hi"}"#,
            ),
            (
                r#"{"log":"a \"b\"\n","stream":"stdout","attrs":{"tag":"t"},"time":"2024-01-05T10:00:00.1Z"}"#,
                "2024-01-05T10:00:00.100Z",
                r#"{TIME,"stream":"stdout","attrs":{"tag":"t"},"message":"a \"b\""}"#,
            ),
            (
                "E0105 10:00:00.123456       7 leaderelection.go:330] error retrieving resource lock: timed out",
                "2024-01-05T10:00:00.123Z",
                r#"{TIME,"level":"error","pid":7,"source":"leaderelection.go:330","message":"error retrieving resource lock: timed out"}"#,
            ),
        ],
    );
    refuses(
        &mut Kubernetes::new(Times::default()),
        &["", "x", "{}", "2024-01-05T10:00:00Z stdin F x", "I9905 10:00:00 1 x] y"],
    );
}

#[test]
fn named_values() {
    let mut cef = cef::Cef;
    assert_eq!(
        parsed(&mut cef, r"Sep 19 08:26:10 host CEF:0|Security|threat\|manager|1.0|100|worm stopped|10|src=10.0.0.1 msg=a \= b\nc dpt=22").unwrap(),
        r#"{"header":"Sep 19 08:26:10 host","version":0,"vendor":"Security","product":"threat|manager","device_version":"1.0","id":"100","name":"worm stopped","severity":10,"extension":{"src":"10.0.0.1","msg":"a = b\nc","dpt":22}}"#
    );
    refuses(&mut cef, &["", "CEF:0|a|b"]);
    let mut logfmt = values::Logfmt { numbers: true };
    assert_eq!(parsed(&mut logfmt, "a=1 b=01 c=x d").unwrap(), r#"{"a":1,"b":"01","c":"x","d":true}"#);
    assert_eq!(parsed(&mut values::Json, r#"{"a": 1.0}"#).unwrap(), r#"{"a":1.0}"#);
    refuses(&mut values::Json, &["[1]", "{"]);
    let mut groups = values::Groups::new("(?<a>[a-z]+)(?<n>[0-9]+)?", true).unwrap();
    assert_eq!(parsed(&mut groups, "xy12").unwrap(), r#"{"a":"xy","n":12}"#);
    assert_eq!(parsed(&mut groups, "xy").unwrap(), r#"{"a":"xy","n":null}"#);
}

#[test]
fn grok() {
    let patterns = grok::Patterns::default();
    let mut form = grok::Grok::new("%{IP:client} %{WORD:[http][method]} %{URIPATHPARAM:request} %{NUMBER:bytes:int} %{NUMBER:duration:float} (?<rest>.*)", &patterns, false).unwrap();
    assert_eq!(
        parsed(&mut form, "55.3.244.1 GET /index.html 15824 0.043 x").unwrap(),
        r#"{"client":"55.3.244.1","[http][method]":"GET","request":"/index.html","bytes":15824,"duration":0.043,"rest":"x"}"#
    );
    refuses(&mut form, &["", "GET"]);
    let mut combined = grok::Grok::new("%{COMBINEDAPACHELOG}", &patterns, true).unwrap();
    let line = r#"1.2.3.4 - - [17/May/2015:08:05:32 +0000] "GET /a HTTP/1.1" 304 0 "-" "x""#;
    assert!(
        parsed(&mut combined, line)
            .unwrap()
            .contains(r#""verb":"GET","request":"/a","httpversion":1.1,"response":304,"bytes":0"#)
    );
    let mut own = grok::Patterns::default();
    own.add("# ours\nORDER [A-Z]{2}-%{INT}\nLOOP %{LOOP}\n");
    assert_eq!(
        parsed(&mut grok::Grok::new("%{ORDER:id}", &own, false).unwrap(), "x AB-17").unwrap(),
        r#"{"id":"AB-17"}"#
    );
    for (pattern, says) in [
        ("%{NOPE:x}", "there is no such pattern"),
        ("%{LOOP}", "stands for itself"),
        ("%{INT:x:date}", "is no type"),
        ("%{INT:x", "has no }"),
        ("(", ""),
    ] {
        assert!(
            grok::Grok::new(pattern, &own, false).is_err_and(|error| error.to_string().contains(says)),
            "{pattern}"
        );
    }
}

#[test]
fn all_known_patterns_are_patterns() {
    let patterns = grok::Patterns::default();
    let wrong: Vec<String> = patterns
        .names()
        .filter_map(|name| {
            Some(format!("{name}: {}", grok::Grok::new(&format!("%{{{name}}}"), &patterns, false).err()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

proptest! {
    /// Whatever comes, near to a line or far from it: an object or a reason, and no panic.
    #[test]
    fn any_text_is_taken(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "[", "]", "\"", "\\", " ", "é", "10/Oct/2000:13:55:36 -0700", "[10/Oct/2000:13:55:36 -0700] \"", "GET / HTTP/1.0",
            "200 5", "- -", "<34>1", "<9>", "Oct 11 22:14:15", "Oct é1 22:é", "2024-01-05T10:00:00.1é", "2024-01-05T10:00:00Z",
            "stdout F", "I0105", "Ié0é", "10:00:00.123", "03-17", "é-17é", "1 2 D", ": ", ", ", "CEF:0|a|b|c|d|e|5|", "a=b", "{\"log\":",
            "2024/01/05 10:00:00", "[error] 7#9: ", "*1 ", "INFO", "[Sun Dec 04 04:47:44 2005]", "[pid 7:tid é]", "+01:é0", "[a b=\"",
        ]), 0..14),
        joint in prop::sample::select(vec!["", " "]),
    ) {
        let text = pieces.join(joint);
        let times = Times::default;
        let forms: [Box<dyn Form>; 9] = [
            Box::new(Access::new(Server::Apache, times())),
            Box::new(Access::new(Server::Nginx, times())),
            Box::new(Syslog::new(times())),
            Box::new(Kubernetes::new(times())),
            Box::new(Log::new(Program::Log4j, times())),
            Box::new(Log::new(Program::Android, times())),
            Box::new(Log::new(Program::Windows, times())),
            Box::new(cef::Cef),
            Box::new(values::Logfmt { numbers: true }),
        ];
        for mut form in forms {
            let _ = parsed(form.as_mut(), &text);
        }
    }

    #[test]
    fn days_are_those_of_the_calendar(days in -20_000i64..60_000, ms in 0i64..86_400_000) {
        let moment = jiff::Timestamp::from_millisecond(days * 86_400_000 + ms).unwrap();
        let text = moment.to_string();
        let written = time::rfc3339(&text).unwrap();
        prop_assert_eq!(Times::default().ms(&written, NOW_MS), Some(moment.as_millisecond()));
    }
}

#[test]
fn texts_are_where_sources_put_them() {
    let options = |field: &str, keep: Option<&str>, part| Options {
        part,
        field: field.to_owned(),
        keep: keep.map(str::to_owned),
    };
    let run = |options: Options, records: &[&str]| {
        let form = Box::new(values::Groups::new("^(?<a>[a-z])=(?<n>.*)", true).unwrap());
        testing::run(&mut Each(Parse::new(form, options)), &[records.to_vec()])
    };
    let given = run(
        options("value", Some("text"), Part::Record),
        &[r#"{"file":"f","n":9,"value":"a=1"}"#, r#""b=\"""#, "7", r#"{"x":"a=1"}"#, r#""-""#],
    );
    assert_eq!(
        given.batches[0].1,
        [r#"{"file":"f","n":1,"a":"a","text":"a=1"}"#, r#"{"a":"b","n":"\"","text":"b=\""}"#]
    );
    let bad: Vec<&str> = given.bad.iter().map(|(record, _)| &**record).collect();
    assert_eq!(bad, ["7", r#"{"x":"a=1"}"#, r#""-""#]);
    let given = run(options("log", None, Part::Value), &[r#"["k",{"log":"a=1"}]"#, r#"["k","b=x"]"#]);
    assert_eq!(given.batches[0].1, [r#"["k",{"a":"a","n":1}]"#, r#"["k",{"a":"b","n":"x"}]"#]);
}
