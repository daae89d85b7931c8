package sstream.spark;

import java.util.Arrays;
import org.apache.spark.api.java.JavaRDD;

/**
 * What goes along with blocks of records and is none: an element that begins with a zero byte, as no record
 * does, and its kind.
 */
final class Aside {
  /** What a head or an end says to those behind; see {@link Said}. */
  static final byte SAID = 1;
  /** Bytes of a part's state. */
  static final byte STATE = 2;
  /** Pairs that a part's states begin with. */
  static final byte INITIAL = 3;
  /** The next side begins. */
  static final byte SIDE = 4;

  private Aside() {}

  static byte[] of(byte kind, byte[] content, int length) {
    byte[] aside = new byte[length + 2];
    aside[1] = kind;
    System.arraycopy(content, 0, aside, 2, length);
    return aside;
  }

  static boolean is(byte[] element) {
    return element.length > 1 && element[0] == 0;
  }

  static boolean is(byte[] element, byte kind) {
    return is(element) && element[1] == kind;
  }

  static byte[] content(byte[] aside) {
    return Arrays.copyOfRange(aside, 2, aside.length);
  }

  /** The records alone, for those who are at an end. */
  static JavaRDD<byte[]> without(JavaRDD<byte[]> batch) {
    return batch.filter(element -> !is(element));
  }
}
