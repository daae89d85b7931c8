package sstream.spark;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.LongAccumulator;

/**
 * How many records the nodes of a plan have given or taken. Spark itself counts what its streams consist of,
 * which here are blocks.
 */
final class Counts {
  /** Of this driver: one that goes on from a checkpoint begins with none. */
  private static final Map<Integer, LongAccumulator> TOTALS = new ConcurrentHashMap<>();

  private Counts() {}

  /** The same batch, whose records count for a node once they are read. */
  static JavaRDD<byte[]> counted(JavaRDD<byte[]> batch, int node) {
    LongAccumulator total = TOTALS.computeIfAbsent(node, first -> counter(batch.context()));
    return batch.map(block -> {
      total.add(Blocks.records(block));
      return block;
    });
  }

  private static LongAccumulator counter(SparkContext spark) {
    return spark.longAccumulator();
  }

  /** Those of a node so far. */
  static long of(int node) {
    LongAccumulator total = TOTALS.get(node);
    return total == null ? 0 : total.sum();
  }
}
