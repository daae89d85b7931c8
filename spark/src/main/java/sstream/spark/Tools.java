package sstream.spark;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import org.apache.spark.SparkFiles;

/** Our tools on the machine where this runs: installed there, or shipped with the application. */
final class Tools implements Serializable {
  private static final long serialVersionUID = 1;

  /** Where they are installed; null if they come with the application's files, or are in PATH. */
  private final String home;

  Tools(String home) {
    this.home = home;
  }

  /** A process of a text for the shell; its messages go to the log of whoever starts it. */
  Process start(String command, ProcessBuilder.Redirect stdout) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("SSTREAM_"));
    String first = home != null ? home : SparkFiles.getRootDirectory();
    environment.merge("PATH", first, (path, ours) -> ours + File.pathSeparator + path);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.redirectOutput(stdout);
    return builder.start();
  }
}
