package sstream.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** A source of ours that makes records of what Spark has read: iterates over blocks of them. */
final class Making implements Iterator<byte[]> {
  private final Fed fed;
  private final LineBlocks lines;
  private byte[] block;
  private boolean isOver;

  Making(String command, Fed.Input input) throws IOException {
    fed = new Fed(command, input);
    lines = new LineBlocks(fed.stdout());
  }

  @Override
  public boolean hasNext() {
    if (block == null && !isOver) {
      try {
        block = lines.next();
        if (block == null) {
          isOver = true;
          fed.finish(null);
        }
      } catch (IOException failure) {
        fed.kill();
        throw new UncheckedIOException(failure);
      }
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
