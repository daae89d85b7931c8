package sstream.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * Brings records to parts: pairs by their key, or all of them to one part. The order of the records
 * is kept: within a part they come in the order of the partitions that they were in. What is said beside
 * records comes to every part, before them.
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
            blocks.mapPartitionsWithIndex((index, of) -> new Split(index, of, parts), false))
        .repartitionAndSortWithinPartitions(new Parts(parts))
        .values();
  }

  /** The records of a partition, in blocks of one part each, given as they fill. */
  private static final class Split implements Iterator<Tuple2<Long, byte[]>> {
    private static final int BLOCK_BYTES = 1 << 20;

    private final int partition;
    private final Iterator<byte[]> blocks;
    private final Blocks.Building[] building;
    private final int[] given;
    private final Said said = new Said();
    private final Queue<Tuple2<Long, byte[]>> ready = new ArrayDeque<>();
    private boolean isOver;

    Split(int partition, Iterator<byte[]> blocks, int parts) {
      this.partition = partition;
      this.blocks = blocks;
      building = new Blocks.Building[parts];
      Arrays.setAll(building, part -> new Blocks.Building());
      given = new int[parts];
    }

    @Override
    public boolean hasNext() {
      try {
        while (ready.isEmpty() && !isOver) {
          if (blocks.hasNext()) {
            take(blocks.next());
          } else {
            finish();
          }
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      return !ready.isEmpty();
    }

    @Override
    public Tuple2<Long, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.remove();
    }

    private void take(byte[] block) throws IOException {
      if (Aside.is(block)) {
        said.take(block);
      } else if (building.length == 1) {
        add(0, block, 0, block.length);
      } else {
        for (int start = 0; start < block.length; ) {
          int next = Blocks.next(block, start);
          add(Math.floorMod(KeyHash.ofPair(block, start), building.length), block, start, next);
          start = next;
        }
      }
    }

    private void add(int part, byte[] block, int start, int end) {
      building[part].add(block, start, end);
      if (building[part].size() >= BLOCK_BYTES) {
        give(part);
      }
    }

    private void give(int part) {
      ready.add(new Tuple2<>(Parts.number(part, partition + 1, given[part]++), building[part].take()));
    }

    private void finish() throws IOException {
      isOver = true;
      byte[] aside = said.aside();
      for (int part = 0; part < building.length; part++) {
        if (aside != null) {
          // Before all records, to each part.
          ready.add(new Tuple2<>(Parts.number(part, 0, partition), aside));
        }
        if (building[part].size() > 0) {
          give(part);
        }
      }
    }
  }

  /** A block's number has its part, the partition it comes from, and its place among those of both, 24, 20 and 20 bits. */
  private static final class Parts extends Partitioner {
    private static final long serialVersionUID = 1;

    static long number(int part, int partition, int place) {
      return (long) part << 40 | (long) partition << 20 | place;
    }

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
      return (int) ((long) number >>> 40);
    }
  }
}
