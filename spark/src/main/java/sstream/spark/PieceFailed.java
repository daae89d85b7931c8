package sstream.spark;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A piece of shell that ended otherwise than well: its exit code is in the text, for the driver. */
final class PieceFailed extends IOException {
  private static final long serialVersionUID = 1;
  /** The exit code for a checkpoint that is damaged, or of another line. */
  static final int CHECKPOINT = 5;
  private static final Pattern EXIT = Pattern.compile("sstream: exit (\\d+) of (.*)");

  PieceFailed(int exit, String command, String message) {
    super("sstream: exit " + exit + " of " + command + (message == null ? "" : ": " + message));
  }

  /** What a failure of a job tells: of a piece of shell its own words, without all that Spark says. */
  static String told(Throwable failure) {
    Matcher matcher = EXIT.matcher(String.valueOf(failure));
    return matcher.find() ? matcher.group(2) : failure.toString();
  }

  /** The exit code that a failure of a job tells of, or 1. */
  static int exitOf(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Matcher matcher = EXIT.matcher(String.valueOf(cause.getMessage()));
      if (matcher.find()) {
        int exit = Integer.parseInt(matcher.group(1));
        return exit == 0 || exit > 5 ? 1 : exit;
      }
    }
    return 1;
  }
}
