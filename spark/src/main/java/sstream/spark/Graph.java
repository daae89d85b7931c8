package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;

/**
 * The streams of a plan. All of them have Spark's batch interval; a node whose own interval is longer
 * has batches at its multiples alone (since the epoch, not since the start, as Spark's windows are),
 * and at other times RDDs without partitions.
 */
final class Graph {
  /** What is done with a batch. */
  private interface Work extends Serializable {
    JavaRDD<byte[]> on(JavaRDD<byte[]> batch, long time) throws Exception;
  }

  private final JavaStreamingContext context;
  private final Plan plan;
  /** How many parts keys are spread over. */
  private final int parts;

  private final Map<Integer, JavaDStream<byte[]>> streams = new HashMap<>();
  /** How many batches the plan's queues have. */
  private int batches;

  Graph(JavaStreamingContext context, Plan plan, int parts) {
    this.context = context;
    this.plan = plan;
    this.parts = parts;
  }

  /** Puts all nodes of the plan into the context; sinks on the driver print into a file, if there is one. */
  void build(File printed) throws IOException {
    Map<Integer, Integer> takers = new HashMap<>();
    for (JsonNode node : plan.nodes) {
      node.path("of").forEach(of -> takers.merge(of.asInt(), 1, Integer::sum));
    }
    for (JsonNode node : plan.nodes) {
      int id = node.get("id").asInt();
      if (is(node, "sink")) {
        sink(node, printed);
        continue;
      }
      JavaDStream<byte[]> stream = stream(node);
      boolean isShared = takers.getOrDefault(id, 0) > 1;
      streams.put(id, isShared ? stream.persist(StorageLevel.MEMORY_AND_DISK_SER()) : stream);
    }
  }

  private JavaDStream<byte[]> stream(JsonNode node) throws IOException {
    switch (node.get("is").asText()) {
      case "source":
        return source(node);
      case "each": {
        Piece piece = piece(node, "command", false);
        return mapped(node, piece::on);
      }
      case "batch": {
        Piece piece = piece(node, "command", true);
        return mapped(node, (batch, time) -> piece.on(Shuffle.together(batch), time));
      }
      case "aggregate": {
        Piece partial = piece(node, "partial", false);
        Work merge = merge(node);
        return mapped(node, (batch, time) -> merge.on(partial.on(batch, time), time));
      }
      case "window":
        return window(node);
      case "state":
        return state(node);
      case "carried":
        return carried(node);
      case "join":
        return join(node);
      case "union":
        return union(node);
      default:
        throw unknown(node);
    }
  }

  private JavaDStream<byte[]> source(JsonNode node) throws IOException {
    String command = node.get("command").asText();
    switch (node.get("kind").asText()) {
      case "queue": {
        QueueSource queue = new QueueSource(command, parts);
        batches = Math.max(batches, queue.batches());
        return counted(node, queue.stream(context));
      }
      case "receive":
        return counted(node, context.receiverStream(new CommandReceiver(command)));
      case "kafka":
        return KafkaSource.stream(context, node);
      case "dir":
        return counted(node, DirSource.stream(context, node));
      default:
        throw unknown(node);
    }
  }

  /** A source whose records Spark does not count itself. */
  private static JavaDStream<byte[]> counted(JsonNode node, JavaDStream<byte[]> stream) {
    int id = node.get("id").asInt();
    return stream.transform(batch -> Counts.counted(batch, id));
  }

  private JavaDStream<byte[]> window(JsonNode node) {
    JavaDStream<byte[]> batches = of(node, 0);
    Work merge = (window, time) -> window;
    if (node.has("partial")) {
      JsonNode taken = plan.nodes.get(node.get("of").get(0).asInt());
      // Of each batch that comes in, whose interval may be less than that of windows.
      Piece partial = new Piece(node.get("partial").asText(), interval(taken), false);
      batches = mapped(taken, batches, partial::on);
      merge = merge(node);
    }
    Duration length = new Duration(node.get("length").asLong());
    return mapped(node, batches.window(length), merge);
  }

  private JavaDStream<byte[]> state(JsonNode node) {
    int parts = this.parts;
    Piece partial = piece(node, "partial", false);
    Piece keep = piece(node, "keep", false);
    Piece results = piece(node, "merge", false);
    JavaDStream<byte[]> changes = mapped(node, (batch, time) -> Shuffle.byKey(partial.on(batch, time), parts));
    StateStream.Step step = (state, more, time) -> keep.run(StateStream.both(state, more), time);
    return mapped(node, StateStream.of(changes, step, interval(node), parts, List.of()), results::on);
  }

  private JavaDStream<byte[]> carried(JsonNode node) throws IOException {
    int sides = node.get("of").size();
    long interval = interval(node);
    JavaDStream<byte[]> came = dealt(node, 0);
    for (int side = 1; side < sides; side++) {
      came = came.transformWith(dealt(node, side), (left, right, time) ->
          isDue(time.milliseconds(), interval)
              ? left.zipPartitions(right, (a, b) -> StateStream.both(StateStream.both(a, side()), b))
              : nothing(left));
    }
    Part part = new Part(node.get("command").asText(), interval, sides, plan.isVirtual ? lastBatch() : Long.MAX_VALUE);
    int parts = node.get("keyed").asBoolean() ? this.parts : 1;
    List<byte[]> initial = new ArrayList<>();
    if (node.has("initial")) {
      Making pairs = new Making(node.get("initial").asText(), stdin -> { });
      pairs.forEachRemaining(initial::add);
    }
    JavaDStream<byte[]> states = StateStream.of(came, part::step, interval, parts, initial);
    return mapped(node, states, (state, time) -> state.filter(element -> !Aside.is(element, Aside.STATE)));
  }

