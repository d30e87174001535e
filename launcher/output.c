// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "output.h"

#include "deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELD_BYTES      65536        // of an unfinished line, at most
#define READ_BYTES      262144       // at once: pieces that stay in a core's L2 cache
#define BULK_BYTES      (128 * 1024) // worth moving unread (see move_bulk)
#define SINK_PIPE_BYTES (1 << 20)
#define LOOK_BYTES      8192 // of these, to be read: mostly there is a newline in them
#define SHOW_AFTER      (20 * MILLISECOND)
#define YIELD_AFTER     (50 * MILLISECOND)

struct stream {
    struct stream *next;
    int fd; // -1: it has ended
    int rank;
    bool paused; // others' line is open: not watched
    bool begun;  // a part of its line has been passed on
    char *held;  // the rest of its line
    size_t nheld;
    int64_t held_since; // when that came, for terminals
};

struct sink {
    // Set at the start.
    int fd;
    int epoll;
    int poke; // eventfd: something of the next three
    int reports;
    bool tag;
    bool terminal;
    bool moves; // from the ranks' pipes to fd unread: there are no tags, and splice can
    pthread_t thread;
    char *buffer; // HELD_BYTES + READ_BYTES

    // The main thread writes, the sink's thread reads.
    _Atomic(struct stream *) arrivals; // a stack
    atomic_bool resized;
    atomic_bool draining;

    // The sink's thread alone.
    struct stream *streams, **last; // in the order of their arrival
    struct stream *owner;           // its line is open
    int64_t owner_since;            // when it last wrote
    bool mid_line;                  // the last byte written was not a newline
    int npaused, nholding;
    int error; // errno of the first write that failed; nothing is written any more
};

