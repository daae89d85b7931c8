"""Spark reads what sstream wrote, and writes what others of its files are compared with.

spark.py random SEED      batches of records at random, with all that is awkward, a line of JSON each; no Spark
spark.py check FOLDER     in FOLDER: pairs-*/ (one content, however it is compressed), objects/ and its batches, lines/;
                          prints what Spark reads. Writes theirs/ by Spark itself
"""

import json
import random
import sys
from decimal import Decimal, getcontext
from pathlib import Path

# No digit is rounded.
getcontext().prec = 2000

STRINGS = ["", "a", "é€", "😀\U0010ffff", "\0", "\u0001\u007f\u0080\u07ff\u0800\uffff", "x" * 65_535, "é" * 40_000, "😀" * 11_000, "a\nb\t\"\\"]
NUMBERS = ["0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
           "1" + "0" * 40, "0.1", "-0.0", "0.0", "1.10", "1e3", "5e-324", "1.7976931348623157e308", "1e400", "-1e-400",
           "3.14159265358979323846264338", "123456789.000000000000000000001", "-1" + "7" * 60 + ".5"]  # fmt: skip


def value(chance, depth):
    match chance.randrange(9 if depth < 3 else 6):
        case 0:
            return "null"
        case 1:
            return chance.choice(["true", "false"])
        case 2 | 3:
            return json.dumps(chance.choice(STRINGS), ensure_ascii=chance.random() < 0.5)
        case 4:
            return chance.choice(NUMBERS)
        case 5:
            return repr(chance.random() * 10.0 ** chance.randrange(-300, 300))
        case 6 | 7:
            return "[" + ",".join(value(chance, depth + 1) for _ in range(chance.choice([0, 1, 2, 2, 5]))) + "]"
        case 8:
            keys = chance.sample(range(100), chance.choice([0, 1, 2, 14]))
            return "{" + ",".join(f'"k{key}":{value(chance, depth + 1)}' for key in keys) + "}"


def batches(seed):
    chance = random.Random(seed)
    for count in [1, 10, 0, 11, 95]:
        yield "[" + ",".join(value(chance, 0) for _ in range(count)) + "]"
    # As deep as records may be, or nearly so.
    yield "[" + "[" * 200 + "1" + "]" * 200 + "]"


def number(text):
    """As the sink has it: a double if that shows the same digits, else what is exact."""
    if text.lstrip("-").isdigit() and text != "-0":
        return int(text)
    double = float(text)
    is_same = abs(double) != float("inf") and Decimal(repr(double)) == Decimal(text)
    return double if is_same else Decimal(text).normalize()


def wanted(record):
    """What a record is in Python by way of Java."""
    match record:
        case [first, second]:
            return ("tuple", wanted_inside(first), wanted_inside(second))
        case _:
            return wanted_inside(record)


def wanted_inside(part):
    match part:
        case list():
            return [wanted_inside(inner) for inner in part]
        case dict():
            return {key: wanted_inside(inner) for key, inner in part.items()}
        case _:
            return part


def found(thing):
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if isinstance(thing, Decimal):
        return thing.normalize()
    match thing.getClass().getName():
        case "scala.Tuple2":
            return ("tuple", found(thing._1()), found(thing._2()))
        case "[Ljava.lang.Object;":
            return [found(thing[place]) for place in range(len(thing))]
        case "java.util.LinkedHashMap":
            return {entry.getKey(): found(entry.getValue()) for entry in thing.entrySet()}
        case "java.math.BigInteger":
            return int(thing.toString())
        case "java.math.BigDecimal":
            return Decimal(thing.toString()).normalize()
        case other:
            sys.exit(f"class {other}?")


def check(folder):
    from pyspark import SparkConf, SparkContext

    conf = SparkConf().setMaster("local[1]").set("spark.ui.enabled", "false").set("spark.driver.memory", "600m")
    sc = SparkContext(conf=conf.set("spark.driver.host", "127.0.0.1"))
    sc.setLogLevel("ERROR")
    for path in sorted(folder.glob("pairs-*")):
        print(path.name, json.dumps(sc.sequenceFile(f"{path}/*").collect(), default=lambda data: bytes(data).hex()))
    lines = [line for line in (folder / "batches").read_text().splitlines()]
    for place, line in enumerate(lines):
        want = [wanted(record) for record in json.loads(line, parse_float=number, parse_int=number)]
        have = [found(thing) for thing in sc._jsc.objectFile(f"{folder}/objects/b-{1000 * (place + 1)}").collect()]
        # By their text, which tells -0.0 from 0.0 and 1 from 1.0.
        if list(map(repr, want)) != list(map(repr, have)):
            wrong = [(w, h) for w, h in zip(want, have) if repr(w) != repr(h)][:1]
            sys.exit(f"batch {place}: {len(want)} records, read {len(have)}: {str(wrong)[:2000]}")
    print("objects", len(lines), sc._jsc.objectFile(f"{folder}/objects/*").count())
    print("groups", sorted(sc.sequenceFile(f"{folder}/objects/b-5000").values().map(lambda v: 1).collect()))
    print("text", sc.textFile(f"{folder}/lines/*").collect())
    whole = sc.wholeTextFiles(f"{folder}/lines/*").collect()
    print("whole", sorted(("/".join(path.split("/")[-2:]), text) for path, text in whole))
    pairs = sc.parallelize([("é😀", 1), ("b", -(2**30))], 1)
    pairs.saveAsSequenceFile(f"{folder}/theirs")
    pairs.saveAsSequenceFile(f"{folder}/theirs-packed", "org.apache.hadoop.io.compress.DefaultCodec")
    sc.stop()


match sys.argv[1:]:
    case ["random", seed]:
        for batch in batches(int(seed)):
            print(batch)
    case ["check", folder]:
        check(Path(folder).absolute())
    case _:
        sys.exit(__doc__)
