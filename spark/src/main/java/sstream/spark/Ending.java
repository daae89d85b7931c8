package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;

/** When an application stops by itself: {@code --stop-file}, {@code --stop-after}, {@code --idle-timeout}. */
final class Ending {
  private final Path file;
  /** Milliseconds; 0: never. */
  private final long after;
  /** Milliseconds; 0: never. */
  private final long idle;
  private volatile long began;
  private volatile long came;

  Ending(JsonNode json) {
    file = json.hasNonNull("file") ? Paths.get(json.get("file").asText()) : null;
    after = json.path("after").asLong();
    idle = json.path("idle").asLong();
  }

  /** Batches begin. */
  void begin() {
    began = System.nanoTime();
    came = began;
  }

  /** A batch has records. */
  void came() {
    came = System.nanoTime();
  }

  /** Whether it is time. */
  boolean isDue() {
    return file != null && Files.exists(file) || isOver(after, began) || isOver(idle, came);
  }

  private static boolean isOver(long milliseconds, long since) {
    return milliseconds > 0 && System.nanoTime() - since >= TimeUnit.MILLISECONDS.toNanos(milliseconds);
  }
}
