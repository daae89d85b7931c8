import org.apache.spark.SparkConf
import org.apache.spark.streaming.{Duration, StreamingContext}
import org.apache.spark.streaming.scheduler.{StreamingListener, StreamingListenerBatchCompleted}

/** The jobs as one writes them for Spark: `ByHand JOB BATCH-MS IN OUT`; a line for each batch that had files says how long it took. */
object ByHand {
  def main(arguments: Array[String]): Unit = {
    val Array(job, batch, in, out) = arguments
    val interval = Duration(batch.toLong)
    val context = new StreamingContext(new SparkConf().setAppName("by hand"), interval)
    context.addStreamingListener(new StreamingListener {
      override def onBatchCompleted(completed: StreamingListenerBatchCompleted): Unit = {
        val info = completed.batchInfo
        val files = info.streamIdToInputInfo.values.flatMap(_.metadata.get("files")).collect { case files: List[_] => files }
        if (files.exists(_.nonEmpty)) println(s"${info.batchTime.milliseconds} ${info.processingDelay.get}")
      }
    })
    val lines = context.textFileStream(in)
    val counts = job match {
      case "main" =>
        val errors = lines.filter(_.contains("ERROR"))
        val words = errors.map(line => (line.split(" ")(8), 1L))
        words.reduceByKeyAndWindow((a: Long, b: Long) => a + b, interval * 3, interval)
      case "words" => lines.flatMap(_.split(" ")).map(word => (word, 1L)).reduceByKey(_ + _)
    }
    counts.foreachRDD { (rdd, time) =>
      rdd.coalesce(1).map { case (word, count) => s"""["$word",$count]""" }.saveAsTextFile(s"$out-${time.milliseconds}")
    }
    context.start()
    context.awaitTermination()
  }
}
