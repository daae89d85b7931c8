package sstream.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * Brings records to parts: pairs by their key, or all of them to one part. The order of the records
 * is kept: within a part they come in the order of the partitions that they were in.
 */
final class Shuffle {
  private Shuffle() {}

  /** As many parts as asked for, each with the pairs of its keys. */
  static JavaRDD<byte[]> byKey(JavaRDD<byte[]> blocks, int parts) {
    return shuffled(blocks, parts);
  }

  /** One part, also of nothing. */
  static JavaRDD<byte[]> together(JavaRDD<byte[]> blocks) {
    return shuffled(blocks, 1);
  }

  private static JavaRDD<byte[]> shuffled(JavaRDD<byte[]> blocks, int parts) {
    if (blocks.getNumPartitions() == 0) {
      return JavaSparkContext.fromSparkContext(blocks.context()).parallelize(new ArrayList<byte[]>(), parts);
    }
    return JavaPairRDD.fromJavaRDD(
            blocks.mapPartitionsWithIndex((index, of) -> split(index, of, parts), false))
        .repartitionAndSortWithinPartitions(new Parts(parts))
        .values();
  }

  /** The records of a partition, part by part: a block and more each. */
  private static Iterator<Tuple2<Long, byte[]>> split(int partition, Iterator<byte[]> blocks, int parts) {
    Blocks.Building[] building = new Blocks.Building[parts];
    Arrays.setAll(building, part -> new Blocks.Building());
    List<Tuple2<Long, byte[]>> whole = new ArrayList<>();
    while (blocks.hasNext()) {
      byte[] block = blocks.next();
      if (parts == 1) {
        building[0].add(block, 0, block.length);
        continue;
      }
      for (int start = 0; start < block.length; ) {
        int next = Blocks.next(block, start);
        int part = Math.floorMod(KeyHash.ofPair(block, start), parts);
        building[part].add(block, start, next);
        start = next;
      }
    }
    for (int part = 0; part < parts; part++) {
      if (building[part].size() > 0) {
        whole.add(new Tuple2<>((long) part << 32 | partition, building[part].take()));
      }
    }
    return whole.iterator();
  }

  /** The part is in the upper half of a block's number; the lower half is its place in the order. */
  private static final class Parts extends Partitioner {
    private static final long serialVersionUID = 1;
    private final int parts;

    Parts(int parts) {
      this.parts = parts;
    }

    @Override
    public int numPartitions() {
      return parts;
    }

    @Override
    public int getPartition(Object number) {
      return (int) ((long) number >>> 32);
    }
  }
}
