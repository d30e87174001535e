// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What comes out of a sink, for pieces of lines that streams write in a given order. */
#include "output.h"

#include "deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { STREAMS = 3, LONG = 70000 };

/* One step: stream 0 to 2 writes a text; "<" closes it; "~" waits for a while that ends an open
 * line's right; "=text" waits until exactly this has come out. '@' in a text stands for LONG times
 * the letter a. */
struct step {
    int stream;
    const char *text;
};

struct row {
    const char *name;
    bool tag, terminal;
    struct step steps[9];
    const char *output;
};

#define PAUSE                                                                                      \
    {                                                                                              \
        0, "~"                                                                                     \
    }
#define SHOWN(t)                                                                                   \
    {                                                                                              \
        0, "=" t                                                                                   \
    }
#define CLOSED(s)                                                                                  \
    {                                                                                              \
        s, "<"                                                                                     \
    }

static const struct row rows[] = {
    {"lines pass in order",
     false,
     false,
     {{0, "a\nb\n"}, SHOWN("a\nb\n"), {1, "c\n"}},
     "a\nb\nc\n"},
    {"a line's pieces stay together",
     false,
     false,
     {{0, "a"}, PAUSE, {1, "x\n"}, SHOWN("x\n"), {0, "b\nc"}, SHOWN("x\nab\n"), {0, "d\n"}},
     "x\nab\ncd\n"},
    {"a missing last newline", false, false, {{0, "a\nb"}}, "a\nb"},
    {"the rest of a line waits for the end of all",
     false,
     false,
     {{0, "a"}, CLOSED(0), PAUSE, {1, "x\n"}, CLOSED(1), SHOWN("x\n")},
     "x\na"},
    {"rests come in the order of ranks", false, false, {{2, "c"}, {1, "b"}, {0, "a"}}, "abc"},
    {"a long line is passed unfinished", false, false, {{0, "@"}, SHOWN("@"), {0, "b\n"}}, "@b\n"},
    {"others may break a long line after a silence",
     false,
     false,
     {{0, "@"}, SHOWN("@"), {1, "x\n"}, SHOWN("@x\n"), {0, "b\n"}},
     "@x\nb\n"},
    {"the rest of an open line passes at once",
     false,
     false,
     {{0, "@"}, SHOWN("@"), {0, "b"}, SHOWN("@b"), {0, "c\nd"}, SHOWN("@bc\n"), {1, "x\n"}},
     "@bc\nx\nd"},
    {"a long line ends with its stream",
     false,
     false,
     {{0, "@"}, SHOWN("@"), {0, "b"}, CLOSED(0), SHOWN("@b"), {1, "x\n"}},
     "@bx\n"},
    {"tags",
     true,
     false,
     {{0, "a\n\nb"}, {2, "c\n"}, SHOWN("[0] a\n[0] \n[2] c\n"), {0, "d\n"}},
     "[0] a\n[0] \n[2] c\n[0] bd\n"},
    {"tags, rests of lines", true, false, {{1, "b"}, {0, "a"}}, "[0] a\n[1] b"},
    {"tags, a long line broken",
     true,
     false,
     {{0, "@"}, SHOWN("[0] @"), {1, "x\n"}, SHOWN("[0] @\n[1] x\n"), {0, "b\n"}},
     "[0] @\n[1] x\n[0] b\n"},
    {"a prompt shows on a terminal", false, true, {{0, "name? "}, SHOWN("name? ")}, "name? "},
    {"others begin a new line after a prompt",
     false,
     true,
     {{0, "name? "}, SHOWN("name? "), {1, "x\n"}, SHOWN("name? \nx\n"), {0, "hi\n"}},
     "name? \nx\nhi\n"},
    {"a prompt is completed",
     false,
     true,
     {{0, "0%"}, SHOWN("0%"), {0, " 9%"}, SHOWN("0% 9%"), {0, "\n"}, {1, "x\n"}},
     "0% 9%\nx\n"},
    {"the rest of a line shows on a terminal",
     false,
     true,
     {{0, "a"}, CLOSED(0), SHOWN("a"), {1, "x\n"}},
     "a\nx\n"},
    {"tags on a terminal", true, true, {{0, "a"}, SHOWN("[0] a"), {1, "b"}}, "[0] a\n[1] b"},
};

