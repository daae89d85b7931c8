package sstream.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.StreamingContext;
import org.apache.spark.streaming.Time;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.dstream.DStream;
import scala.Option;
import scala.collection.immutable.List;
import scala.collection.immutable.List$;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * A state by key, a part of the keys each; or of one part. With every batch the state and what came for its keys become
 * the next state, by our own tool, where the part is; what comes out is beside it, as elements that are no state.
 * Without a checkpoint executors hold it, each part
 * twice; with one it is in the checkpoint's files too, from time to time, as Spark does it.
 */
final class StateStream extends DStream<byte[]> {
  /** Makes the next state of a part. */
  interface Step extends Serializable {
    Iterator<byte[]> of(Iterator<byte[]> state, Iterator<byte[]> changes, long time) throws Exception;
  }

  private static final long serialVersionUID = 1;
  private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

  /** What comes, in as many parts. */
  private final DStream<byte[]> changes;
  private final Step step;
  /** Milliseconds between the batches that come. */
  private final long interval;
  private final int parts;
  /** What the states begin with, which are pairs. */
  private final java.util.List<byte[]> initial;
  private final boolean isKept;

  private StateStream(
      StreamingContext context, DStream<byte[]> changes, Step step, long interval, int parts,
      java.util.List<byte[]> initial) {
    super(context, BYTES);
    this.changes = changes;
    this.step = step;
    this.interval = interval;
    this.parts = parts;
    this.initial = initial;
    isKept = context.checkpointDir() != null;
    persist(isKept ? StorageLevel.MEMORY_AND_DISK_SER() : StorageLevel.MEMORY_AND_DISK_SER_2());
  }

  /** The state after each batch of {@code changes}. */
  static JavaDStream<byte[]> of(
      JavaDStream<byte[]> changes, Step step, long interval, int parts, java.util.List<byte[]> initial) {
    DStream<byte[]> came = changes.dstream();
    return new JavaDStream<>(new StateStream(came.ssc(), came, step, interval, parts, initial), BYTES);
  }

  /** The records of the one, and then those of the other. */
  static Iterator<byte[]> both(Iterator<byte[]> first, Iterator<byte[]> second) {
    return new Iterator<byte[]>() {
      @Override
      public boolean hasNext() {
        return first.hasNext() || second.hasNext();
      }

      @Override
      public byte[] next() {
        return first.hasNext() ? first.next() : second.next();
      }
    };
  }

  @Override
  public Duration slideDuration() {
    return changes.slideDuration();
  }

  @Override
  public List<DStream<?>> dependencies() {
    return List$.MODULE$.<DStream<?>>empty().$colon$colon(changes);
  }

  @Override
  public boolean mustCheckpoint() {
    return isKept;
  }

  @Override
  public Option<RDD<byte[]>> compute(Time time) {
    Option<RDD<byte[]>> before = getOrCompute(time.$minus(slideDuration()));
    Option<RDD<byte[]>> came = changes.getOrCompute(time);
    long now = time.milliseconds();
    JavaRDD<byte[]> state = before.isDefined() ? JavaRDD.fromRDD(before.get(), BYTES) : first();
    if (came.isEmpty() || now % interval != 0) {
      return Option.apply(state.rdd());
    }
    Step step = this.step;
    JavaRDD<byte[]> next = state.zipPartitions(JavaRDD.fromRDD(came.get(), BYTES), (part, more) -> step.of(part, more, now));
    if (!isKept) {
      // Not the whole history with every batch.
      next.rdd().localCheckpoint();
    }
    return Option.apply(next.rdd());
  }

  /**
   * Forgets old states, and frees none: a state that nobody has asked for yet, as a window does that slides
   * by several batches, will be computed of those before it. What is garbage Spark frees itself.
   */
  @Override
  public void clearMetadata(Time time) {
    Time last = time.$minus(rememberDuration());
    java.util.List<Time> old = new ArrayList<>();
    scala.collection.Iterator<Time> times = generatedRDDs().keysIterator();
    while (times.hasNext()) {
      Time one = times.next();
      if (one.$less$eq(last)) {
        old.add(one);
      }
    }
    old.forEach(one -> generatedRDDs().remove(one));
    changes.clearMetadata(time);
  }

  /** What there is before the first batch. */
  private JavaRDD<byte[]> first() {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(ssc().sparkContext());
    if (initial.isEmpty()) {
      return context.parallelize(new ArrayList<byte[]>(), parts);
    }
    return Shuffle.byKey(context.parallelize(initial, 1), parts)
        .map(pairs -> Aside.of(Aside.INITIAL, pairs, pairs.length));
  }
}
