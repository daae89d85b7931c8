package sstream.spark;

import java.io.IOException;
import java.io.InputStream;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.receiver.Receiver;

/**
 * A source of ours on an executor, which writes its records as lines of JSON. One that fails is started
 * again by Spark. One that ends by itself has ended its stream: the driver is told so, and the receiver
 * stays, as Spark would start it again if it stopped.
 */
final class CommandReceiver extends Receiver<byte[]> {
  private static final long serialVersionUID = 1;
  private static final int ROOM = 1 << 16;
  /** What the driver is told at the end of a source. */
  static final String ENDED = "sstream: the source has ended";

  private final Tools tools;
  private final String command;
  private transient volatile Process process;

  CommandReceiver(Tools tools, String command) {
    super(StorageLevel.MEMORY_AND_DISK_SER_2());
    this.tools = tools;
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
      // The tool gives what it has read, and ends.
      process.destroy();
    }
  }

  private void receive() {
    try {
      // exec: the signal is for the tool, not for the shell.
      process = tools.start("exec " + command, ProcessBuilder.Redirect.PIPE);
      process.getOutputStream().close();
      store(process.getInputStream());
      int exit = process.waitFor();
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

  /** Stores whole lines, as many as are there. */
  private void store(InputStream in) throws IOException {
    Blocks.Building waiting = new Blocks.Building();
    byte[] buffer = new byte[ROOM];
    int length;
    while ((length = in.read(buffer)) >= 0) {
      int end = length;
      while (end > 0 && buffer[end - 1] != '\n') {
        end--;
      }
      waiting.add(buffer, 0, end);
      if (end > 0) {
        store(waiting.take());
      }
      waiting.add(buffer, end, length);
    }
  }
}
