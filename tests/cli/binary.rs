//! Raw input that is no text: files that other programs wrote, in `tests/fixtures/binary`, cut off and damaged.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};

use crate::live::{self, free_port, is_listening};
use crate::support::{Folder, Shell};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/binary/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What `values.msgpack` holds, which msgpack 1.2.4 for Python wrote:
///
/// ```python
/// import msgpack, datetime
/// packer, utc = msgpack.Packer(datetime=True), datetime.timezone.utc
/// for value in [
///     {"id": 1, "name": "Grüße \U0001f600", "ok": True, "none": None, "big": 2**64-1, "small": -2**63, "pi": 3.14159},
///     {"id": 2, "nan": float("nan"), "inf": float("-inf"), "raw": b"\x00\xff\x10", "list": [1, [2.5, {"deep": "x" * 300}]]},
///     {3: "three", True: "yes", (1, 2): "pair"},
///     {"at": datetime.datetime(2024, 1, 5, 10, 0, 0, 123456, tzinfo=utc), "ext": msgpack.ExtType(5, b"abc")},
///     "a string", 7, [], {},
/// ]: file.write(packer.pack(value))
/// ```
fn values() -> Vec<String> {
    let deep = "x".repeat(300);
    [
        r#"{"id":1,"name":"Grüße 😀","ok":true,"none":null,"big":18446744073709551615,"small":-9223372036854775808,"pi":3.14159}"#,
        &format!(r#"{{"id":2,"nan":"NaN","inf":"-Infinity","raw":"AP8Q","list":[1,[2.5,{{"deep":"{deep}"}}]]}}"#),
        r#"{"3":"three","true":"yes","[1,2]":"pair"}"#,
        r#"{"at":"2024-01-05T10:00:00.123456Z","ext":{"type":5,"data":"YWJj"}}"#,
        "\"a string\"",
        "7",
        "[]",
        "{}",
    ]
    .map(|value| format!("{value}\n"))
    .to_vec()
}

#[test]
fn values_of_messagepack_are_records() {
    let (bytes, values) = (fixture("values.msgpack"), values());
    for line in ["sstream-source stdin", "sstream-filter ''"] {
        let line = format!("{line} --input msgpack --output json");
        Shell::new(&line).stdin(&bytes).run().exits(0).says_nothing().prints(&values.concat());
    }
    let folder = Folder::new();
    folder.run("mkdir in");
    folder.file("in/a", &bytes).file("in/b", b"\x01\x92\x02").file("in/c", b"\x03\xc1\x04");
    let line = "sstream-source dir in --available-now --input msgpack --on-error bad --output json";
    let ran = folder.run(line).exits(0).says("2 bad records").prints(&(values.concat() + "1\n3\n4\n"));
    let bad = folder.read("bad");
    assert!(bad.contains("/in/b, byte 1: cut off: 2 bytes of a value of MessagePack"), "{ran}{bad}");
    assert!(bad.contains("/in/c, byte 1: no MessagePack: c1 at byte 0 of the value"), "{ran}{bad}");
    for (options, says) in [
        ("--framing nul", "--framing: values of MessagePack say themselves where they end"),
        ("--multiline java", "--multiline: values of MessagePack say themselves where they end"),
        ("--encoding latin-1", "--encoding: text in values of MessagePack is UTF-8"),
        ("--columns a", "--columns is of csv"),
    ] {
        Shell::new(&format!("sstream-source stdin --input msgpack {options}")).stdin("").run().exits(2).says(says);
    }
}

#[test]
fn a_stream_of_messagepack_that_is_cut_off_fails_behind_what_was_whole() {
    let (bytes, values) = (fixture("values.msgpack"), values());
    let line = "sstream-source stdin --input msgpack --output json";
    let ran = Shell::new(line).stdin(&bytes[..bytes.len() - 2]).run().exits(0).prints(&values[..6].concat());
    assert!(ran.stderr.is_empty(), "{ran}");
    let ran = Shell::new(line).stdin(&bytes[..bytes.len() - 4]).run();
    ran.exits(4).says(&format!("byte {}: cut off: 8 bytes of a value of MessagePack", bytes.len() - 12));
    // Of one that is too long only its end is looked for.
    let long = [&b"\x93\xc5\x40\x00"[..], &[7; 0x4000], b"\xdc\x00\x02\x01\x02\xc3\x2a"].concat();
    let line = "sstream-source stdin --input msgpack --output json --max-line 1KiB --on-error skip";
    Shell::new(line).stdin(&long).run().exits(0).says("1 bad record").prints("42\n");
}

#[test]
fn messagepack_is_read_on_at_the_next_value() {
    let folder = Folder::new();
    let bytes = fixture("values.msgpack");
    let first = bytes.windows(4).position(|four| four == b"\xa2id\x02").unwrap() - 1;
    folder.file("log", &bytes[..first + 20]);
    let tail =
        "sstream-source tail log --available-now --checkpoint ck --input msgpack --with line,offset --output json";
    let record = |line: usize, offset: usize, value: &str| {
        format!("{{\"line\":{line},\"offset\":{offset},\"value\":{}}}\n", value.trim_end())
    };
    folder.run(tail).exits(0).prints(&record(1, 0, &values()[0]));
    let mut file = std::fs::File::options().append(true).open(folder.path("log")).unwrap();
    file.write_all(&bytes[first + 20..]).unwrap();
    let given = folder.run(tail).exits(0).stdout.clone();
    assert!(given.starts_with(&record(2, first, &values()[1])), "{given}");
    assert_eq!(given.lines().count(), 7, "{given}");
    let last = "sstream-source tail log --from end --stop-after 300ms --input msgpack --output json";
    folder.run(last).exits(0).prints("");
}

#[test]
fn messagepack_comes_over_connections_and_in_datagrams() {
    let (bytes, values) = (fixture("values.msgpack"), values());
    let port = free_port();
    let options = "--input msgpack --max-line 1KiB --batch 50ms --on-error bad --output json";
    let mut source = live::start(&format!("exec sstream-source listen {port} {options}"));
    source.until("listening", |_| is_listening(port));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for byte in &bytes {
        client.write_all(std::slice::from_ref(byte)).unwrap();
    }
    source.until_holds("stdout", &values.concat());
    client.write_all(&[&b"\xc5\x08\x00"[..], &[7; 0x800], b"\x2a\x92\x01"].concat()).unwrap();
    drop(client);
    source.until_holds("stdout", "\n42\n");
    source.until_holds("bad", "of a value of MessagePack");
    source.until_holds("bad", "longer than --max-line");
    let mut source = live::start(&format!("exec sstream-source udp 127.0.0.1:0 {options} --verbose"));
    source.until_holds("stderr", "receiving on 127.0.0.1:");
    let stderr = source.stderr();
    let port = stderr.split("receiving on 127.0.0.1:").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in [&b"\x01\x02"[..], b"\x03\x92\x04", b"\x05"] {
        sender.send_to(datagram, format!("127.0.0.1:{port}")).unwrap();
    }
    source.until_holds("stdout", "1\n2\n3\n5\n");
    source.until_holds("bad", "cut off");
}

/// What `orders-CODEC.avro` hold, which fastavro 1.13.1 for Python wrote in blocks of 2,000 bytes:
///
/// ```python
/// import datetime, decimal, uuid, fastavro
/// fields = {
///     "id": "long", "user": ["null", "string"], "kind": {"type": "enum", "name": "Kind", "symbols": ["NEW", "PAID"]},
///     "price": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2},
///     "at": {"type": "long", "logicalType": "timestamp-millis"},
///     "at_us": {"type": "long", "logicalType": "timestamp-micros"},
///     "day": {"type": "int", "logicalType": "date"}, "key": {"type": "string", "logicalType": "uuid"},
///     "raw": "bytes", "ratio": "float", "tags": {"type": "array", "items": "string"},
///     "more": {"type": "map", "values": ["int", "Kind", "Order"]},
/// }
/// schema = {"type": "record", "name": "shop.Order", "fields": [{"name": n, "type": t} for n, t in fields.items()]}
/// start = datetime.datetime(2024, 1, 5, 10, 0, 0, 123456, tzinfo=datetime.timezone.utc)
/// def order(n):
///     at, more = start + datetime.timedelta(seconds=n), {"n": n}
///     if n % 100 == 0: more = {"kind": "PAID", "inner": ("shop.Order", order(n + 1))}
///     return {"id": 2**53 + n, "user": None if n % 2 else "Grüße %d" % n, "kind": "PAID" if n % 3 == 0 else "NEW",
///             "price": decimal.Decimal(n) / 4 - 1, "at": at, "at_us": at, "day": at.date(), "key": uuid.UUID(int=n),
///             "raw": bytes([0, 255, n % 256]), "ratio": 0.1, "tags": ["a"] * (n % 3), "more": more}
/// fastavro.writer(file, schema, (order(n) for n in range(1, 101)), codec=codec, sync_interval=2000)
/// ```
fn order(number: u32) -> String {
    let user = if number.is_multiple_of(2) { format!("\"Grüße {number}\"") } else { "null".to_owned() };
    let kind = if number.is_multiple_of(3) { "PAID" } else { "NEW" };
    let hundredths = i64::from(number) * 25 - 100;
    let sign = if hundredths < 0 { "-" } else { "" };
    let price = format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100);
    let at = format!("2024-01-05T10:{:02}:{:02}.123", number / 60, number % 60);
    let raw = base64(number);
    let tags = vec!["\"a\""; (number % 3) as usize].join(",");
    let more = match number {
        100 => format!("\"kind\":\"PAID\",\"inner\":{}", order(101)),
        _ => format!("\"n\":{number}"),
    };
    format!(
        "{{\"id\":{},\"user\":{user},\"kind\":\"{kind}\",\"price\":{price},\"at\":\"{at}Z\",\"at_us\":\"{at}456Z\",\
         \"day\":\"2024-01-05\",\"key\":\"00000000-0000-0000-0000-{number:012x}\",\"raw\":\"{raw}\",\"ratio\":0.1,\
         \"tags\":[{tags}],\"more\":{{{more}}}}}",
        (1u64 << 53) + u64::from(number)
    )
}

