package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A plan as {@code sstream-submit --plan} prints it; docs/SPARK-SUBMIT.md describes it. */
final class Plan {
  /** The version of plans that is understood. */
  private static final int VERSION = 1;

  /** What it is called in messages. */
  final String name;
  /** The line that it is of. */
  final String line;
  /** Milliseconds between the batches of the sources. */
  final long interval;
  /** Whether its sources have their batches already, and a clock of their own. */
  final boolean isVirtual;
  /** With a virtual clock: where the first batch's interval begins. */
  final long start;
  /** Where what a restart needs is kept; null: nowhere. */
  final String checkpoint;
  /** When it ends by itself. */
  final Ending ending;
  /** What is done, each behind those that it takes from. */
  final List<JsonNode> nodes = new ArrayList<>();
  private final ObjectNode json;

  private Plan(String name, ObjectNode json) {
    this.name = name;
    this.json = json;
    line = json.get("line").asText();
    interval = json.get("interval").asLong();
    isVirtual = json.get("clock").asText().equals("virtual");
    start = json.path("start").asLong();
    checkpoint = json.path("checkpoint").textValue();
    ending = new Ending(json.path("stop"));
    json.get("nodes").forEach(nodes::add);
  }

  /** Of a file. */
  static Plan read(Path file) throws IOException {
    return parse(file.toString(), Files.readString(file));
  }

  /** Of its text. */
  static Plan parse(String name, String text) throws IOException {
    JsonNode json = new ObjectMapper().readTree(text);
    int version = json.path("sstream-plan").asInt();
    if (version != VERSION) {
      throw new IOException(
          name + ": a plan of version " + version + ", and this driver knows " + VERSION
              + ": take sstream-submit and its jar from one version");
    }
    return new Plan(name, (ObjectNode) json);
  }

  /** Whether a node of this kind is in it. */
  boolean has(String is, String kind) {
    return nodes.stream().anyMatch(node -> isOf(node, is, kind));
  }

  /** Whether a node is of this kind. */
  static boolean isOf(JsonNode node, String is, String kind) {
    return node.get("is").asText().equals(is) && node.path("kind").asText().equals(kind);
  }

  /** What must be the same where a checkpoint is gone on from: all but how it is written, and when it ends. */
  JsonNode identity() {
    return json.deepCopy().without(List.of("line", "stop", "checkpoint"));
  }

  @Override
  public String toString() {
    return json.toString();
  }
}
