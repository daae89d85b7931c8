package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;

/**
 * A sink of ours once a partition and batch, where the partition is. It has no checkpoint. Each is a writer of its own, so
 * that none takes the records of another for its own; a task that is tried again is the same one, and what it writes by
 * keys of the writer it finds. A driver that goes on from a checkpoint has other writers, since its batches may have other
 * records.
 */
final class ToolSink implements Serializable {
  private static final long serialVersionUID = 1;

  private final int id;
  private final String command;
  private final long interval;
  /** Whether it is to run on no records too: a batch is in one partition, and an empty one may be something. */
  private final boolean always;

  ToolSink(JsonNode node, boolean always) {
    this.always = always;
    id = node.get("id").asInt();
    command = node.get("command").asText();
    interval = node.get("interval").asLong();
  }

  void take(JavaRDD<byte[]> batch, long time) {
    batch.foreachPartition(blocks -> send(blocks, time));
  }

  private void send(Iterator<byte[]> blocks, long time) throws IOException {
    if (always || blocks.hasNext()) {
      String writer = id + "-" + TaskContext.getPartitionId() + "-" + time;
      Fed fed = new Fed(command, writer, Running.batch(blocks, time, interval));
      try {
        // It has nothing to say.
        fed.stdout().transferTo(OutputStream.nullOutputStream());
        fed.finish(null);
      } catch (IOException failure) {
        fed.kill();
        throw failure;
      }
    }
  }
}