  /** A side's records, in the part of their keys. */
  private JavaDStream<byte[]> dealt(JsonNode node, int side) {
    int parts = node.get("keyed").asBoolean() ? this.parts : 1;
    if (!node.has("deal")) {
      return mapped(node, of(node, side), (batch, time) -> Shuffle.byKey(batch, parts));
    }
    Piece deal = new Piece(node.get("deal").get(side).asText(), interval(node), false);
    return mapped(node, of(node, side), (batch, time) -> Shuffle.byKey(deal.on(batch, time), parts));
  }

  private static Iterator<byte[]> side() {
    return List.of(Aside.of(Aside.SIDE, new byte[0], 0)).iterator();
  }

  /** The time of the last batch that queues have. */
  private long lastBatch() {
    return plan.start + batches * plan.interval;
  }

  /** How many batches there are by a virtual clock: where a stage has open what comes out behind the end, one more. */
  int batchesInAll() {
    long last = lastBatch();
    int more = 0;
    for (JsonNode node : plan.nodes) {
      if (is(node, "carried")) {
        long next = last - last % interval(node) + interval(node);
        more = Math.max(more, (int) ((next - last) / plan.interval));
      }
    }
    return batches + more;
  }

  private JavaDStream<byte[]> join(JsonNode node) {
    Piece piece = piece(node, "command", false);
    long interval = interval(node);
    int parts = this.parts;
    return of(node, 0).transformWith(of(node, 1), (left, right, time) ->
        isDue(time.milliseconds(), interval)
            ? piece.onSides(Shuffle.byKey(left, parts), Shuffle.byKey(right, parts), time.milliseconds())
            : nothing(left));
  }

  private JavaDStream<byte[]> union(JsonNode node) {
    JavaDStream<byte[]> all = of(node, 0);
    for (int side = 1; side < node.get("of").size(); side++) {
      all = all.union(of(node, side));
    }
    return all;
  }

  private void sink(JsonNode node, File printed) throws IOException {
    long interval = interval(node);
    int id = node.get("id").asInt();
    switch (node.get("kind").asText()) {
      case "driver": {
        DriverSink sink = new DriverSink(node, printed);
        sink.begin();
        of(node, 0).foreachRDD((batch, time) -> {
          if (isDue(time.milliseconds(), interval)) {
            sink.take(Counts.counted(Aside.without(batch), id), time.milliseconds());
          }
        });
        return;
      }
      case "each":
      case "whole": {
        boolean isWhole = node.get("kind").asText().equals("whole");
        ToolSink sink = new ToolSink(node, isWhole);
        of(node, 0).foreachRDD((batch, time) -> {
          if (isDue(time.milliseconds(), interval)) {
            JavaRDD<byte[]> records = Aside.without(batch);
            sink.take(Counts.counted(isWhole ? Shuffle.together(records) : records, id), time.milliseconds());
          }
        });
        return;
      }
      case "files": {
        FilesSink sink = new FilesSink(node, context.sparkContext().hadoopConfiguration());
        of(node, 0).foreachRDD((batch, time) -> {
          if (isDue(time.milliseconds(), interval)) {
            sink.take(Counts.counted(Shuffle.together(Aside.without(batch)), id), time.milliseconds());
          }
        });
        return;
      }
      default:
        throw unknown(node);
    }
  }

  /** Merges partial results: by key, or all of them in one part, also if there are none. */
  private Work merge(JsonNode node) {
    boolean isKeyed = node.get("keyed").asBoolean();
    Piece piece = piece(node, "merge", !isKeyed);
    int parts = isKeyed ? this.parts : 1;
    return (partial, time) -> piece.on(Shuffle.byKey(partial, parts), time);
  }

  private JavaDStream<byte[]> mapped(JsonNode node, Work work) {
    return mapped(node, of(node, 0), work);
  }

  /** What is made of each batch when the node's own interval is over. */
  private static JavaDStream<byte[]> mapped(JsonNode node, JavaDStream<byte[]> stream, Work work) {
    long interval = interval(node);
    return stream.transform((batch, time) ->
        isDue(time.milliseconds(), interval) ? work.on(batch, time.milliseconds()) : nothing(batch));
  }

  private Piece piece(JsonNode node, String key, boolean always) {
    return new Piece(node.get(key).asText(), interval(node), always);
  }

  private JavaDStream<byte[]> of(JsonNode node, int side) {
    return streams.get(node.get("of").get(side).asInt());
  }

  private static boolean is(JsonNode node, String what) {
    return node.get("is").asText().equals(what);
  }

  private static long interval(JsonNode node) {
    return node.get("interval").asLong();
  }

  private static boolean isDue(long time, long interval) {
    return time % interval == 0;
  }

  private static JavaRDD<byte[]> nothing(JavaRDD<byte[]> of) {
    return JavaSparkContext.fromSparkContext(of.context()).emptyRDD();
  }

  private IOException unknown(JsonNode node) {
    return new IOException(
        plan.name + ": this driver knows no node that is " + node.get("is") + " " + node.path("kind")
            + ": take sstream-submit and its jar from one version");
  }
}
