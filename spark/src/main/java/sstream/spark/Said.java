package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;

/**
 * What the heads and the ends of a stage's streams say to the stages behind it: where records bear their time,
 * and the watermark. Of several partitions the greatest watermark counts.
 */
final class Said {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> OF_HEADS = List.of("time", "watermark");
  private static final List<String> OF_ENDS = List.of("watermark");

  private final ObjectNode head = JSON.createObjectNode();
  private final ObjectNode end = JSON.createObjectNode();

  /** What a tool has said in its stream, as an element beside its records; null if that is nothing. */
  static byte[] aside(JsonNode line) throws IOException {
    boolean isHead = line.has("sstream");
    ObjectNode said = JSON.createObjectNode();
    for (String key : isHead ? OF_HEADS : OF_ENDS) {
      if (line.hasNonNull(key)) {
        said.set(key, line.get(key));
      }
    }
    if (said.isEmpty()) {
      return null;
    }
    byte[] content = JSON.writeValueAsBytes(JSON.createObjectNode().set(isHead ? "head" : "end", said));
    return Aside.of(Aside.SAID, content, content.length);
  }

  /** Takes such an element. */
  void take(byte[] aside) throws IOException {
    JsonNode said = JSON.readTree(Aside.content(aside));
    said.path("head").fields().forEachRemaining(field -> head.set(field.getKey(), field.getValue()));
    JsonNode watermark = said.path("end").path("watermark");
    if (watermark.isNumber() && (end.isEmpty() || end.get("watermark").asLong() < watermark.asLong())) {
      end.set("watermark", watermark);
    }
  }

  /** All of it as one element; null if it is nothing. */
  byte[] aside() throws IOException {
    if (head.isEmpty() && end.isEmpty()) {
      return null;
    }
    ObjectNode said = JSON.createObjectNode();
    said.set("head", head);
    said.set("end", end);
    byte[] content = JSON.writeValueAsBytes(said);
    return Aside.of(Aside.SAID, content, content.length);
  }

  /** For a head, with a comma before it. */
  String head() {
    return members(head);
  }

  /** For an end, with a comma before it. */
  String end() {
    return members(end);
  }

  private static String members(ObjectNode object) {
    String text = object.toString();
    return object.isEmpty() ? "" : "," + text.substring(1, text.length() - 1);
  }
}
