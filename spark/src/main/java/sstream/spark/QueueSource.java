package sstream.spark;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;

/** The batches of a file, which our own tool reads on the driver before the start: for tests. */
final class QueueSource {
  private final List<List<byte[]>> batches = new ArrayList<>();

  /** Reads them; each batch is in up to so many partitions, in order. */
  QueueSource(String command, int parts) throws IOException {
    Fed fed = new Fed(command, stdin -> { });
    Frames.Reader reader = new Frames.Reader(new BufferedInputStream(fed.stdout()), command);
    Blocks.Building batch = new Blocks.Building();
    for (Frames.Event event = reader.next(); event != Frames.Event.CLOSE; event = reader.next()) {
      if (event == Frames.Event.BLOCK) {
        batch.add(reader.block, 0, reader.block.length);
      } else if (event == Frames.Event.END) {
        batches.add(split(batch.take(), parts));
      }
    }
    fed.finish(reader.failure);
  }

  private static List<byte[]> split(byte[] batch, int parts) {
    long records = Blocks.records(batch);
    List<byte[]> blocks = new ArrayList<>();
    Blocks.Building block = new Blocks.Building();
    int start = 0;
    for (long record = 0; record < records; record++) {
      int next = Blocks.next(batch, start);
      block.add(batch, start, next);
      start = next;
      if ((record + 1) * parts / records > record * parts / records) {
        blocks.add(block.take());
      }
    }
    return blocks;
  }

  int batches() {
    return batches.size();
  }

  JavaDStream<byte[]> stream(JavaStreamingContext context) {
    Queue<JavaRDD<byte[]>> queue = new ArrayDeque<>();
    for (List<byte[]> batch : batches) {
      queue.add(context.sparkContext().parallelize(batch, Math.max(1, batch.size())));
    }
    return context.queueStream(queue, true);
  }
}
