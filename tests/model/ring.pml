/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, the Muster developers */

/*
 * The inbound ring of src/shm/ring.h: two producers, each of which may die between any two of its
 * stores, and the consumer. Variables bear the names of the code. Checked:
 *   - a message that is taken is the one that was written for its position, whole;
 *   - the messages of one producer come in order, none twice;
 *   - each message that was published is taken, whoever died and where;
 *   - nobody waits for ever (no invalid end state).
 * Stores become visible in order here; in the code the release stores of flag and head, and the
 * acquire loads that pair with them, see to that.
 */

#define SLOTS     2
#define PRODUCERS 2
#define MESSAGES  3
#define POSITIONS 8

byte flag[SLOTS];      /* position + 1 */
byte content[SLOTS];   /* producer * 16 + number of its message, from 1 */
byte claims[SLOTS];    /* 1 + the lap of the last claim */
byte claimer[SLOTS];
byte head, tail;
bool ended[PRODUCERS]; /* the launcher has reaped the process */
bool gone[PRODUCERS];  /* ended, or has sent everything */

/* For the assertions only. */
byte written_by[POSITIONS];
bool published[POSITIONS], taken[POSITIONS];

#define MAY_DIE                                                                                    \
    if                                                                                             \
    :: skip                                                                                        \
    :: goto dead                                                                                   \
    fi

proctype producer(byte me)
{
    byte n = 1, p, seen, old;
    bool mine;
    do
    :: n > MESSAGES -> break
    :: else ->
        MAY_DIE;
        p = tail;
        seen = head;
        mine = false;
        do
        :: mine -> break
        :: !mine ->
#ifndef CLAIM_WITHOUT_HEAD
            if
            :: p >= seen + SLOTS ->
                /* full: sleep until the consumer moves on */
                (head + SLOTS > p);
                seen = head
            :: else -> skip
            fi;
#endif
            old = claims[p % SLOTS];
            if
            :: old > p / SLOTS -> p++ /* somebody has it */
            :: else ->
                MAY_DIE;
                atomic { /* the compare-and-swap */
                    if
                    :: claims[p % SLOTS] == old ->
                        claims[p % SLOTS] = p / SLOTS + 1;
                        claimer[p % SLOTS] = me;
                        written_by[p] = me * 16 + n;
                        mine = true
                    :: else -> skip
                    fi
                }
            fi
        od;
        MAY_DIE;
        tail = p + 1;
        MAY_DIE;
#ifdef PUBLISH_BEFORE_FILLING
        atomic { flag[p % SLOTS] = p + 1; published[p] = true };
        MAY_DIE;
        content[p % SLOTS] = me * 16 + n;
#else
        content[p % SLOTS] = me * 16 + n;
        MAY_DIE;
        atomic { flag[p % SLOTS] = p + 1; published[p] = true };
#endif
        n++
    od;
    gone[me] = true;
    goto end;
dead:
    atomic { ended[me] = true; gone[me] = true };
end:
    skip
}

#define PUBLISHED (flag[h % SLOTS] == h + 1)
#define DEAD      (claims[h % SLOTS] == h / SLOTS + 1 && ended[claimer[h % SLOTS]])
#define FINISHED  (gone[0] && gone[1] && claims[h % SLOTS] != h / SLOTS + 1)

proctype consumer()
{
    byte h = 0, got, i;
    byte last[PRODUCERS];
    do
    :: PUBLISHED ->
take:
        got = content[h % SLOTS];
        assert(got == written_by[h]);
        assert(got % 16 > last[got / 16]);
        last[got / 16] = got % 16;
        taken[h] = true;
        h++;
        head = h
    :: !PUBLISHED ->
        /* it looked empty; go to sleep until something changes */
#ifdef NEVER_SKIP
        (PUBLISHED || FINISHED);
#else
        (PUBLISHED || DEAD || FINISHED);
#endif
        if
        :: DEAD ->
#ifndef SKIP_WITHOUT_SECOND_LOOK
            if
            :: PUBLISHED -> goto take
            :: else -> skip
            fi;
#endif
            h++;
            head = h
        :: !DEAD && FINISHED && !PUBLISHED -> break
        :: !DEAD && !(FINISHED && !PUBLISHED) -> skip
        fi
    od;
    i = 0;
    do
    :: i < POSITIONS -> assert(!published[i] || taken[i]); i++
    :: else -> break
    od
}

init {
    atomic {
        run producer(0);
        run producer(1);
        run consumer()
    }
}
