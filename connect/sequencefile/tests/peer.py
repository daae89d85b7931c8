"""Reads SequenceFiles of Hadoop by the format's description, with Python's own library alone.

peer.py head PATH         the classes, what is compressed, the codec and the metadata, as a line of JSON
peer.py rows PATH...      all records of these files or directories of parts, a line of JSON each: [KEY, VALUE]
peer.py markers PATH      how many markers lie between records, and the most bytes between two
peer.py there DIR...      of each directory that is there by now: its path and all values; one that vanishes is left out
peer.py numbers PATH...   of keys that are numbers: how many, how many different ones, the least and the greatest
"""

import base64
import gzip
import json
import struct
import sys
import zlib
from pathlib import Path


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise EOFError(f"{count} bytes are wanted at {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count : self.at]

    def int(self):
        return struct.unpack(">i", self.take(4))[0]

    def vint(self):
        first = struct.unpack(">b", self.take(1))[0]
        if first >= -112:
            return first
        count, negative = (-first - 120, True) if first < -120 else (-first - 112, False)
        number = int.from_bytes(self.take(count), "big")
        return ~number if negative else number

    def text(self):
        return self.take(self.vint()).decode()

    def rest(self):
        return self.take(len(self.data) - self.at)

    def is_over(self):
        return self.at == len(self.data)


def whole(data):
    """A piece that is used up by one value."""
    data = Bytes(data)
    yield data
    assert data.is_over(), f"{len(data.data) - data.at} bytes are too many"


def value(kind, data):
    for piece in whole(data):
        match kind.removeprefix("org.apache.hadoop.io."):
            case "Text":
                return piece.text()
            case "LongWritable":
                return struct.unpack(">q", piece.take(8))[0]
            case "IntWritable":
                return piece.int()
            case "DoubleWritable":
                return struct.unpack(">d", piece.take(8))[0]
            case "BooleanWritable":
                return {b"\0": False, b"\1": True}[piece.take(1)]
            case "BytesWritable":
                return "base64 " + base64.b64encode(piece.take(piece.int())).decode()
            case "NullWritable":
                return None
            case other:
                sys.exit(f"class {other}?")


def unpacked(codec, data):
    match codec.removeprefix("org.apache.hadoop.io.compress."):
        case "DefaultCodec":
            return zlib.decompress(data)
        case "GzipCodec":
            return gzip.decompress(data)
        case other:
            sys.exit(f"codec {other}?")


class File:
    def __init__(self, path):
        self.data = Bytes(path.read_bytes())
        assert self.data.take(4) == b"SEQ\x06", path
        self.key, self.value = self.data.text(), self.data.text()
        self.is_compressed, self.has_blocks = self.data.take(1) == b"\1", self.data.take(1) == b"\1"
        self.codec = self.data.text() if self.is_compressed else None
        self.metadata = {self.data.text(): self.data.text() for _ in range(self.data.int())}
        self.marker = self.data.take(16)
        self.markers, self.since, self.most = 0, self.data.at, 0

    def marked(self):
        assert self.data.take(16) == self.marker
        self.markers += 1
        self.most = max(self.most, self.data.at - self.since)
        self.since = self.data.at

    def records(self):
        while not self.data.is_over():
            length = self.data.int()
            if length == -1:
                self.marked()
                if self.has_blocks:
                    yield from self.block()
                continue
            assert not self.has_blocks
            key_length = self.data.int()
            key, data = self.data.take(key_length), self.data.take(length - key_length)
            yield value(self.key, key), value(self.value, unpacked(self.codec, data) if self.is_compressed else data)

    def block(self):
        count = self.data.vint()
        pieces = [Bytes(unpacked(self.codec, self.data.take(self.data.vint()))) for _ in range(4)]
        key_lengths, keys, value_lengths, values = pieces
        for _ in range(count):
            yield value(self.key, keys.take(key_lengths.vint())), value(self.value, values.take(value_lengths.vint()))
        assert all(piece.is_over() for piece in pieces)


def files(paths):
    for path in map(Path, paths):
        if path.is_dir():
            assert (path / "_SUCCESS").is_file(), f"{path} is not complete"
            yield from sorted(path.glob("part-*"))
        else:
            yield path


match sys.argv[1:]:
    case ["head", path]:
        file = File(Path(path))
        print(json.dumps([file.key, file.value, file.is_compressed, file.has_blocks, file.codec, file.metadata]))
    case ["rows", *paths]:
        for path in files(paths):
            for record in File(path).records():
                print(json.dumps(record, ensure_ascii=False))
    case ["markers", path]:
        file = File(Path(path))
        for _ in file.records():
            pass
        print(file.markers, file.most)
    case ["there", *paths]:
        for path in map(Path, paths):
            try:
                values = [str(value) for part in files([path]) for _, value in File(part).records()]
            except FileNotFoundError:
                continue
            except AssertionError:
                # It vanished between two looks; one that is there is complete.
                if path.exists() and not (path / "_SUCCESS").exists():
                    raise
                continue
            print(path, *values)
    case ["numbers", *paths]:
        numbers = sorted(key for path in files(paths) for key, _ in File(path).records())
        print(len(numbers), len(set(numbers)), *(numbers[:1] + numbers[-1:]))
    case _:
        sys.exit(__doc__)
