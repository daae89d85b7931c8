package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.StreamingContext;
import org.apache.spark.streaming.StreamingContextState;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import sun.misc.Signal;

/**
 * Runs plans: {@code Driver [--sstream-home DIR] [--parts N] [--publish DIR HEAD] --plan JSON}, or files of
 * plans, which share one application; each then prints into a file beside its own.
 */
public final class Driver {
  private final List<Plan> plans = new ArrayList<>();
  private String home;
  private int parts;
  /** Where it is published, and the head; null: nowhere. */
  private String[] publish;
  /** Whether plans are files, which print into files. */
  private boolean isOfFiles = true;
  /** How many batches the plans' queues have. */
  private int batches;
  /** Whether it is to stop. */
  private volatile boolean isAsked;

  private Driver(String[] arguments) throws IOException {
    for (int index = 0; index < arguments.length; index++) {
      switch (arguments[index]) {
        case "--sstream-home":
          home = arguments[++index];
          break;
        case "--parts":
          parts = Integer.parseInt(arguments[++index]);
          break;
        case "--publish":
          publish = new String[] {arguments[++index], arguments[++index]};
          break;
        case "--plan":
          plans.add(Plan.parse("the plan", arguments[++index]));
          isOfFiles = false;
          break;
        default:
          plans.add(Plan.read(Paths.get(arguments[index])));
      }
    }
    if (plans.isEmpty()) {
      throw new IOException("which plan? sstream-submit gives one");
    }
    Plan first = plans.get(0);
    for (Plan plan : plans) {
      if (plan.interval != first.interval || plan.isVirtual != first.isVirtual || plan.start != first.start) {
        throw new IOException(plan.name + ": its batches are not those of " + first.name);
      }
      if (plan.checkpoint != null && plans.size() > 1) {
        throw new IOException(plan.name + ": a plan with a checkpoint is an application of its own");
      }
    }
  }

  public static void main(String[] arguments) {
    int exit;
    try {
      exit = new Driver(arguments).run();
    } catch (Throwable failure) {
      exit = told(failure);
    }
    System.exit(exit);
  }

  private int run() throws Exception {
    Plan first = plans.get(0);
    SparkContext spark = new SparkContext(conf());
    Configuration hadoop = spark.hadoopConfiguration();
    tidy(hadoop);
    JavaStreamingContext context = context(spark);
    int exit = 0;
    String message = null;
    Progress progress = publish == null ? null : Progress.begin(context, first, publish[0], publish[1]);
    try {
      Watch watch = new Watch(plans, () -> isAsked = true);
      context.addStreamingListener(watch);
      Signal.handle(new Signal("TERM"), signal -> isAsked = true);
      Signal.handle(new Signal("INT"), signal -> isAsked = true);
      plans.forEach(plan -> plan.ending.begin());
      if (first.isVirtual) {
        new VirtualClock(context, first).run(batches, () -> isAsked || isEnding());
      } else {
        context.start();
        await(context, watch);
      }
      if (watch.failure() != null) {
        throw new IOException(watch.failure());
      }
    } catch (Throwable failure) {
      exit = told(failure);
      message = PieceFailed.told(failure);
    }
    String why = first.isVirtual && !isAsked ? "eof" : "stop";
    exit = Math.max(exit, DriverSink.closeAll(why));
    context.stop(false, false);
    tidy(hadoop);
    if (progress != null) {
      progress.close(why, exit, message == null ? "a sink has failed" : message);
    }
    spark.stop();
    return exit;
  }

  private SparkConf conf() {
    Plan first = plans.get(0);
    SparkConf conf = new SparkConf();
    if (home != null) {
      conf.set(Tools.HOME, home);
    }
    conf.set(Tools.RUN, UUID.randomUUID().toString());
    // What a state was is freed when it is garbage.
    conf.setIfMissing("spark.cleaner.periodicGC.interval", "1min");
    if (first.isVirtual) {
      conf.set("spark.streaming.clock", VirtualClock.CLASS);
    }
    if (first.checkpoint != null && first.has("source", "receive")) {
      // What receivers have brought must be there when the driver comes again.
      conf.setIfMissing("spark.streaming.receiver.writeAheadLog.enable", "true");
    }
    for (Plan plan : plans) {
      for (JsonNode node : plan.nodes) {
        if (Plan.isOf(node, "source", "kafka")) {
          // Transactions and compaction leave gaps.
          conf.setIfMissing("spark.streaming.kafka.allowNonConsecutiveOffsets", "true");
          if (!node.get("rate").isNull()) {
            conf.set("spark.streaming.kafka.maxRatePerPartition", node.get("rate").asText());
          }
        }
      }
    }
    return conf;
  }

  /** The plans' streams: those of the checkpoint, if there is one. */
  private JavaStreamingContext context(SparkContext spark) throws IOException {
    Plan first = plans.get(0);
    int usual = Math.max(2, spark.defaultParallelism());
    int parts = this.parts > 0 ? this.parts : usual;
    if (first.checkpoint != null) {
      Checkpoints checkpoints = new Checkpoints(first.checkpoint, spark.hadoopConfiguration());
      parts = checkpoints.begin(first, this.parts, usual);
      StreamingContext kept = checkpoints.read(spark);
      if (kept != null) {
        return new JavaStreamingContext(kept);
      }
    }
    JavaStreamingContext context = new JavaStreamingContext(new StreamingContext(spark, new Duration(first.interval)));
    if (first.checkpoint != null) {
      context.checkpoint(first.checkpoint);
    }
    for (Plan plan : plans) {
      Graph graph = new Graph(context, plan, parts);
      graph.build(isOfFiles ? new File(plan.name + ".out") : null);
      batches = Math.max(batches, graph.batchesInAll());
    }
    return context;
  }

  /** Until a batch fails, or the sources have ended, or somebody wishes it: then what was received is done. */
  private void await(JavaStreamingContext context, Watch watch) throws InterruptedException {
    while (context.getState() == StreamingContextState.ACTIVE) {
      context.awaitTerminationOrTimeout(200);
      if (isAsked || isEnding()) {
        // After a failure, no further batch.
        context.stop(false, watch.failure() == null);
      }
    }
  }

  private boolean isEnding() {
    return plans.stream().allMatch(plan -> plan.ending.isDue());
  }

  private void tidy(Configuration hadoop) throws IOException {
    for (Plan plan : plans) {
      for (JsonNode node : plan.nodes) {
        if (Plan.isOf(node, "sink", "files")) {
          FilesSink.tidy(node, hadoop);
        }
      }
    }
  }

  private static int told(Throwable failure) {
    System.err.println("sstream-submit: " + PieceFailed.told(failure));
    return failure instanceof Checkpoints.Refused ? PieceFailed.CHECKPOINT : PieceFailed.exitOf(failure);
  }
}
