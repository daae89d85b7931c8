package sstream.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * The application for {@code sstream ps}, {@code sstream-top} and the page: a trace log of its newest batches in
 * the directory that stages publish into, as src/monitor/publish has it, with a lock for as long as this process
 * lives. It is but to be seen: where it cannot be written, that is told, and the pipeline goes on.
 */
final class Published {
  /** A file that has grown to this many bytes is begun anew with its newer half. */
  private static final int MOST_BYTES = 256 << 10;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final byte[] head;
  /** Its newest lines, for when it is begun anew; null: it cannot be written. */
  private Deque<byte[]> lines = new ArrayDeque<>();
  private int lineBytes;
  private FileChannel channel;
  private long fileBytes;

  /** Of an application, into {@code directory}; {@code head} is what sstream-submit says of the line. */
  Published(String directory, String head, String application, String page) throws IOException {
    ObjectNode whole = (ObjectNode) JSON.readTree(head);
    long pid = ProcessHandle.current().pid();
    whole.withObject("/published").put("pid", pid).put("since", System.currentTimeMillis());
    whole.putObject("spark").put("application", application).put("page", page);
    this.head = line(whole);
    file = Path.of(directory, whole.get("pipeline").asText() + "." + pid + ".jsonl");
    begin();
  }

  /** A batch is done: what each of its sources brought, and what came out at the line's end. */
  synchronized void batch(long time, long[] brought, long gave, long begun, long done) {
    ObjectNode end = JSON.createObjectNode().put("end", time).put("records", gave);
    ArrayNode trace = end.putArray("trace");
    long all = 0;
    for (long records : brought) {
      all += records;
      // Each source is a side of its own, where there are several.
      ArrayNode side = brought.length > 1 ? trace.addArray() : trace;
      part(side, "source", records, records, 0, begun);
    }
    part(trace, "spark", all, gave, done - begun, done);
    write(end);
  }

  private static void part(ArrayNode trace, String name, long taken, long given, long busy, long finished) {
    trace.addArray().add(name).add(taken).add(given).add(0).add(busy).add(finished);
  }

  /** The application is over; {@code message} is why, if it has failed. */
  synchronized void close(String why, int exit, String message) {
    ObjectNode close = JSON.createObjectNode();
    if (exit == 0) {
      close.put("close", why);
    } else {
      close.put("close", "error").put("exit", exit).put("message", message);
    }
    write(close);
    if (lines != null) {
      file.toFile().delete();
    }
  }

  private void write(ObjectNode object) {
    if (lines == null) {
      return;
    }
    try {
      byte[] line = line(object);
      lines.add(line);
      lineBytes += line.length;
      while (lineBytes > MOST_BYTES / 2) {
        lineBytes -= lines.remove().length;
      }
      if (fileBytes > MOST_BYTES) {
        begin();
      } else {
        append(line);
      }
    } catch (IOException failure) {
      lines = null;
      System.err.println("sstream-submit: cannot be seen by sstream ps any more: " + failure);
    }
  }

  /** A new file in the place of the old one, which those who have it open read to its end. */
  private void begin() throws IOException {
    Path aside = Path.of(file.toString().replaceFirst("jsonl$", "new"));
    Files.deleteIfExists(aside);
    FileChannel old = channel;
    channel = FileChannel.open(
        aside, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    channel.lock();
    fileBytes = 0;
    append(head);
    for (byte[] line : lines) {
      append(line);
    }
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    if (old != null) {
      old.close();
    }
  }

  private void append(byte[] line) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(line);
    while (rest.hasRemaining()) {
      fileBytes += channel.write(rest);
    }
  }

  private static byte[] line(ObjectNode object) throws IOException {
    return (JSON.writeValueAsString(object) + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
