package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import org.apache.spark.SparkContext;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.dstream.InputDStream;
import org.apache.spark.streaming.scheduler.BatchInfo;
import org.apache.spark.streaming.scheduler.StreamInputInfo;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;
import scala.Option;

/** Publishes each batch that is done, with the records and the times that Spark's own page has of it. */
final class Progress implements StreamingListener {
  private final Published published;
  private final JsonNode[] sources;
  /** Spark's streams, of each source one. */
  private final int[] streams;
  /** The node whose records are what comes out. */
  private final int end;
  /** What had been counted of each source, and of the end, when the last batch was done. */
  private final long[] counted;

  private Progress(Published published, JavaStreamingContext context, Plan plan) {
    this.published = published;
    sources = plan.nodes.stream().filter(node -> node.get("is").asText().equals("source")).toArray(JsonNode[]::new);
    // Both are in the order in which they were made.
    streams = Arrays.stream(context.ssc().graph().getInputStreams())
        .sorted(Comparator.comparingInt(InputDStream::id)).mapToInt(InputDStream::id).toArray();
    end = plan.nodes.stream().filter(node -> node.get("is").asText().equals("sink"))
        .mapToInt(node -> node.get("id").asInt()).max().orElse(0);
    counted = new long[sources.length + 1];
  }

  /** Begins to publish, before the first batch; null: there is nobody whom it could be shown to. */
  static Progress begin(JavaStreamingContext context, Plan plan, String directory, String head) {
    SparkContext spark = context.ssc().sparkContext();
    if (!spark.deployMode().equals("client")) {
      // The directory is on another machine.
      return null;
    }
    Option<String> page = spark.uiWebUrl();
    try {
      Published published =
          new Published(directory, head, spark.applicationId(), page.isDefined() ? page.get() : null);
      Progress progress = new Progress(published, context, plan);
      context.addStreamingListener(progress);
      return progress;
    } catch (IOException failure) {
      System.err.println("sstream-submit: cannot be seen by sstream ps: " + failure);
      return null;
    }
  }

  @Override
  public void onBatchCompleted(StreamingListenerBatchCompleted completed) {
    BatchInfo batch = completed.batchInfo();
    long[] brought = new long[sources.length];
    for (int source = 0; source < sources.length; source++) {
      brought[source] = brought(batch, source);
    }
    long now = System.currentTimeMillis();
    long begun = batch.processingStartTime().isDefined() ? (long) batch.processingStartTime().get() : now;
    long done = batch.processingEndTime().isDefined() ? (long) batch.processingEndTime().get() : now;
    published.batch(batch.batchTime().milliseconds(), brought, since(sources.length, end), begun, done);
  }

  private long brought(BatchInfo batch, int source) {
    if (Plan.isOf(sources[source], "source", "kafka")) {
      // By its offsets, when the batch is cut: its messages may be read later, with a window.
      Option<StreamInputInfo> info = batch.streamIdToInputInfo().get(streams[source]);
      return info.isDefined() ? info.get().numRecords() : 0;
    }
    return since(source, sources[source].get("id").asInt());
  }

  /** What was counted of a node since the last time. */
  private long since(int place, int node) {
    long before = counted[place];
    counted[place] = Counts.of(node);
    return counted[place] - before;
  }

  void close(String why, int exit, String message) {
    published.close(why, exit, message);
  }
}
