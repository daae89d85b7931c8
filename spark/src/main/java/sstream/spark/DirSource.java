package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.spark.TaskContext;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Files that come into a directory of any of Hadoop's file systems: Spark finds them, and our own source
 * makes the records, of each file in a partition of its own.
 */
final class DirSource {
  private DirSource() {}

  static JavaDStream<byte[]> stream(JavaStreamingContext context, JsonNode node) throws IOException {
    Configuration hadoop = context.sparkContext().hadoopConfiguration();
    Path folder = new Path(node.get("path").asText());
    String command = node.get("command").asText();
    SerializableConfiguration configuration = new SerializableConfiguration(hadoop);
    return context
        .fileStream(
            folder.getFileSystem(hadoop).makeQualified(folder).toString(), Text.class, NullWritable.class, Names.class,
            DirSource::isTaken, true)
        .mapPartitions(files ->
            files.hasNext() ? records(command, files.next()._1.toString(), configuration) : Collections.emptyIterator());
  }

  /** As the tool itself has it: what is being written has such a name. */
  private static boolean isTaken(Path file) {
    String name = file.getName();
    return !name.startsWith(".") && !name.endsWith(".tmp") && !name.endsWith("._COPYING_");
  }

  private static Iterator<byte[]> records(String command, String name, SerializableConfiguration configuration)
      throws IOException {
    Path file = new Path(name);
    FileSystem system = file.getFileSystem(configuration.value());
    // A directory that has this file alone, by its name, which says what is packed how.
    java.nio.file.Path folder = Files.createTempDirectory("sstream");
    java.nio.file.Path own = folder.resolve(file.getName());
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) done -> {
      own.toFile().delete();
      folder.toFile().delete();
    });
    if (system.getScheme().equals("file")) {
      Files.createSymbolicLink(own, Paths.get(file.toUri().getPath()));
    } else {
      system.copyToLocalFile(false, file, new Path(own.toUri()), true);
    }
    return new Making(command + " '" + folder + "'", stdin -> { });
  }

  /** Files as their names, a record each. */
  public static final class Names extends FileInputFormat<Text, NullWritable> {
    @Override
    protected boolean isSplitable(JobContext context, Path file) {
      return false;
    }

    @Override
    public RecordReader<Text, NullWritable> createRecordReader(InputSplit split, TaskAttemptContext context) {
      return new Name();
    }
  }

  private static final class Name extends RecordReader<Text, NullWritable> {
    private Text name;
    private boolean isRead;

    @Override
    public void initialize(InputSplit split, TaskAttemptContext context) {
      name = new Text(((FileSplit) split).getPath().toString());
    }

    @Override
    public boolean nextKeyValue() {
      boolean isFirst = !isRead;
      isRead = true;
      return isFirst;
    }

    @Override
    public Text getCurrentKey() {
      return name;
    }

    @Override
    public NullWritable getCurrentValue() {
      return NullWritable.get();
    }

    @Override
    public float getProgress() {
      return isRead ? 1 : 0;
    }

    @Override
    public void close() {}
  }
}
