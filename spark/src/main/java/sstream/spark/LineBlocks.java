package sstream.spark;

import java.io.IOException;
import java.io.InputStream;

/** Blocks of what a process writes as lines: whole lines each, as many as are there. */
final class LineBlocks {
  private static final int ROOM = 1 << 16;

  private final InputStream in;
  private final byte[] buffer = new byte[ROOM];
  private final Blocks.Building waiting = new Blocks.Building();

  LineBlocks(InputStream in) {
    this.in = in;
  }

  /** The next block; null at the end. A last line without its end is none. */
  byte[] next() throws IOException {
    int length;
    while ((length = in.read(buffer)) >= 0) {
      int end = length;
      while (end > 0 && buffer[end - 1] != '\n') {
        end--;
      }
      waiting.add(buffer, 0, end);
      byte[] block = end > 0 ? waiting.take() : null;
      waiting.add(buffer, end, length);
      if (block != null) {
        return block;
      }
    }
    return null;
  }
}
