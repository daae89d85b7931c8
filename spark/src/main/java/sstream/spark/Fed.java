package sstream.spark;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskContext$;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A piece of shell in a task, whose stdin a thread of its own writes; it is ended if the task is over
 * before it is.
 */
final class Fed {
  /** Writes a piece's whole stdin. */
  interface Input {
    void write(OutputStream out) throws IOException;
  }

  final String command;
  private final Process process;
  private final Thread writer;
  private volatile Throwable inputFailure;
  private volatile boolean isOver;

  Fed(String command, Input input) throws IOException {
    this(command, null, input);
  }

  /** The same of a sink, which is known to the world as this writer. */
  Fed(String command, String known, Input input) throws IOException {
    this.command = command;
    process = Tools.start(command, ProcessBuilder.Redirect.PIPE, known);
    TaskContext context = TaskContext.get();
    if (context != null) {
      context.addTaskCompletionListener((TaskCompletionListener) done -> {
        if (!isOver) {
          process.destroyForcibly();
        }
      });
    }
    writer = new Thread(() -> feed(context, input), "stdin of " + command);
    writer.setDaemon(true);
    writer.start();
  }

  private void feed(TaskContext context, Input input) {
    if (context != null) {
      // What is read in this thread may come from another piece or a shuffle, of the same task.
      TaskContext$.MODULE$.setTaskContext(context);
    }
    try (OutputStream out = new BufferedOutputStream(process.getOutputStream(), 1 << 16)) {
      input.write(out);
    } catch (IOException gone) {
      // The piece reads no more: its exit code says why.
      inputFailure = gone;
    } catch (Throwable failure) {
      inputFailure = failure;
      process.destroyForcibly();
    }
  }

  InputStream stdout() {
    return process.getInputStream();
  }

  void kill() {
    process.destroyForcibly();
  }

  /** Waits for the end. An exit code other than 0 fails, and so does input that could not be had. */
  void finish(String message) throws IOException {
    int exit;
    try {
      exit = process.waitFor();
      writer.join();
    } catch (InterruptedException interrupted) {
      kill();
      Thread.currentThread().interrupt();
      throw new PieceFailed(1, command, "interrupted");
    }
    isOver = true;
    if (inputFailure != null && !(inputFailure instanceof IOException)) {
      throw new IOException(command + ": what it was to read failed: " + inputFailure, inputFailure);
    }
    if (exit != 0 || message != null) {
      throw new PieceFailed(exit, command, message);
    }
    if (inputFailure != null) {
      throw new IOException(command + ": it read not all of its input: " + inputFailure, inputFailure);
    }
  }
}
