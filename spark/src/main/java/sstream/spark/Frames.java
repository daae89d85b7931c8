package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** The stream format: a head, blocks of records, ends of batches, a close. */
final class Frames {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Bytes of a block that has several records. */
  private static final int MAX_BLOCK = 16 << 20;

  private Frames() {}

  static void head(OutputStream out, long interval, Said said) throws IOException {
    line(out, "{\"sstream\":1,\"interval\":" + interval + ",\"stages\":[\"spark\"]" + said.head() + "}");
  }

  /** Records as a block, or as several where they are more than one may have; gives how many. */
  static long block(OutputStream out, long time, byte[] block) throws IOException {
    long all = 0;
    for (int start = 0; start < block.length; ) {
      int end = Blocks.end(block, start, MAX_BLOCK);
      long records = Blocks.records(block, start, end);
      line(out, "{\"batch\":" + time + ",\"records\":" + records + ",\"bytes\":" + (end - start) + "}");
      out.write(block, start, end - start);
      all += records;
      start = end;
    }
    return all;
  }

  static void end(OutputStream out, long time, long records, Said said) throws IOException {
    line(out, "{\"end\":" + time + ",\"records\":" + records + said.end() + "}");
  }

  static void close(OutputStream out, String why) throws IOException {
    line(out, "{\"close\":\"" + why + "\"}");
  }

  private static void line(OutputStream out, String line) throws IOException {
    out.write(line.getBytes(StandardCharsets.UTF_8));
    out.write('\n');
  }

  /** What a reader meets. */
  enum Event {
    /** A stream begins. */
    HEAD,
    /** Records. */
    BLOCK,
    /** A batch is whole. */
    END,
    /** The stream is over. */
    CLOSE
  }

  /** Reads a stream that one of our tools writes. */
  static final class Reader {
    private final InputStream in;
    private final String who;
    /** The block that was met last. */
    byte[] block;
    /** What the newest head or end said to those behind, as an element; null for nothing. */
    byte[] said;
    /** What went wrong, once the stream is over; null if nothing did. */
    String failure;

    Reader(InputStream in, String who) {
      this.in = in;
      this.who = who;
    }

    /** Goes on to what comes next. */
    Event next() throws IOException {
      while (true) {
        JsonNode line = control();
        if (line == null) {
          failure = "its stream was cut off";
          return Event.CLOSE;
        }
        if (line.has("batch")) {
          int bytes = line.get("bytes").asInt();
          block = in.readNBytes(bytes);
          if (block.length < bytes) {
            failure = "its stream was cut off";
            return Event.CLOSE;
          }
          return Event.BLOCK;
        }
        if (line.has("sstream") || line.has("end")) {
          said = Said.aside(line);
          return line.has("end") ? Event.END : Event.HEAD;
        }
        if (line.has("close")) {
          boolean isError = line.get("close").asText().equals("error");
          failure = isError ? line.path("message").asText() : null;
          return Event.CLOSE;
        }
      }
    }

    /** A control line; null where there is no more. */
    private JsonNode control() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int one;
      while ((one = in.read()) >= 0 && one != '\n') {
        line.write(one);
      }
      if (one < 0) {
        return null;
      }
      try {
        return JSON.readTree(line.toByteArray());
      } catch (IOException malformed) {
        throw new IOException(who + ": wrote no stream: " + line.toString(StandardCharsets.UTF_8));
      }
    }
  }
}
