package sstream.spark;

import java.io.ByteArrayOutputStream;

/** Blocks of records: canonical JSON, a line each, as the stream format has them. */
final class Blocks {
  private Blocks() {}

  /** How many records a block has. */
  static long records(byte[] block) {
    long records = 0;
    for (byte one : block) {
      if (one == '\n') {
        records++;
      }
    }
    return records;
  }

  /** Behind the end of the record that begins at {@code start}. */
  static int next(byte[] block, int start) {
    int end = start;
    while (block[end] != '\n') {
      end++;
    }
    return end + 1;
  }

  /** Records of one part, on their way to be a block. */
  static final class Building extends ByteArrayOutputStream {
    void add(byte[] block, int start, int end) {
      write(block, start, end - start);
    }

    byte[] take() {
      byte[] block = toByteArray();
      reset();
      return block;
    }
  }
}
