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

  /** The setting that has an id of this run of the driver, which is no other's. */
  static final String RUN = "spark.sstream.run";

  private Tools() {}

  /** The same, of nobody who would be known again. */
  static Process start(String command, ProcessBuilder.Redirect stdout) throws IOException {
    return start(command, stdout, null);
  }

  /**
   * A process of a text for the shell; its messages go to the log of whoever starts it. A sink may be told as which
   * writer it is known to the world, if the same one may be started again.
   */
  static Process start(String command, ProcessBuilder.Redirect stdout, String writer) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("SSTREAM_"));
    // Those who look for pipelines find the application, which Progress publishes.
    environment.put("_SSTREAM_UNSEEN", "1");
    if (writer != null) {
      environment.put("_SSTREAM_WRITER", SparkEnv.get().conf().get(RUN) + "-" + writer);
    }
    String home = SparkEnv.get().conf().get(HOME, null);
    String first = home != null ? home : SparkFiles.getRootDirectory();
    environment.merge("PATH", first, (path, ours) -> ours + File.pathSeparator + path);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.redirectOutput(stdout);
    return builder.start();
  }
}
