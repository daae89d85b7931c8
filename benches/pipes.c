/* What a gigabyte costs that goes from one process to another through a pipe: the ways in which a stage could hand its
 * bytes on, by themselves. A producer fills blocks and gives them, a consumer reads and looks at each byte; a stage between
 * them, if there is one, looks at each byte too and hands all on.
 *
 *   cc -O3 -march=native -o /tmp/pipes benches/pipes.c && /tmp/pipes [ROUNDS]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TOTAL = 1 << 30, LARGEST = 1 << 20, RING = 8 << 20 };
enum Way { WRITE, VMSPLICE };
enum Between { NOBODY, COPIES, TEES };

static void must(long result, const char *what) {
  if (result < 0) {
    perror(what);
    _exit(1);
  }
}

/* Something a stage does with each byte: as much as a search for lines. */
static uint64_t look(const char *bytes, size_t length) {
  uint64_t seen = 0;
  for (size_t i = 0; i < length; i++) seen += bytes[i] == '\n';
  return seen;
}

static void produce(int to, enum Way way, size_t block) {
  char *from = aligned_alloc(4096, RING), *ring = aligned_alloc(4096, RING);
  memset(from, 'x', RING);
  memset(ring, 0, RING);
  for (size_t given = 0; given < TOTAL; given += block) {
    /* In a ring that is larger than the pipe, so that what lies in it is not written over. */
    char *at = way == VMSPLICE ? ring + given % RING : ring;
    memcpy(at, from + given % RING, block);
    for (size_t done = 0; done < block;) {
      struct iovec part = {at + done, block - done};
      ssize_t some = way == VMSPLICE ? vmsplice(to, &part, 1, 0) : write(to, part.iov_base, part.iov_len);
      must(some, "give");
      done += some;
    }
  }
}

static void consume(int from) {
  char *buffer = malloc(LARGEST);
  volatile uint64_t seen = 0;
  ssize_t some;
  while ((some = read(from, buffer, LARGEST)) > 0) seen += look(buffer, some);
  must(some, "read");
}

static void between(int from, int to, enum Between how, int size) {
  char *buffer = malloc(LARGEST);
  volatile uint64_t seen = 0;
  if (how == COPIES) {
    ssize_t some;
    while ((some = read(from, buffer, LARGEST)) > 0) {
      seen += look(buffer, some);
      for (ssize_t done = 0; done < some;) {
        ssize_t now = write(to, buffer + done, some - done);
        must(now, "write");
        done += now;
      }
    }
    return;
  }
  int own[2];
  must(pipe(own), "pipe");
  fcntl(own[1], F_SETPIPE_SZ, size);
  for (;;) {
    /* A second look at what is there, through a pipe of its own; the bytes themselves go on uncopied. */
    ssize_t some = tee(from, own[1], LARGEST, 0);
    must(some, "tee");
    if (some == 0) return;
    for (ssize_t left = some; left > 0;) {
      ssize_t now = read(own[0], buffer, left);
      must(now, "read");
      seen += look(buffer, now);
      left -= now;
    }
    for (ssize_t left = some; left > 0;) {
      ssize_t now = splice(from, NULL, to, NULL, left, SPLICE_F_MOVE);
      must(now, "splice");
      left -= now;
    }
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double run(enum Way way, enum Between how, size_t block, int size) {
  double start = now();
  int first[2], second[2];
  must(pipe(first), "pipe");
  must(pipe(second), "pipe");
  fcntl(first[1], F_SETPIPE_SZ, size);
  fcntl(second[1], F_SETPIPE_SZ, size);
  if (!fork()) {
    close(first[0]), close(second[0]), close(second[1]);
    produce(first[1], way, block);
    _exit(0);
  }
  if (how != NOBODY && !fork()) {
    close(first[1]), close(second[0]);
    between(first[0], second[1], how, size);
    _exit(0);
  }
  int reader = how == NOBODY ? first[0] : second[0];
  close(first[1]), close(second[1]), close(how == NOBODY ? second[0] : first[0]);
  consume(reader);
  close(reader);
  while (wait(NULL) > 0) {
  }
  return now() - start;
}

int main(int count, char **words) {
  int rounds = count > 1 ? atoi(words[1]) : 7;
  struct Try {
    const char *what;
    enum Way way;
    enum Between how;
    size_t block;
    int size;
  } tries[] = {
      {"write, blocks of 64 KiB, a pipe of 64 KiB", WRITE, NOBODY, 64 << 10, 64 << 10},
      {"write, blocks of 64 KiB, a pipe of 1 MiB", WRITE, NOBODY, 64 << 10, 1 << 20},
      {"write, blocks of 256 KiB, a pipe of 1 MiB (for others)", WRITE, NOBODY, 256 << 10, 1 << 20},
      {"write, blocks of 1 MiB, a pipe of 1 MiB", WRITE, NOBODY, 1 << 20, 1 << 20},
      {"write, blocks of 1 MiB, a pipe of 4 MiB (root)", WRITE, NOBODY, 1 << 20, 4 << 20},
      {"vmsplice, blocks of 256 KiB, a pipe of 1 MiB (for stages)", VMSPLICE, NOBODY, 256 << 10, 1 << 20},
      {"a stage between: read, write", WRITE, COPIES, 256 << 10, 1 << 20},
      {"a stage between: tee, read, splice", WRITE, TEES, 256 << 10, 1 << 20},
      {"a stage between: vmsplice; tee, read, splice", VMSPLICE, TEES, 256 << 10, 1 << 20},
  };
  enum { TRIES = sizeof tries / sizeof *tries };
  static double seconds[TRIES][64];
  for (int round = 0; round < rounds && round < 64; round++)
    for (int i = 0; i < TRIES; i++) seconds[i][round] = run(tries[i].way, tries[i].how, tries[i].block, tries[i].size);
  for (int i = 0; i < TRIES; i++) {
    qsort(seconds[i], rounds, sizeof(double), compare);
    printf("%-62s least %.3f s, median %.3f s\n", tries[i].what, seconds[i][0], seconds[i][rounds / 2]);
  }
  return 0;
}
