package sstream.spark;

/**
 * A hash of a key by its meaning: equal keys have equal hashes, so that they come to one part. Our
 * own tool, which gets the part, compares keys exactly.
 *
 * <p>Numbers count by their value (1 and 1.0 are one key; two that differ beyond the digits of a
 * double share a hash, which does no harm), objects without regard to the order of their keys.
 * Strings are canonical, so equal ones are equal bytes.
 */
final class KeyHash {
  private final byte[] json;
  private int at;

  private KeyHash(byte[] json, int at) {
    this.json = json;
    this.at = at;
  }

  /** The hash of the key of the pair {@code [KEY,…]} that begins at {@code start}. */
  static int ofPair(byte[] block, int start) {
    return mixed(new KeyHash(block, start + 1).value());
  }

  /** Spread over all bits, as parts are chosen by the remainder. */
  private static int mixed(int hash) {
    int mixed = hash * 0x9E3779B1;
    return mixed ^ (mixed >>> 15);
  }

  private int value() {
    switch (json[at]) {
      case '"':
        return string();
      case '[':
        return array();
      case '{':
        return object();
      case 't':
        at += 4;
        return 3;
      case 'f':
        at += 5;
        return 5;
      case 'n':
        at += 4;
        return 7;
      default:
        return number();
    }
  }

  private int string() {
    int hash = 11;
    at++;
    while (json[at] != '"') {
      if (json[at] == '\\') {
        hash = 31 * hash + json[at++];
      }
      hash = 31 * hash + json[at++];
    }
    at++;
    return hash;
  }

  private int array() {
    int hash = 13;
    at++;
    while (json[at] != ']') {
      hash = 31 * hash + value();
      at += json[at] == ',' ? 1 : 0;
    }
    at++;
    return hash;
  }

  private int object() {
    int hash = 17;
    at++;
    while (json[at] != '}') {
      int key = string();
      at++;
      // A sum, whatever the order.
      hash += mixed(31 * key + value());
      at += json[at] == ',' ? 1 : 0;
    }
    at++;
    return hash;
  }

  private int number() {
    int start = at;
    while (at < json.length && "+-.0123456789eE".indexOf(json[at]) >= 0) {
      at++;
    }
    // ISO 8859-1 is what digits are in; a number beyond doubles is infinite, or zero.
    double number = Double.parseDouble(new String(json, 0, start, at - start));
    return number == 0 ? 19 : Double.hashCode(number);
  }
}
