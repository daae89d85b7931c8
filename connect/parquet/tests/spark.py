"""Reads the folder DIR by Spark, twice: partitions that Spark finds by itself, and those of a table that MSCK REPAIR finds.

Then the batches of DIRECTORIES, which are directories as Spark makes them: all, and an empty one.
"""

import sys

from pyspark.sql import SparkSession

folder = sys.argv[1]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "700m")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.warehouse.dir", folder + ".warehouse")
    .config("spark.hadoop.javax.jdo.option.ConnectionURL", f"jdbc:derby:;databaseName={folder}.metastore;create=true")
    .enableHiveSupport()
    .getOrCreate()
)


def show(table):
    query = f"select n, cast(d as string), cast(at as string), o.s, l, cast(dt as string), c from {table} order by n"
    for row in spark.sql(query).collect():
        print([value if not isinstance(value, list) else list(value) for value in row])


spark.read.parquet(folder).createOrReplaceTempView("found")
show("found")
spark.sql(
    "create external table hits (n bigint, d decimal(38,2), at timestamp, o struct<s: string>, l array<bigint>)"
    f" partitioned by (dt string, c string) stored as parquet location '{folder}'"
)
spark.sql("msck repair table hits")
show("hits")
for row in spark.read.parquet(sys.argv[2] + "/part-*").orderBy("n").collect():
    print(list(row))
empty = spark.read.parquet(sys.argv[2] + "/part-2000")
print(empty.columns, empty.count())