struct bench {
    struct sink *sink;
    int reports[2], reader, writer; // the sink writes to writer
    int streams[STREAMS];
    char *out;
    size_t nout, room;
};

/* Write '@' as what it stands for. */
static char *
expand(const char *text)
{
    char *out = malloc(strlen(text) + LONG + 1), *p = out;
    for (; *text; text++) {
        size_t n = *text == '@' ? LONG : 1;
        memset(p, *text == '@' ? 'a' : *text, n);
        p += n;
    }
    *p = '\0';
    return out;
}

static void
open_streams(struct bench *b)
{
    for (int i = 0; i < STREAMS; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            abort();
        fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        b->streams[i] = ends[1];
        sink_add(b->sink, ends[0], i);
    }
}

static void
open_terminal(struct bench *b)
{
    struct termios t;
    b->reader = posix_openpt(O_RDWR | O_NOCTTY);
    if (b->reader < 0 || unlockpt(b->reader) != 0)
        abort();
    b->writer = open(ptsname(b->reader), O_RDWR | O_NOCTTY);
    tcgetattr(b->writer, &t);
    cfmakeraw(&t);
    tcsetattr(b->writer, TCSANOW, &t);
}

static void
open_bench(struct bench *b, bool tag, bool terminal)
{
    int ends[2];
    *b = (struct bench){.reader = -1};
    if (pipe(b->reports) != 0)
        abort();
    if (terminal) {
        open_terminal(b);
    } else if (pipe(ends) == 0) {
        fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
        b->reader = ends[0];
        b->writer = ends[1];
    }
    fcntl(b->reader, F_SETFL, O_NONBLOCK);
    b->sink = sink_start(b->writer, tag, b->reports[1]);
    if (!b->sink)
        abort();
    open_streams(b);
}

static void
read_out(struct bench *b)
{
    char piece[65536];
    ssize_t n;
    while ((n = read(b->reader, piece, sizeof piece)) > 0) {
        if (b->nout + (size_t)n >= b->room)
            b->out = realloc(b->out, b->room = 2 * b->room + sizeof piece);
        memcpy(b->out + b->nout, piece, (size_t)n);
        b->nout += (size_t)n;
    }
}

/* Wait until all of `text` has come out; false after 5 s. */
static bool
await(struct bench *b, const char *text)
{
    char *wanted = expand(text);
    int64_t until = now_ns() + 5 * SECOND;
    while (b->nout < strlen(wanted) && now_ns() < until) {
        poll(&(struct pollfd){.fd = b->reader, .events = POLLIN}, 1, 20);
        read_out(b);
    }
    bool same = b->nout == strlen(wanted) && memcmp(b->out, wanted, b->nout) == 0;
    free(wanted);
    return same;
}

static void
write_text(int fd, const char *text)
{
    char *bytes = expand(text);
    if (write(fd, bytes, strlen(bytes)) != (ssize_t)strlen(bytes))
        abort();
    free(bytes);
}

static bool
play(struct bench *b, const struct step *step)
{
    switch (step->text[0]) {
    case '~':
        usleep(120000);
        return true;
    case '=':
        return await(b, step->text + 1);
    case '<':
        close(b->streams[step->stream]);
        b->streams[step->stream] = -1;
        return true;
    default:
        write_text(b->streams[step->stream], step->text);
        usleep(5000);
        return true;
    }
}

/* Let the sink finish; the reader goes on meanwhile. Returns the sink's error. */
static int
close_bench(struct bench *b)
{
    bool mid_line;
    char report;
    for (int i = 0; i < STREAMS; i++)
        if (b->streams[i] >= 0)
            close(b->streams[i]);
    sink_drain(b->sink);
    struct pollfd fds[] = {{.fd = b->reports[0], .events = POLLIN},
                           {.fd = b->reader, .events = POLLIN}};
    while (poll(fds, 2, 5000) > 0 && !fds[0].revents)
        read_out(b);
    bool done = read(b->reports[0], &report, 1) == 1 && report == SINK_DONE;
    int error = done ? sink_finish(b->sink, &mid_line) : -1;
    read_out(b);
    close(b->writer);
    close(b->reader);
    close(b->reports[0]);
    close(b->reports[1]);
    return error;
}

