package sstream.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/**
 * A state by key, a part of the keys each. With every batch the state and what came for its keys become
 * the next state, by our own tool, where the part is. Executors hold it, each part twice; what is before
 * it is forgotten, and freed when it is garbage.
 */
final class State {
  /** Makes the next state of a part. */
  private interface Step extends Serializable {
    Iterator<byte[]> of(Iterator<byte[]> state, Iterator<byte[]> changes, long time) throws Exception;
  }

  private final Piece partial;
  private final Step step;
  private final Piece results;
  private final int parts;
  private JavaRDD<byte[]> current;

  private State(Piece partial, Step step, Piece results, int parts) {
    this.partial = partial;
    this.step = step;
    this.results = results;
    this.parts = parts;
  }

  /** Of partial results: {@code keep} merges them, {@code results} makes results of them. */
  static State ofPartial(Piece partial, Piece keep, Piece results, int parts) {
    return new State(partial, (state, changes, time) -> keep.run(both(state, changes), time), results, parts);
  }

  /** Of what a tool makes of the state and the batch's pairs. */
  static State updated(Piece update, int parts) {
    return new State(null, update::update, null, parts);
  }

  /** Takes a batch, and gives the state as results. */
  JavaRDD<byte[]> on(JavaRDD<byte[]> batch, long time) {
    JavaRDD<byte[]> changes = Shuffle.byKey(partial == null ? batch : partial.on(batch, time), parts);
    if (current == null) {
      current = JavaSparkContext.fromSparkContext(batch.context()).parallelize(new ArrayList<byte[]>(), parts);
    }
    Step step = this.step;
    JavaRDD<byte[]> next = current.zipPartitions(changes, (state, more) -> step.of(state, more, time));
    next.persist(StorageLevel.MEMORY_AND_DISK_SER_2());
    // Not the whole history with every batch.
    next.rdd().localCheckpoint();
    current = next;
    return results == null ? next : results.on(next, time);
  }

  private static Iterator<byte[]> both(Iterator<byte[]> first, Iterator<byte[]> second) {
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
}