static void
write_all(struct sink *sink, const char *p, size_t n)
{
    while (n > 0 && !sink->error) {
        ssize_t done = write(sink->fd, p, n);
        if (done >= 0) {
            p += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) { // the user's descriptor is non-blocking
            poll(&(struct pollfd){.fd = sink->fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            sink->error = errno;
        }
    }
}

/* Write lines with the rank before each; `begun` says that the first has its rank already. */
static void
write_tagged(struct sink *sink, const struct stream *stream, const char *p, size_t n)
{
    char text[16384], tag[16];
    size_t ntag = (size_t)snprintf(tag, sizeof tag, "[%d] ", stream->rank);
    size_t len = 0;
    bool begun = stream->begun;
    while (n > 0) {
        const char *end = memchr(p, '\n', n);
        size_t piece = end ? (size_t)(end - p) + 1 : n;
        piece = min_size(piece, sizeof text / 2);
        if (len + ntag + piece > sizeof text) {
            write_all(sink, text, len);
            len = 0;
        }
        if (!begun) {
            memcpy(text + len, tag, ntag);
            len += ntag;
        }
        memcpy(text + len, p, piece);
        len += piece;
        begun = p[piece - 1] != '\n';
        p += piece;
        n -= piece;
    }
    write_all(sink, text, len);
}

/* Read a stream again, or for the first time. */
static void
watch(struct sink *sink, struct stream *stream)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    if (stream->fd >= 0)
        epoll_ctl(sink->epoll, EPOLL_CTL_ADD, stream->fd, &event);
}

/* A stream whose writer is gone is reported whatever is asked for: only removal keeps it quiet. */
static void
pause_stream(struct sink *sink, struct stream *stream)
{
    if (stream->paused)
        return;
    epoll_ctl(sink->epoll, EPOLL_CTL_DEL, stream->fd, NULL);
    stream->paused = true;
    sink->npaused++;
}

static void
resume_all(struct sink *sink)
{
    for (struct stream *s = sink->streams; s && sink->npaused > 0; s = s->next)
        if (s->paused) {
            s->paused = false;
            sink->npaused--;
            watch(sink, s);
        }
}

static bool
may_write(const struct sink *sink, const struct stream *stream)
{
    return !sink->owner || sink->owner == stream || now_ns() - sink->owner_since >= YIELD_AFTER;
}

/* A stream is about to write after others: if they have left a line open, break it. */
static void
claim(struct sink *sink, struct stream *stream)
{
    if (sink->owner == stream)
        return;
    if (sink->mid_line && (sink->terminal || sink->tag))
        write_all(sink, "\n", 1);
    if (sink->owner)
        sink->owner->begun = false;
    sink->owner = NULL;
}

/* The stream has written a part of a line: the sink is its own until the line's end. */
static void
open_line(struct sink *sink, struct stream *stream)
{
    sink->mid_line = stream->begun = true;
    sink->owner = stream;
    sink->owner_since = now_ns();
}

/* Pass bytes of a stream on: whole lines, the last one may be unfinished. */
static void
pass(struct sink *sink, struct stream *stream, const char *p, size_t n)
{
    claim(sink, stream);
    if (sink->tag)
        write_tagged(sink, stream, p, n);
    else
        write_all(sink, p, n);
    if (p[n - 1] != '\n') {
        open_line(sink, stream);
        return;
    }
    sink->mid_line = stream->begun = false;
    sink->owner = NULL;
    resume_all(sink);
}

static void
pass_held(struct sink *sink, struct stream *stream)
{
    if (stream->nheld == 0)
        return;
    size_t n = stream->nheld;
    stream->nheld = 0;
    sink->nholding--;
    pass(sink, stream, stream->held, n);
}

/* Keep the rest of a line. */
static void
hold(struct sink *sink, struct stream *stream, const char *p, size_t n)
{
    char *held = realloc(stream->held, n);
    if (!held) { // no memory: then it goes out unfinished
        pass(sink, stream, p, n);
        return;
    }
    memcpy(held, p, n);
    stream->held = held;
    stream->nheld = n;
    stream->held_since = now_ns();
    sink->nholding++;
}

/* `data` is the stream's line so far with what has been read now behind it. */
static void
take(struct sink *sink, struct stream *stream, const char *data, size_t nheld, size_t n)
{
    const char *newline = memrchr(data + nheld, '\n', n);
    size_t lines = newline ? (size_t)(newline - data) + 1 : 0;
    size_t rest = nheld + n - lines;
    // Where the line is open already, holding its rest back would keep nothing together.
    if (rest > HELD_BYTES || (lines == 0 && sink->owner == stream)) {
        lines += rest;
        rest = 0;
    }
    if (lines > 0)
        pass(sink, stream, data, lines);
    if (rest > 0)
        hold(sink, stream, data + lines, rest);
}

/* The rank's end is closed. On a terminal the rest of its line is shown; elsewhere it waits for the
 * end of the job, because nobody else can write without spoiling that line. */
static void
end_stream(struct sink *sink, struct stream *stream)
{
    close(stream->fd);
    stream->fd = -1;
    if (stream->nheld && ((sink->terminal && may_write(sink, stream)) || sink->owner == stream))
        pass_held(sink, stream);
    if (sink->owner == stream) {
        sink->owner = NULL;
        resume_all(sink);
    }
}

/* Move n bytes without looking at them: into a pipe the pages change hands, into a file they are
 * copied once. */
static void
move(struct sink *sink, struct stream *stream, size_t n)
{
    while (n > 0 && !sink->error && sink->moves) {
        ssize_t moved = splice(stream->fd, NULL, sink->fd, NULL, n, SPLICE_F_MOVE);
        if (moved > 0)
            n -= (size_t)moved;
        else if (moved == 0)
            return; // what is left will be read
        else if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = sink->fd, .events = POLLOUT}, 1, -1);
        else if (errno == EINVAL) // a file opened for appending, or of a kind that cannot
            sink->moves = false;
        else if (errno != EINTR)
            sink->error = errno;
    }
}

/*
 * Where much is waiting in a pipe, move it to the sink, but for the last bytes: the end of the last
 * line must be seen. Returns how many bytes are to be read.
 */
