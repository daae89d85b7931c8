package sstream.spark;

import java.io.IOException;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.receiver.Receiver;

/**
 * A source of ours on an executor, which writes its records as lines of JSON. One that fails is started
 * again by Spark. One that ends by itself has ended its stream: the driver is told so, and the receiver
 * stays, as Spark would start it again if it stopped. One whose executor is killed ends too: a source that stayed would
 * hold its connection, and what comes by it would be lost.
 */
final class CommandReceiver extends Receiver<byte[]> {
  private static final long serialVersionUID = 1;
  /** What the driver is told at the end of a source. */
  static final String ENDED = "sstream: the source has ended";

  private final String command;
  private transient volatile Process process;

  CommandReceiver(String command) {
    super(StorageLevel.MEMORY_AND_DISK_SER_2());
    this.command = command;
  }

  @Override
  public void onStart() {
    Thread reader = new Thread(this::receive, "receiver of " + command);
    reader.setDaemon(true);
    reader.start();
  }

  @Override
  public void onStop() {
    Process process = this.process;
    if (process != null) {
      close(process);
    }
  }

  /** The tool gives what it has read, and ends. */
  private static void close(Process process) {
    try {
      process.getOutputStream().close();
    } catch (IOException gone) {
      // It has ended.
    }
  }

  /** The command, which gets SIGTERM when its stdin is closed, as that of a process is that is killed. */
  private static String whileOpen(String command) {
    return "exec 3<&0 </dev/null; " + command + " 3<&- & tool=$!; "
        + "(read -r closed <&3; kill $tool) >/dev/null 2>&1 & watch=$!; exec 3<&-; "
        + "wait $tool; code=$?; kill $watch 2>/dev/null; exit $code";
  }

  private void receive() {
    try {
      process = Tools.start(whileOpen(command), ProcessBuilder.Redirect.PIPE);
      LineBlocks lines = new LineBlocks(process.getInputStream());
      for (byte[] block = lines.next(); block != null; block = lines.next()) {
        store(block);
      }
      int exit = process.waitFor();
      close(process);
      if (exit == 0) {
        reportError(ENDED, new IOException(command));
      } else if (!isStopped()) {
        restart("sstream: exit " + exit + " of " + command);
      }
    } catch (IOException failure) {
      restart("sstream: " + command + ": " + failure.getMessage(), failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
