package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
  /** Milliseconds between the batches of the sources. */
  final long interval;
  /** Whether its sources have their batches already, and a clock of their own. */
  final boolean isVirtual;
  /** With a virtual clock: where the first batch's interval begins. */
  final long start;
  /** What is done, each behind those that it takes from. */
  final List<JsonNode> nodes = new ArrayList<>();

  private Plan(String name, JsonNode json) {
    this.name = name;
    interval = json.get("interval").asLong();
    isVirtual = json.get("clock").asText().equals("virtual");
    start = json.path("start").asLong();
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
    return new Plan(name, json);
  }
}
