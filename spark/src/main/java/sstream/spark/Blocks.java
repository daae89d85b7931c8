package sstream.spark;

import java.io.ByteArrayOutputStream;

/** Blocks of records: canonical JSON, a line each, as the stream format has them. */
final class Blocks {
  private Blocks() {}

  /** How many records a block has. */
  static long records(byte[] block) {
    return records(block, 0, block.length);
  }

  /** How many records there are between {@code start} and {@code end}. */
  static long records(byte[] block, int start, int end) {
    long records = 0;
    for (int at = start; at < end; at++) {
      if (block[at] == '\n') {
        records++;
      }
    }
    return records;
  }

  /** Behind the last record that ends within {@code most} bytes of {@code start}, or behind the first if that is longer. */
  static int end(byte[] block, int start, int most) {
    if (block.length - start <= most) {
      return block.length;
    }
    int end = start + most;
    while (end > start && block[end - 1] != '\n') {
      end--;
    }
    return end > start ? end : next(block, start);
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
