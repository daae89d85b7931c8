package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;

/** A sink of ours once a partition and batch, where the partition is: a batch that comes again is sent again. */
final class PartitionsSink implements Serializable {
  private static final long serialVersionUID = 1;

  private final String command;
  private final long interval;

  PartitionsSink(JsonNode node) {
    command = node.get("command").asText();
    interval = node.get("interval").asLong();
  }

  void take(JavaRDD<byte[]> batch, long time) {
    batch.foreachPartition(blocks -> send(blocks, time));
  }

  private void send(Iterator<byte[]> blocks, long time) throws IOException {
    if (blocks.hasNext()) {
      Fed fed = new Fed(command, Running.batch(blocks, time, interval));
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
