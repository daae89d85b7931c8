package sstream.spark;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;

/** A piece of shell that runs in partitions, once each and batch. */
final class Piece implements Serializable {
  private static final long serialVersionUID = 1;

  private final String command;
  private final long interval;
  /** Whether it is to run on no records too, as a count does. */
  private final boolean always;

  Piece(String command, long interval, boolean always) {
    this.command = command;
    this.interval = interval;
    this.always = always;
  }

  /** In every partition of a batch. */
  JavaRDD<byte[]> on(JavaRDD<byte[]> batch, long time) {
    return batch.mapPartitions(blocks -> run(blocks, time));
  }

  /** On a partition's records. */
  Iterator<byte[]> run(Iterator<byte[]> blocks, long time) throws IOException {
    if (!always && !blocks.hasNext()) {
      return Collections.emptyIterator();
    }
    return new Running(command, Running.batch(blocks, time, interval));
  }

  /** On the two sides of a part, which become files beside each other. */
  JavaRDD<byte[]> onSides(JavaRDD<byte[]> left, JavaRDD<byte[]> right, long time) {
    return left.zipPartitions(right, (a, b) -> {
      if (!a.hasNext() && !b.hasNext()) {
        return Collections.emptyIterator();
      }
      Path folder = Temporary.folder();
      save(folder.resolve("left"), a, time);
      save(folder.resolve("right"), b, time);
      String sides = " '" + folder + "/left' '" + folder + "/right'";
      return new Running(command + sides, out -> { });
    });
  }

  private void save(Path file, Iterator<byte[]> blocks, long time) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      Running.batch(blocks, time, interval).write(out);
    }
  }
}
