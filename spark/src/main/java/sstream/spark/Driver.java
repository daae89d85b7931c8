package sstream.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.StreamingContextState;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerOutputOperationCompleted;
import org.apache.spark.streaming.scheduler.StreamingListenerReceiverError;
import scala.Option;
import sun.misc.Signal;

/**
 * Runs plans: {@code Driver [--sstream-home DIR] [--parts N] --plan JSON}, or files of plans, which
 * share one application; each then prints into a file beside its own.
 */
public final class Driver {
  private final List<Plan> plans = new ArrayList<>();
  private String home;
  private int parts;
  private ProcessBuilder.Redirect stdout;
  /** Whether it is to stop. */
  private volatile boolean isAsked;
  /** What failed first of the batches. */
  private volatile String failure;

  private Driver(String[] arguments) throws IOException {
    for (int index = 0; index < arguments.length; index++) {
      switch (arguments[index]) {
        case "--sstream-home":
          home = arguments[++index];
          break;
        case "--parts":
          parts = Integer.parseInt(arguments[++index]);
          break;
        case "--plan":
          plans.add(Plan.parse("the plan", arguments[++index]));
          stdout = ProcessBuilder.Redirect.INHERIT;
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
    SparkConf conf = new SparkConf();
    // What a state was is freed when it is garbage.
    conf.setIfMissing("spark.cleaner.periodicGC.interval", "1min");
    if (first.isVirtual) {
      conf.set("spark.streaming.clock", VirtualClock.CLASS);
    }
    JavaStreamingContext context = new JavaStreamingContext(conf, new Duration(first.interval));
    int parts = this.parts > 0 ? this.parts : Math.max(2, context.sparkContext().defaultParallelism());
    List<DriverSink> sinks = new ArrayList<>();
    int batches = 0;
    int receivers = 0;
    int exit = 0;
    try {
      for (Plan plan : plans) {
        Graph graph = new Graph(context, plan, new Tools(home), parts);
        graph.build(stdout != null ? stdout : ProcessBuilder.Redirect.to(new File(plan.name + ".out")));
        sinks.addAll(graph.sinks);
        batches = Math.max(batches, graph.batches);
        receivers += graph.receivers;
      }
      Signal.handle(new Signal("TERM"), signal -> isAsked = true);
      Signal.handle(new Signal("INT"), signal -> isAsked = true);
      context.addStreamingListener(new Watch(receivers));
      if (first.isVirtual) {
        new VirtualClock(context, first).run(batches, () -> isAsked);
      } else {
        context.start();
        await(context);
      }
      if (failure != null) {
        throw new IOException(failure);
      }
    } catch (Throwable failure) {
      exit = told(failure);
    }
    for (DriverSink sink : sinks) {
      exit = Math.max(exit, sink.close(first.isVirtual && !isAsked ? "eof" : "stop"));
    }
    context.stop(true, false);
    return exit;
  }

  /** Until a batch fails, or the sources have ended, or a signal: then what was received is done. */
  private void await(JavaStreamingContext context) throws InterruptedException {
    while (context.getState() == StreamingContextState.ACTIVE) {
      context.awaitTerminationOrTimeout(200);
      if (isAsked) {
        context.stop(false, true);
      }
    }
  }

  /** Notes what fails; and when all sources have ended, so does the application. */
  private final class Watch implements StreamingListener {
    private final int receivers;
    private final Set<Integer> ended = new HashSet<>();

    Watch(int receivers) {
      this.receivers = receivers;
    }

    @Override
    public void onOutputOperationCompleted(StreamingListenerOutputOperationCompleted completed) {
      Option<String> reason = completed.outputOperationInfo().failureReason();
      if (reason.isDefined() && failure == null) {
        failure = reason.get();
        isAsked = true;
      }
    }

    @Override
    public void onReceiverError(StreamingListenerReceiverError error) {
      if (error.receiverInfo().lastErrorMessage().equals(CommandReceiver.ENDED)) {
        ended.add(error.receiverInfo().streamId());
        isAsked |= ended.size() == receivers;
      }
    }
  }

  private static int told(Throwable failure) {
    System.err.println("sstream-submit: " + PieceFailed.told(failure));
    return PieceFailed.exitOf(failure);
  }
}
