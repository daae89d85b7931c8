package sstream.spark;

import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;
import org.apache.spark.util.ManualClock;

/** A clock that goes on by a batch when the one before is done: as fast as they go. */
final class VirtualClock {
  static final String CLASS = ManualClock.class.getName();

  private final JavaStreamingContext context;
  private final Plan plan;
  private final Semaphore done = new Semaphore(0);

  VirtualClock(JavaStreamingContext context, Plan plan) {
    this.context = context;
    this.plan = plan;
  }

  /** Runs so many batches, if nobody asks it to stop. */
  void run(int batches, BooleanSupplier isAsked) throws InterruptedException {
    ManualClock clock = (ManualClock) context.ssc().scheduler().clock();
    clock.setTime(plan.start);
    context.addStreamingListener(new Listening());
    context.start();
    for (int batch = 0; batch < batches && !isAsked.getAsBoolean(); batch++) {
      clock.advance(plan.interval);
      while (!done.tryAcquire()) {
        // Throws what has failed.
        context.awaitTerminationOrTimeout(5);
      }
    }
    context.stop(false, false);
  }

  private final class Listening implements StreamingListener {
    @Override
    public void onBatchCompleted(StreamingListenerBatchCompleted completed) {
      done.release();
    }
  }
}
