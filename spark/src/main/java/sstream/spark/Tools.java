package sstream.spark;

import java.io.File;
import java.io.IOException;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/** Our tools on the machine where this runs: installed there, or shipped with the application. */
final class Tools {
  /**
   * The setting that says where they are installed; without it they come with the application's files, or
   * are in PATH. A setting, since one that goes on from a checkpoint may have another.
   */
  static final String HOME = "spark.sstream.home";

  private Tools() {}

  /** A process of a text for the shell; its messages go to the log of whoever starts it. */
  static Process start(String command, ProcessBuilder.Redirect stdout) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("SSTREAM_"));
    String home = SparkEnv.get().conf().get(HOME, null);
    String first = home != null ? home : SparkFiles.getRootDirectory();
    environment.merge("PATH", first, (path, ours) -> ours + File.pathSeparator + path);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.redirectOutput(stdout);
    return builder.start();
  }
}
