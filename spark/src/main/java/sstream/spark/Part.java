package sstream.spark;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A stage of ours that keeps a state, in parts: its tool runs once a part and batch, begins with what the
 * part's state was before it, and leaves what it is.
 */
final class Part implements Serializable {
  private static final long serialVersionUID = 1;
  private static final int ROOM = 1 << 20;

  private final String command;
  private final long interval;
  private final int sides;
  /** The time of the last batch; then the stream is over. With a wall clock none is. */
  private final long last;

  Part(String command, long interval, int sides, long last) {
    this.command = command;
    this.interval = interval;
    this.sides = sides;
    this.last = last;
  }

  /** Gives what comes out, and behind it the state. */
  Iterator<byte[]> step(Iterator<byte[]> before, Iterator<byte[]> came, long time) throws IOException {
    if (time - interval > last) {
      return Collections.emptyIterator();
    }
    Path folder = Temporary.folder();
    Path state = folder.resolve("state");
    String whole = command + " --carry '" + state + "'";
    while (before.hasNext()) {
      byte[] element = before.next();
      if (Aside.is(element, Aside.STATE)) {
        append(state, element);
      } else if (Aside.is(element, Aside.INITIAL)) {
        Path initial = folder.resolve("initial");
        whole += Files.exists(initial) ? "" : " --initial '" + initial + "'";
        append(initial, element);
      }
      // Else it has come out with the batch before.
    }
    if (sides == 1) {
      return new Stepping(new Running(whole, input(came, time)), state);
    }
    for (int side = 0; side < sides; side++) {
      Path file = folder.resolve("side" + side);
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
        input(upToSide(came), time).write(out);
      }
      whole += " '" + file + "'";
    }
    return new Stepping(new Running(whole, out -> { }), state);
  }

  /** Behind its end a stream is closed, and what is open comes out; before, another process goes on with it. */
  private Fed.Input input(Iterator<byte[]> came, long time) {
    boolean isOver = time > last;
    return Running.stream(came, time, interval, !isOver, isOver ? "eof" : "stop");
  }

  private static void append(Path file, byte[] aside) throws IOException {
    try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      out.write(aside, 2, aside.length - 2);
    }
  }

  /** The elements before the next side. */
  private static Iterator<byte[]> upToSide(Iterator<byte[]> all) {
    return new Iterator<byte[]>() {
      private byte[] next;
      private boolean isOver;

      @Override
      public boolean hasNext() {
        if (next == null && !isOver) {
          next = all.hasNext() ? all.next() : null;
          if (next == null || Aside.is(next, Aside.SIDE)) {
            next = null;
            isOver = true;
          }
        }
        return next != null;
      }

      @Override
      public byte[] next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        byte[] one = next;
        next = null;
        return one;
      }
    };
  }

  /** The results, and then the state, which is there when all of them are. */
  private static final class Stepping implements Iterator<byte[]> {
    private final Running results;
    private final Path state;
    private InputStream saved;
    private byte[] next;
    private boolean isOver;

    Stepping(Running results, Path state) {
      this.results = results;
      this.state = state;
    }

    @Override
    public boolean hasNext() {
      try {
        if (next == null && !isOver) {
          next = results.hasNext() ? results.next() : read();
          isOver = next == null;
        }
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
      return next != null;
    }

    private byte[] read() throws IOException {
      if (saved == null) {
        if (!Files.exists(state)) {
          return null;
        }
        saved = Files.newInputStream(state);
      }
      byte[] content = saved.readNBytes(ROOM);
      if (content.length > 0) {
        return Aside.of(Aside.STATE, content, content.length);
      }
      saved.close();
      return null;
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      byte[] one = next;
      next = null;
      return one;
    }
  }
}
