package sstream.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** Files of a task. */
final class Temporary {
  private Temporary() {}

  /** A folder for as long as the task runs. */
  static Path folder() throws IOException {
    Path folder = Files.createTempDirectory("sstream");
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) done -> remove(folder.toFile()));
    return folder;
  }

  private static void remove(File folder) {
    File[] files = folder.listFiles();
    for (File file : files == null ? new File[0] : files) {
      file.delete();
    }
    folder.delete();
  }
}
