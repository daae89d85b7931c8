//! Raw input in other encodings, and in records that do not end by newlines.

use std::io::Write as _;
use std::net::TcpStream;

use crate::live::{self, free_port, is_listening};
use crate::support::{Folder, Shell};

const LITTLE: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];

/// A text in UTF-16, with a byte order mark.
fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
}

/// The records that standard input gives, a line each as JSON.
#[track_caller]
fn records(options: &str, input: &[u8], expected: &str) {
    let line = format!("sstream-source stdin --output json {options}");
    Shell::new(&line).stdin(input).run().exits(0).says_nothing().prints(expected);
}

#[test]
fn utf_16_is_known_by_its_byte_order_mark() {
    // As PowerShell's > writes; U+0A0A and U+010A have the byte of a newline in them.
    let text = "Grüße\r\n\u{a0a}\u{10a}\u{d0a}\r\n😀 last";
    let expected = "\"Grüße\"\n\"\u{a0a}\u{10a}\u{d0a}\"\n\"😀 last\"\n";
    for bytes in LITTLE {
        records("", &utf_16(text, bytes), expected);
        records("--encoding utf-16", &utf_16(text, bytes), expected);
        let folder = Folder::new();
        folder.run("mkdir in");
        folder.file("in/a.txt", utf_16(text, bytes)).file("in/b.txt", "plain\n").file("in/c.txt", "");
        folder
            .run("sstream-source dir in --available-now --output json | LC_ALL=C sort")
            .exits(0)
            .prints(&format!("\"plain\"\n{expected}").lines().fold(Sorted::default(), Sorted::with).text());
        let csv = utf_16("a,b\r\n1,\"x\ny\"\r\n", bytes);
        records("--input csv --numbers", &csv, "{\"a\":1,\"b\":\"x\\ny\"}\n");
        records("--input json", &utf_16("{\"é\": 1}\n", bytes), "{\"é\":1}\n");
    }
    let without_mark = &utf_16(text, u16::to_be_bytes)[2..];
    records("--encoding utf-16be", without_mark, expected);
    let java =
        utf_16("2026-01-01 10:00:00 ERROR x\r\njava.lang.E: y\r\n\tat a.B(C.java:1)\r\nnext\r\n", u16::to_le_bytes);
    let event = "\"2026-01-01 10:00:00 ERROR x\\njava.lang.E: y\\n\\tat a.B(C.java:1)\"\n\"next\"\n";
    records("--multiline java", &java, event);
}

/// Lines in order, as sort gives them in any locale of bytes.
#[derive(Default)]
struct Sorted<'l>(Vec<&'l str>);

