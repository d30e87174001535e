/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, the Muster developers */

/*
 * Sleeping and waking of src/shm/bell.h: one rank that waits for messages, two that send and may
 * die between any two stores, and the launcher, which publishes a death and rings.
 *
 * A sender's stores first go to its store buffer and become visible later (flush), unless it
 * executes a locked instruction or the sleeper's membarrier makes every running process drain its
 * buffer. Checked: whoever stored something, the sleeper sees it; nobody sleeps for ever.
 */

#define SENDERS  2
#define MESSAGES 2

byte visible[SENDERS];  /* messages in shared memory */
byte buffered[SENDERS]; /* messages stored, some of them still in the sender's buffer */
byte bell;              /* the futex word */
bool sleeping, failed, dead[SENDERS], done[SENDERS];

#define MAY_DIE                                                                                    \
    if                                                                                             \
    :: skip                                                                                        \
    :: goto die                                                                                    \
    fi

#define RING bell = (bell + 1) % 16

proctype sender(byte me)
{
    byte n = 0;
    bool wake;
    do
    :: n == MESSAGES -> break
    :: else ->
        MAY_DIE;
        buffered[me] = buffered[me] + 1; /* publish: the store may wait in the buffer */
        MAY_DIE;
        wake = sleeping; /* the load may come before it */
        MAY_DIE;
        if
        :: wake -> atomic { visible[me] = buffered[me]; RING } /* a locked add drains the buffer */
        :: else -> skip
        fi;
        n++
    od;
    done[me] = true;
    goto end;
die:
    dead[me] = true;
end:
    skip
}

/* The hardware empties the buffers whenever it likes, at the latest some time later. */
proctype memory()
{
    do
    :: atomic { visible[0] < buffered[0] -> visible[0] = visible[0] + 1 }
    :: atomic { visible[1] < buffered[1] -> visible[1] = visible[1] + 1 }
    :: (done[0] || dead[0]) && (done[1] || dead[1]) && visible[0] == buffered[0] &&
       visible[1] == buffered[1] -> break
    od
}

proctype launcher()
{
    if
    :: dead[0] || dead[1] ->
        /* It has reaped the process, so the process's stores are visible. */
        failed = true;
        atomic { RING }
    :: done[0] && done[1] -> skip
    fi
}

proctype sleeper()
{
    byte got = 0, seen;
#define NEWS (visible[0] + visible[1] > got || failed)
    do
    :: failed || got == SENDERS * MESSAGES -> break
    :: else ->
        if
        :: NEWS -> got = visible[0] + visible[1]
        :: else ->
#ifndef BELL_READ_LATE
            seen = bell;
#endif
            sleeping = true;
#ifndef NO_BARRIER
            atomic { visible[0] = buffered[0]; visible[1] = buffered[1] }; /* membarrier */
#endif
#ifndef NO_SECOND_LOOK
            if
            :: NEWS -> sleeping = false
            :: else ->
#endif
#ifdef BELL_READ_LATE
                seen = bell;
#endif
                (bell != seen); /* futex wait */
                sleeping = false
#ifndef NO_SECOND_LOOK
            fi
#endif
        fi
    od
}

init {
    atomic {
        run sender(0);
        run sender(1);
        run memory();
        run launcher();
        run sleeper()
    }
}
