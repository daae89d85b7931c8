package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A file a batch, on any of Hadoop's file systems: {@code PREFIX-TIME[.SUFFIX]}, written under a
 * temporary name and renamed. A batch that comes again replaces its file.
 */
final class FilesSink implements Serializable {
  private static final long serialVersionUID = 1;

  private final Tools tools;
  private final String command;
  private final long interval;
  private final String prefix;
  private final String suffix;
  private final boolean empty;
  private final SerializableConfiguration configuration;

  FilesSink(Tools tools, JsonNode node, Configuration configuration) {
    this.tools = tools;
    this.configuration = new SerializableConfiguration(configuration);
    command = node.get("command").asText();
    interval = node.get("interval").asLong();
    prefix = node.get("prefix").asText();
    suffix = node.get("suffix").isNull() ? "" : "." + node.get("suffix").asText();
    empty = node.get("empty").asBoolean();
  }

  /** Writes a batch, which is in one part. */
  void take(JavaRDD<byte[]> batch, long time) {
    batch.foreachPartition(blocks -> write(blocks, time));
  }

  private void write(Iterator<byte[]> blocks, long time) throws IOException {
    if (!empty && !blocks.hasNext()) {
      return;
    }
    Path file = new Path(prefix + "-" + time + suffix);
    String attempt = "." + file.getName() + "." + TaskContext.get().taskAttemptId();
    Path temporary = new Path(file.getParent(), attempt);
    FileSystem system = file.getFileSystem(configuration.value());
    system.setWriteChecksum(false);
    Fed fed = new Fed(tools, command, Running.batch(blocks, time, interval));
    try {
      try (OutputStream out = system.create(temporary, true)) {
        fed.stdout().transferTo(out);
        fed.finish(null);
      }
      FileContext files = FileContext.getFileContext(system.getUri(), configuration.value());
      files.rename(temporary, file, Options.Rename.OVERWRITE);
    } catch (IOException failure) {
      fed.kill();
      system.delete(temporary, false);
      throw failure;
    }
  }
}