static size_t
move_bulk(struct sink *sink, struct stream *stream)
{
    int waiting;
    if (ioctl(stream->fd, FIONREAD, &waiting) != 0 || waiting < BULK_BYTES)
        return READ_BYTES;
    pass_held(sink, stream);
    claim(sink, stream);
    move(sink, stream, (size_t)waiting - LOOK_BYTES);
    open_line(sink, stream);
    return sink->moves ? LOOK_BYTES : READ_BYTES;
}

/* Read once; false if there is nothing more to be read now. */
static bool
read_stream(struct sink *sink, struct stream *stream)
{
    size_t most = sink->moves ? move_bulk(sink, stream) : READ_BYTES;
    size_t nheld = stream->nheld;
    ssize_t n = read(stream->fd, sink->buffer + nheld, most);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) { // EIO: nobody has the pseudo terminal open any more
        end_stream(sink, stream);
        return false;
    }
    if (nheld) {
        memcpy(sink->buffer, stream->held, nheld);
        stream->nheld = 0;
        sink->nholding--;
    }
    take(sink, stream, sink->buffer, nheld, (size_t)n);
    return true;
}

static void
on_readable(struct sink *sink, struct stream *stream)
{
    if (stream->fd < 0 || stream->paused)
        return;
    if (may_write(sink, stream))
        read_stream(sink, stream);
    else
        pause_stream(sink, stream);
}

/* Show what has been held long enough on a terminal; let others in after a silence. Returns when to
 * look again. */
static int64_t
on_time(struct sink *sink)
{
    int64_t next = NEVER, now = now_ns();
    if (sink->npaused > 0 && sink->owner) {
        if (now - sink->owner_since >= YIELD_AFTER)
            resume_all(sink);
        else
            next = sink->owner_since + YIELD_AFTER;
    }
    if (!sink->terminal || sink->nholding == 0)
        return next;
    for (struct stream *s = sink->streams; s; s = s->next) {
        if (s->nheld == 0)
            continue;
        int64_t due = s->held_since + SHOW_AFTER;
        if (sink->owner && sink->owner != s && due < sink->owner_since + YIELD_AFTER)
            due = sink->owner_since + YIELD_AFTER;
        if (due <= now)
            pass_held(sink, s);
        else
            next = earlier(next, due);
    }
    return next;
}

static void
drop_streams(struct sink *sink)
{
    for (struct stream *s = sink->streams; s; s = s->next) {
        if (s->fd >= 0)
            close(s->fd); // the rank gets SIGPIPE, as it would without a launcher
        s->fd = -1;
        s->nheld = 0;
        s->paused = false;
    }
    sink->owner = NULL;
    sink->npaused = sink->nholding = 0;
}

static void
accept_arrivals(struct sink *sink)
{
    // acquire: pairs with the release in sink_add.
    struct stream *s = atomic_exchange_explicit(&sink->arrivals, NULL, memory_order_acquire);
    struct stream *reversed = NULL;
    while (s) {
        struct stream *next = s->next;
        s->next = reversed;
        reversed = s;
        s = next;
    }
    for (; reversed; reversed = *sink->last) {
        *sink->last = reversed;
        watch(sink, reversed);
        sink->last = &reversed->next;
    }
}

static void
resize_streams(struct sink *sink)
{
    struct winsize window;
    if (ioctl(sink->fd, TIOCGWINSZ, &window) != 0)
        return;
    for (struct stream *s = sink->streams; s; s = s->next)
        if (s->fd >= 0)
            ioctl(s->fd, TIOCSWINSZ, &window);
}

/* Pass on all that ranks have written, an open line first, then the rests of lines in the order of
 * ranks. */
static void
drain(struct sink *sink)
{
    struct stream *owner = sink->owner;
    while (owner && owner->fd >= 0 && read_stream(sink, owner))
        ;
    for (struct stream *s = sink->streams; s; s = s->next)
        while (s->fd >= 0 && read_stream(sink, s))
            ;
    for (struct stream *s = sink->streams; s; s = s->next)
        pass_held(sink, s);
}

