"""What the scripts beside this file share: two things run by turns, and Spark in this process."""
import json
import os
import subprocess
import sys
import time


def seconds(run):
    since = time.perf_counter()
    run()
    return time.perf_counter() - since


def shell(line):
    """What runs a line of the shell."""
    return lambda: subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True)


def by_turns(rounds, ours, theirs):
    """Prints [OURS, THEIRS] a round: what each says that it took, in seconds, once both have warmed up."""
    for number in range(-2, rounds):
        pair = [ours(), theirs()]
        if number >= 0:
            print(json.dumps(pair), flush=True)


def spark_session():
    """Spark on two cores, with as many partitions."""
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g")
    builder = builder.config("spark.sql.shuffle.partitions", 2).config("spark.ui.enabled", "false")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
