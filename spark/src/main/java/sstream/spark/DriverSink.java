package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.api.java.JavaRDD;

/**
 * A sink of ours that runs on the driver, one process for the whole stream. A checkpoint has the sink, and
 * not its process: one that goes on begins with a new one, which may get batches again.
 */
final class DriverSink implements Serializable {
  private static final long serialVersionUID = 1;
  /** Those of this driver that have begun, in order. */
  private static final List<DriverSink> BEGUN = new CopyOnWriteArrayList<>();

  private final String command;
  private final long interval;
  /** How many records of a batch are enough for it; 0: all. */
  private final int enough;
  /** The file that it prints into; null: where the driver prints. */
  private final File printed;
  private transient Process process;
  private transient OutputStream stdin;

  DriverSink(JsonNode node, File printed) {
    this.printed = printed;
    command = node.get("command").asText();
    interval = node.get("interval").asLong();
    enough = node.get("records").asInt();
  }

  /** Begins, before any batch. */
  synchronized void begin() throws IOException {
    process = Tools.start(
        command, printed == null ? ProcessBuilder.Redirect.INHERIT : ProcessBuilder.Redirect.to(printed));
    stdin = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
    Frames.head(stdin, interval, new Said());
    stdin.flush();
    BEGUN.add(this);
  }

  /** Hands a batch on. */
  synchronized void take(JavaRDD<byte[]> batch, long time) throws IOException {
    if (process == null) {
      // It comes from a checkpoint.
      begin();
    }
    // A block has a record at least.
    List<byte[]> blocks = enough > 0 ? batch.take(enough) : batch.collect();
    try {
      long records = 0;
      for (byte[] block : blocks) {
        records += Frames.block(stdin, time, block);
      }
      Frames.end(stdin, time, records, new Said());
      stdin.flush();
    } catch (IOException gone) {
      throw new PieceFailed(waitFor(), command, "the sink reads no more");
    }
  }

  /** Nothing more comes: all sinks end. Gives the worst of their exit codes. */
  static int closeAll(String why) {
    int worst = 0;
    for (DriverSink sink : BEGUN) {
      worst = Math.max(worst, sink.close(why));
    }
    return worst;
  }

  private synchronized int close(String why) {
    try {
      Frames.close(stdin, why);
      stdin.close();
    } catch (IOException gone) {
      // Its exit code says why.
    }
    return waitFor();
  }

  private int waitFor() {
    try {
      return process.waitFor();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }
}