static void
report(struct sink *sink, enum sink_report what)
{
    unsigned char byte = (unsigned char)what;
    (void)!write(sink->reports, &byte, 1);
}

static void
on_poke(struct sink *sink)
{
    uint64_t count;
    (void)!read(sink->poke, &count, sizeof count);
    accept_arrivals(sink);
    if (atomic_exchange_explicit(&sink->resized, false, memory_order_relaxed)) {
        resize_streams(sink);
        report(sink, SINK_RESIZED);
    }
}

static void *
serve(void *argument)
{
    struct sink *sink = argument;
    struct epoll_event events[64];
    // acquire: pairs with the release in sink_drain; what was added before is seen.
    while (!atomic_load_explicit(&sink->draining, memory_order_acquire)) {
        int n = epoll_wait(sink->epoll, events, 64, milliseconds_until(on_time(sink)));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                on_readable(sink, events[i].data.ptr);
            else
                on_poke(sink);
        }
        if (sink->error)
            drop_streams(sink);
    }
    accept_arrivals(sink);
    if (!sink->error)
        drain(sink);
    drop_streams(sink);
    report(sink, SINK_DONE);
    return NULL;
}

static void
sink_free(struct sink *sink)
{
    for (struct stream *s = sink->streams; s;) {
        struct stream *next = s->next;
        free(s->held);
        free(s);
        s = next;
    }
    close(sink->epoll);
    close(sink->poke);
    free(sink->buffer);
    free(sink);
}

/* Is it of a kind that data can be moved to? A pipe is made larger, so that writer and reader take
 * turns less often. */
static bool
takes_moves(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    if (S_ISFIFO(st.st_mode) && fcntl(fd, F_GETPIPE_SZ) < SINK_PIPE_BYTES)
        fcntl(fd, F_SETPIPE_SZ, SINK_PIPE_BYTES);
    return S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode);
}

struct sink *
sink_start(int fd, bool tag, int reports)
{
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return NULL;
    *sink = (struct sink){.fd = fd,
                          .tag = tag,
                          .reports = reports,
                          .terminal = isatty(fd),
                          .moves = takes_moves(fd) && !tag,
                          .epoll = epoll_create1(EPOLL_CLOEXEC),
                          .poke = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                          .buffer = malloc(HELD_BYTES + READ_BYTES),
                          .last = &sink->streams};
    struct epoll_event event = {.events = EPOLLIN};
    int err = sink->buffer ? 0 : ENOMEM;
    if (!err && epoll_ctl(sink->epoll, EPOLL_CTL_ADD, sink->poke, &event) != 0)
        err = errno;
    if (!err)
        err = pthread_create(&sink->thread, NULL, serve, sink);
    if (!err)
        return sink;
    sink_free(sink);
    errno = err;
    return NULL;
}

static void
poke(struct sink *sink)
{
    uint64_t one = 1;
    (void)!write(sink->poke, &one, sizeof one);
}

void
sink_add(struct sink *sink, int fd, int rank)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        close(fd);
        return;
    }
    stream->fd = fd;
    stream->rank = rank;
    stream->next = atomic_load_explicit(&sink->arrivals, memory_order_relaxed);
    // release: pairs with the acquire in accept_arrivals; no other thread adds.
    while (!atomic_compare_exchange_weak_explicit(&sink->arrivals, &stream->next, stream,
                                                  memory_order_release, memory_order_relaxed))
        ;
    poke(sink);
}

void
sink_resize(struct sink *sink)
{
    atomic_store_explicit(&sink->resized, true, memory_order_relaxed);
    poke(sink);
}

void
sink_drain(struct sink *sink)
{
    atomic_store_explicit(&sink->draining, true, memory_order_release);
    poke(sink);
}

int
sink_finish(struct sink *sink, bool *mid_line)
{
    pthread_join(sink->thread, NULL);
    int error = sink->error;
    *mid_line = sink->terminal && sink->mid_line;
    sink_free(sink);
    return error;
}