/// The base64 of 0, 255 and a third byte below 128.
fn base64(third: u32) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    format!("AP{}{}", 8 + third / 64, char::from(DIGITS[(third % 64) as usize]))
}

fn orders() -> String {
    (1..=100).map(|number| order(number) + "\n").collect()
}

const CODECS: [&str; 6] = ["null", "deflate", "snappy", "bzip2", "xz", "zstandard"];

#[test]
fn container_files_of_avro_are_read_by_every_codec() {
    let folder = Folder::new();
    folder.run("mkdir in");
    for codec in CODECS {
        let bytes = fixture(&format!("orders-{codec}.avro"));
        for line in ["sstream-source stdin --input avro", "sstream-source stdin --unpack --input json"] {
            Shell::new(&format!("{line} --output json")).stdin(&bytes).run().exits(0).says_nothing().prints(&orders());
        }
        folder.file(&format!("in/{codec}.avro"), &bytes);
    }
    let dir = "sstream-source dir in --available-now --input avro --with line";
    let counted = format!("{dir} --checkpoint ck | sstream-map '[.line, .value.id]' --output json | sort -u | wc -l");
    folder.run(&counted).exits(0).prints("100\n");
    let filter = "sstream-filter --input avro Kind --output json < in/null.avro | wc -l";
    folder.run(filter).exits(0).prints("0\n");
}

