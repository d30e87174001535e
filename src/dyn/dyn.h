// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * New processes and connections between jobs (MPI 5.0, chapter 11).
 *
 * All of it ends in a meeting: two groups, each with a communicator of its own and a root, become
 * an intercommunicator. One root waits at a port, the other knocks there. A port is a context that
 * nothing else uses, in one process: a knock is a message in that context, which says who knocks
 * and names another context, for the two alone. From there on they are two leaders that can talk,
 * as in MPI_Intercomm_create (inter_meet).
 *
 * Spawned processes knock at a port that their spawner has opened for them alone; the launcher
 * tells them where. MPI_Comm_join is the same with sockets in place of names.
 */
#ifndef MUSTER_DYN_DYN_H
#define MUSTER_DYN_DYN_H

#include "boot/wire.h"
#include "comm/comm.h"
#include "core/jobs.h"

/* Where somebody waits. */
struct port {
    struct peer_name owner;
    uint64_t id;
    uint64_t
        at; // in the owner's segment, the word that holds the id while the port is open; 0: none
};

/* A new id. */
uint64_t port_id(void);

/* Names of ports. MPI_ERR_PORT for what is none. */
int port_parse(const char *name, struct port *port);

/* MPI_ERR_PORT when the port is closed, or its owner is gone. */
int port_check(const struct port *port);

struct meet {
    const char *op;
    enum coll_kind kind;
    struct comm *local; // held
    int root;
    const struct port *port; // at the root
    bool knock;              // go there, or wait there for others
    uint64_t timeout;        // ns until a knock is given up; 0: never
    uint64_t child;          // wait for rank 0 of this job, which has just been started; 0: for any
};

/* Under the lock, in all of the group; `err` is what has gone wrong before, at the root. */
int dyn_meet(const struct meet *meet, int err, MPI_Comm *newcomm);

/* An intracommunicator, with a root in it. */
int dyn_comm(MPI_Comm handle, int root, struct comm **comm);

/* The value of a key, or NULL. */
const char *info_get(MPI_Info info, const char *key);

/* MPI_INFO_NULL, or an info object. */
int info_check(MPI_Info info);

/* MPI_Comm_spawn's plan: what is wrong in it is an error of the program `i`. */
struct command {
    const char *name;
    char **argv; // or NULL
    int maxprocs;
    MPI_Info info;
    int count; // of processes to start
};
int plan_count(struct command *command);
struct launch;
int plan_make(struct command *commands, int n, struct launch *launch);

/* In MPI_Init of a spawned process: meet who spawned it. Under the lock. */
int parent_meet(void);

#endif
