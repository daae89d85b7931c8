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
    return out -> {
      Frames.head(out, interval);
      long records = 0;
      while (blocks.hasNext()) {
        records += Frames.block(out, time, blocks.next());
      }
      Frames.end(out, time, records);
      Frames.close(out, "eof");
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
          case END:
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