#[test]
fn a_container_file_that_is_torn_or_damaged_gives_what_is_whole_and_fails() {
    let bytes = fixture("orders-null.avro");
    let line = "sstream-source stdin --input avro --output json";
    let mark = &bytes[bytes.len() - 16..];
    let ends: Vec<usize> = (0..bytes.len() - 15).filter(|at| &bytes[*at..at + 16] == mark).map(|at| at + 16).collect();
    let [header, first, second, ..] = ends[..] else { panic!("{ends:?}") };
    let whole = Shell::new(line).stdin(&bytes[..first]).run().exits(0).stdout.clone();
    assert!(orders().starts_with(&whole) && whole.lines().count() > 3, "{whole}");
    let says = format!("stdin: Avro, and cut off in the block at byte {first}, behind 1 whole ones");
    Shell::new(line).stdin(&bytes[..second - 40]).run().exits(3).says(&says).prints(&whole);
    let mut damaged = bytes.clone();
    damaged[second - 1] ^= 1;
    let says = format!("the block at byte {first} does not end with the file's mark");
    Shell::new(line).stdin(&damaged).run().exits(3).says(&says).prints(&whole);
    Shell::new(line).stdin(&bytes[..header - 20]).run().exits(3).says("Avro, and cut off in the header").prints("");
    Shell::new(line).stdin("{\"a\":1}\n").run().exits(3).says("no container file of Avro");
    Shell::new(line).stdin("").run().exits(0).prints("");
    let mut bad = fixture("orders-snappy.avro");
    let length = bad.len();
    bad[length - 18] ^= 1;
    Shell::new(line).stdin(&bad).run().exits(3).says("cannot be unpacked (its checksum is another)");
    let (folder, all) = (Folder::new(), orders());
    folder.run("mkdir in");
    folder.file("in/a.avro", &bytes[..second - 40]).file("in/b.avro", &bytes);
    // As of any file that cannot be read: all others are.
    for source in
        ["dir in --available-now", "tail 'in/*' --available-now", "tail 'in/*' --from beginning --stop-after 1s"]
    {
        let ran = folder.run(&format!("sstream-source {source} --input avro --output json")).exits(1);
        let mut lines: Vec<&str> = ran.stdout.lines().collect();
        let mut expected: Vec<&str> = whole.lines().chain(all.lines()).collect();
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!(lines, expected, "{ran}");
        assert!(ran.stderr.contains("/in/a.avro: Avro, and cut off in the block at byte"), "{ran}");
        assert!(ran.stderr.contains("left out; all else was taken"), "{ran}");
    }
    for (line, says) in [
        ("sstream-source listen 1 --input avro", "--input avro: container files are read by stdin, dir and tail"),
        ("sstream-source stdin --input avro --multiline java", "--multiline: records of Avro say themselves"),
        ("sstream-source stdin --input avro --framing nul", "--framing: records of Avro say themselves"),
    ] {
        Shell::new(line).stdin("").run().exits(2).says(says);
    }
}

#[test]
fn a_container_file_is_read_on_at_the_next_record() {
    let folder = Folder::new();
    folder.run("mkdir in out");
    folder.file("in/a.avro", fixture("orders-deflate.avro"));
    let committed = || folder.run("cat out/part* 2> /dev/null || true").stdout.clone();
    let line = "{ echo $BASHPID > pid; exec sstream-source dir in --input avro --checkpoint ck --batch 50ms LIMIT; } \
         | sstream-sink files out/part";
    // Slow enough to be killed in the middle of a block.
    let mut live = live::start_in(folder.clone(), &line.replace("LIMIT", "--max-rate 30"));
    live.until("the first", |_| !committed().is_empty());
    folder.run("kill -9 $(cat pid)");
    live.exits(3);
    let before = committed().lines().count();
    assert!(before < 100, "{before}");
    folder.run(&line.replace("LIMIT", "--available-now")).exits(0);
    assert_eq!(committed(), orders());
}
