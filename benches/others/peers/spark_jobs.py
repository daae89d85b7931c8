"""A job of benches/peers by Spark in one process of two threads: spark_jobs.py JOB FILE"""
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

job, path = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.driver.memory", "4g")
    .getOrCreate()
)
if job == "filter":
    result = spark.read.text(path).where(F.col("value").contains("ERROR")).agg(F.count("*"))
elif job == "words":
    result = spark.read.text(path).select(F.explode(F.split("value", " ")).alias("word")).groupBy("word").count()
elif job == "group":
    result = spark.read.json(path).groupBy("level").count()
elif job == "top":
    counts = spark.read.json(path).groupBy(F.floor(F.col("time") / 60000).alias("minute"), "user").count()
    place = F.row_number().over(Window.partitionBy("minute").orderBy(F.desc("count")))
    result = counts.withColumn("place", place).where("place <= 10")
else:
    result = spark.read.json(path).groupBy("key").sum("n")
for row in result.toLocalIterator():
    print(*row)
