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
        Shell::new(&line).stdin(&bytes).run().exits(0).is_quiet().prints(&values.concat());
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
        ("--encoding latin-1", "--encoding: text in MessagePack is UTF-8"),
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