impl<'l> Sorted<'l> {
    fn with(mut self, line: &'l str) -> Sorted<'l> {
        self.0.push(line);
        self
    }

    fn text(mut self) -> String {
        self.0.sort_unstable();
        self.0.iter().map(|line| format!("{line}\n")).collect()
    }
}

#[test]
fn encodings_of_the_web() {
    records("--encoding latin-1", b"caf\xe9 \xdcber\n", "\"café Über\"\n");
    records("--encoding windows-1252", b"\x80 5 \x96 \x93q\x94\r\n", "\"€ 5 – “q”\"\n");
    records("--encoding ISO-8859-15 --input csv --delimiter ';'", b"a;b\n\xa4;x\n", "{\"a\":\"€\",\"b\":\"x\"}\n");
    records("--encoding shift_jis", b"\x93\xfa\x96{\x8c\xea\n", "\"日本語\"\n");
    records("--encoding gbk --input logfmt", b"k=\xc4\xe3\xba\xc3\n", "{\"k\":\"你好\"}\n");
    records("--encoding koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4\n", "\"Привет\"\n");
    let line = "sstream-source stdin --encoding shift_jis --output text";
    let ran = Shell::new(line).stdin(b"\x93\n").run().exits(0).prints("\u{fffd}\n");
    assert!(ran.stderr.contains("a line has invalid Shift_JIS"), "{ran}");
    Shell::new("sstream-source stdin --encoding ebcdic").stdin("").run().exits(2).says("no encoding of this name");
    let udp = "sstream-source udp 127.0.0.1:0 --encoding utf-16";
    Shell::new(udp).run().exits(2).says("say utf-16le or utf-16be");
}

#[test]
fn places_are_bytes_of_the_file_whatever_it_is_encoded_in() {
    let folder = Folder::new();
    let tail = "sstream-source tail a.log --available-now --checkpoint ck --with line,offset --output json";
    for (bytes, name) in LITTLE.into_iter().zip(["le", "be"]) {
        folder.run("rm -rf ck a.log");
        folder.file("a.log", utf_16("ä\r\n😀\nhalf", bytes));
        let first = "{\"line\":1,\"offset\":0,\"value\":\"ä\"}\n{\"line\":2,\"offset\":8,\"value\":\"😀\"}\n";
        folder.run(tail).exits(0).prints(first);
        let more: Vec<u8> = " a line\r\nlast\n".encode_utf16().flat_map(bytes).collect();
        let mut file = std::fs::File::options().append(true).open(folder.path("a.log")).unwrap();
        file.write_all(&more).unwrap();
        let second =
            "{\"line\":3,\"offset\":14,\"value\":\"half a line\"}\n{\"line\":4,\"offset\":40,\"value\":\"last\"}\n";
        folder.run(tail).exits(0).prints(second);
        let from_end = format!("sstream-source tail a.log --from end --stop-after 300ms --encoding utf-16{name}");
        folder.run(&format!("{from_end} --output text")).exits(0).prints("");
    }
}

#[test]
fn records_that_end_otherwise() {
    records("--framing nul", b"a\nb\0\0c\r\0last", "\"a\\nb\"\n\"\"\n\"c\\r\"\n\"last\"\n");
    records("--framing nul --input json", b"{\n\"a\":1}\0[2]\0", "{\"a\":1}\n[2]\n");
    records("--framing fixed:4", b"0001AB\n 9999", "\"0001\"\n\"AB\\n \"\n\"9999\"\n");
    records("--framing fixed:2 --encoding latin-1", b"\xe9a\xfcb", "\"éa\"\n\"üb\"\n");
    let ran = Shell::new("sstream-source stdin --framing fixed:4 --output text --on-error bad").stdin("0001AB").run();
    let ran = ran.exits(0).says("1 bad record").prints("0001\n");
    assert!(ran.folder.read("bad").contains("cut off: 2 bytes of a record of 4"), "{ran}");
    let line = "sstream-source stdin --framing fixed:3 --max-line 2";
    Shell::new(line).stdin("").run().exits(2).says("longer than --max-line");
    Shell::new("sstream-source stdin --input csv --framing nul").stdin("").run().exits(2).says("--framing");
    Shell::new("sstream-source dir . --framing octets").run().exits(2).says("counts are of connections");
    // As find -print0 | … does.
    let folder = Folder::new();
    folder.file("a b", "").file("c\nd", "");
    let line = "find . -type f -print0 | sort -z | sstream-source stdin --framing nul --output json";
    folder.run(line).exits(0).prints("\"./a b\"\n\"./c\\nd\"\n");
}

#[test]
fn syslog_by_tcp_is_counted_or_in_lines() {
    let message = "<165>1 2003-10-11T22:14:15.003Z host app 8710 ID47 - two\nlines";
    let counted = |text: &str| format!("{} {text}", text.len());
    let mixed =
        format!("{}{}<34>Oct 11 22:14:15 host su: a line\n{}\n", counted(message), counted("short"), counted("<13>x"));
    let expected =
        format!("{}\n\"short\"\n\"<34>Oct 11 22:14:15 host su: a line\"\n\"<13>x\"\n", message.replace('\n', "\\n"));
    let expected = expected.replacen("<165>", "\"<165>", 1).replacen("lines\n", "lines\"\n", 1);
    records("--framing octets", mixed.as_bytes(), &expected);
    let port = free_port();
    let options = "--framing octets --max-line 100 --batch 50ms --on-error bad --output json";
    let mut source = live::start(&format!("exec sstream-source listen {port} {options}"));
    source.until("listening", |_| is_listening(port));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for byte in mixed.as_bytes() {
        client.write_all(std::slice::from_ref(byte)).unwrap();
    }
    source.until_holds("stdout", &expected);
    let long = "y".repeat(300_000);
    client.write_all(format!("{}{}", counted(&long), counted("behind it")).as_bytes()).unwrap();
    source.until_holds("stdout", &format!("{expected}\"behind it\"\n"));
    source.until_holds("bad", "the line is longer than --max-line 100");
    client.write_all(b"20 cut").unwrap();
    drop(client);
    source.until_holds("bad", "cut off: 3 bytes of a record whose count says 20");
}

#[test]
fn the_hole_of_a_file_that_was_truncated_under_its_writer_is_no_text() {
    let folder = Folder::new();
    let script = "exec 3> a.log; printf 'one\\ntwo\\n' >&3; cp a.log a.log.1; : > a.log; printf 'three\\nfour\\n' >&3";
    folder.run(script).exits(0);
    let tail = "sstream-source tail a.log --available-now --with line,offset --output json";
    let expected = "{\"line\":1,\"offset\":8,\"value\":\"three\"}\n{\"line\":2,\"offset\":14,\"value\":\"four\"}\n";
    let ran = folder.run(tail).exits(0).prints(expected);
    assert!(ran.stderr.contains("left out a hole") && ran.stderr.contains("8 bytes of zeros in all"), "{ran}");
    // A hole of a gigabyte takes no memory, and no zero within a line is lost.
    folder.run("truncate -s 0 a.log; truncate -s 1G a.log; printf 'a\\0b\\n' >> a.log");
    let tail = "ulimit -v 2000000; sstream-source tail a.log --available-now --output json";
    let ran = folder.run(tail).exits(0).prints("\"a\\u0000b\"\n");
    assert!(ran.stderr.contains("1073741824 bytes of zeros in all"), "{ran}");
    // What crashed leaves zeros between lines.
    folder.file("b.log", b"before\n\0\0\0\0behind\n");
    folder.run("sstream-source tail b.log --available-now --output text").exits(0).prints("before\nbehind\n");
}