static int
check(const struct row *row)
{
    struct bench b;
    bool good = true;
    open_bench(&b, row->tag, row->terminal);
    for (const struct step *step = row->steps; step->text && good; step++) {
        good = play(&b, step);
        if (!good)
            fprintf(stderr, "%s: at step %d\n", row->name, (int)(step - row->steps));
    }
    good = close_bench(&b) == 0 && good;
    char *wanted = expand(row->output);
    good = good && b.nout == strlen(wanted) && memcmp(b.out, wanted, b.nout) == 0;
    if (!good)
        fprintf(stderr, "%s: %zu bytes came out: %.*s\n", row->name, b.nout,
                (int)min_size(b.nout, 200), b.out);
    free(wanted);
    free(b.out);
    return !good;
}

/* --- Much output: numbered lines of all lengths, so that both ways of copying are taken. ---- */

enum { LINES = 30000 };

static void *
write_lines(void *argument)
{
    const int *stream = argument;
    FILE *f = fdopen(stream[0], "w");
    setvbuf(f, NULL, _IOFBF, 100000);
    for (int i = 0; i < LINES; i++)
        fprintf(f, "%d %d %0*d\n", stream[1], i, 1 + (i * 37) % (i % 1000 == 0 ? 90000 : 300), 7);
    fclose(f);
    return NULL;
}

/* Each line whole, each stream's in order. */
static int
check_lines(const char *p, const char *end)
{
    long next[STREAMS] = {0};
    for (; p < end; p++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        char *rest;
        long stream = newline ? strtol(p, &rest, 10) : -1;
        long line = stream >= 0 ? strtol(rest, &rest, 10) : -1;
        if (stream < 0 || stream >= STREAMS || line != next[stream]++ ||
            newline - rest != 2 + (line * 37) % (line % 1000 == 0 ? 90000 : 300)) {
            fprintf(stderr, "much output: a line is spoiled: %.60s\n", p);
            return 1;
        }
        p = newline;
    }
    return next[0] != LINES || next[1] != LINES || next[2] != LINES;
}

static int
check_bulk(void)
{
    struct bench b;
    pthread_t threads[STREAMS];
    int arguments[STREAMS][2];
    open_bench(&b, false, false);
    for (int i = 0; i < STREAMS; i++) {
        arguments[i][0] = b.streams[i];
        arguments[i][1] = i;
        b.streams[i] = -1;
        if (pthread_create(&threads[i], NULL, write_lines, arguments[i]) != 0)
            abort();
    }
    int64_t until = now_ns() + 20 * SECOND;
    size_t before = SIZE_MAX;
    // The writers' last bytes are drained after they have ended.
    while (now_ns() < until && before != b.nout) {
        before = b.nout;
        poll(&(struct pollfd){.fd = b.reader, .events = POLLIN}, 1, 1000);
        read_out(&b);
    }
    for (int i = 0; i < STREAMS; i++)
        pthread_join(threads[i], NULL);
    int failed = close_bench(&b) != 0 || check_lines(b.out, b.out + b.nout);
    free(b.out);
    return failed;
}

/* The reader goes away: writers get EPIPE, and the sink says so. */
static int
check_closed_reader(void)
{
    struct bench b;
    open_bench(&b, false, false);
    int keep = b.reader;
    close(keep);
    b.reader = open("/dev/null", O_RDONLY);
    write_text(b.streams[0], "a\n");
    int64_t until = now_ns() + 5 * SECOND;
    ssize_t n;
    while ((n = write(b.streams[1], "b\n", 2)) > 0 && now_ns() < until)
        usleep(1000);
    int error = errno;
    int end = close_bench(&b);
    if (n < 0 && error == EPIPE && end == EPIPE)
        return 0;
    fprintf(stderr, "closed reader: write gave %zd (%s), the sink %d\n", n, strerror(error), end);
    return 1;
}

int
main(void)
{
    int failed = 0;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    failed += check_bulk();
    failed += check_closed_reader();
    return failed != 0;
}
