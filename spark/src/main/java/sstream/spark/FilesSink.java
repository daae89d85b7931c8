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
 * temporary name and renamed. A batch that comes again replaces its file; where it is empty now, and was
 * not, the file goes.
 */
final class FilesSink implements Serializable {
  private static final long serialVersionUID = 1;

  private final String command;
  private final long interval;
  private final String prefix;
  private final String suffix;
  private final boolean empty;
  private final SerializableConfiguration configuration;

  FilesSink(JsonNode node, Configuration configuration) throws IOException {
    this.configuration = new SerializableConfiguration(configuration);
    command = node.get("command").asText();
    interval = node.get("interval").asLong();
    prefix = prefix(node, configuration).toString();
    suffix = node.get("suffix").isNull() ? "" : "." + node.get("suffix").asText();
    empty = node.get("empty").asBoolean();
  }

  /** Removes what a run before was killed over, before another begins. */
  static void tidy(JsonNode node, Configuration configuration) throws IOException {
    Path folder = unfinished(prefix(node, configuration));
    folder.getFileSystem(configuration).delete(folder, true);
  }

  /** How the names begin, with the file system and the directory that hold on the driver. */
  private static Path prefix(JsonNode node, Configuration configuration) throws IOException {
    Path prefix = new Path(node.get("prefix").asText());
    return prefix.getFileSystem(configuration).makeQualified(prefix);
  }

  /** Where files are that are being written: their readers do not look into it. */
  private static Path unfinished(Path prefix) {
    return new Path(prefix.getParent(), "." + prefix.getName() + ".unfinished");
  }

  /** Writes a batch, which is in one part. */
  void take(JavaRDD<byte[]> batch, long time) {
    batch.foreachPartition(blocks -> write(blocks, time));
  }

  private void write(Iterator<byte[]> blocks, long time) throws IOException {
    Path file = new Path(prefix + "-" + time + suffix);
    FileSystem system = file.getFileSystem(configuration.value());
    if (!empty && !blocks.hasNext()) {
      system.delete(file, false);
      return;
    }
    String attempt = time + "." + TaskContext.get().taskAttemptId();
    Path temporary = new Path(unfinished(new Path(prefix)), attempt);
    system.setWriteChecksum(false);
    Fed fed = new Fed(command, Running.batch(blocks, time, interval));
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
