package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;

/** A sink of ours that runs on the driver, one process for the whole stream. */
final class DriverSink {
  private final Tools tools;
  private final String command;
  private final long interval;
  /** How many records of a batch are enough for it; 0: all. */
  private final int enough;
  private final ProcessBuilder.Redirect stdout;
  private Process process;
  private OutputStream stdin;

  DriverSink(Tools tools, JsonNode node, ProcessBuilder.Redirect stdout) {
    this.tools = tools;
    this.stdout = stdout;
    command = node.get("command").asText();
    interval = node.get("interval").asLong();
    enough = node.get("records").asInt();
  }

  /** Hands a batch on. */
  synchronized void take(JavaRDD<byte[]> batch, long time) throws IOException {
    start();
    // A block has a record at least.
    List<byte[]> blocks = enough > 0 ? batch.take(enough) : batch.collect();
    try {
      long records = 0;
      for (byte[] block : blocks) {
        records += Frames.block(stdin, time, block);
      }
      Frames.end(stdin, time, records);
      stdin.flush();
    } catch (IOException gone) {
      throw new PieceFailed(waitFor(), command, "the sink reads no more");
    }
  }

  /** Nothing more comes: the sink ends, and gives its exit code. */
  synchronized int close(String why) throws IOException {
    start();
    try {
      Frames.close(stdin, why);
      stdin.close();
    } catch (IOException gone) {
      // Its exit code says why.
    }
    return waitFor();
  }

  private void start() throws IOException {
    if (process == null) {
      process = tools.start(command, stdout);
      stdin = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
      Frames.head(stdin, interval);
      stdin.flush();
    }
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
