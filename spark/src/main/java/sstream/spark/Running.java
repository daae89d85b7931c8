package sstream.spark;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A piece of shell at work on one batch: iterates over the blocks that come out. At the end the piece
 * must have closed its stream and exited with 0.
 */
final class Running implements Iterator<byte[]> {
  private final Fed fed;
  private final Frames.Reader reader;
  private byte[] block;
  private boolean isOver;

  Running(String command, Fed.Input input) throws IOException {
    fed = new Fed(command, input);
    reader = new Frames.Reader(new BufferedInputStream(fed.stdout(), 1 << 16), command);
  }

  /** One batch as a stream of its own. */
  static Fed.Input batch(Iterator<byte[]> blocks, long time, long interval) {
    return stream(blocks, time, interval, true, "eof");
  }

  /**
   * The same, perhaps only of a batch that has records, with how the stream ends. What is said of it comes before the
   * records.
   */
  static Fed.Input stream(Iterator<byte[]> blocks, long time, long interval, boolean alsoEmpty, String close) {
    return out -> {
      Said said = new Said();
      boolean hasHead = false;
      long records = 0;
      while (blocks.hasNext()) {
        byte[] block = blocks.next();
        if (Aside.is(block)) {
          said.take(block);
          continue;
        }
        if (!hasHead) {
          Frames.head(out, interval, said);
          hasHead = true;
        }
        records += Frames.block(out, time, block);
      }
      if (!hasHead) {
        Frames.head(out, interval, said);
      }
      if (alsoEmpty || records > 0) {
        Frames.end(out, time, records, said);
      }
      Frames.close(out, close);
    };
  }

  @Override
  public boolean hasNext() {
    try {
      while (block == null && !isOver) {
        switch (reader.next()) {
          case BLOCK:
            block = reader.block;
            break;
          case HEAD:
          case END:
            block = reader.said;
            break;
          default:
            isOver = true;
            fed.finish(reader.failure);
        }
      }
    } catch (IOException failure) {
      fed.kill();
      throw new UncheckedIOException(failure);
    }
    return block != null;
  }

  @Override
  public byte[] next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    byte[] next = block;
    block = null;
    return next;
  }
}
