// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Data access by explicit offsets, individual and shared pointers (MPI 5.0, 14.4.2 to 14.4.4). What
 * members do together in one call has a kind. */
#include "io/io.h"

// A buffer that is only read.
static struct asked
given(const void *buf, MPI_Count count, MPI_Datatype type, MPI_Offset offset)
{
    return (struct asked){(void *)(uintptr_t)buf, count, type, offset};
}

/* ---- explicit offsets ---- */

static const struct way read_at_form = {.name = "MPI_File_read_at", .place = PLACE_GIVEN};

int
PMPI_File_read_at(MPI_File fh, MPI_Offset offset, void *buf, int count, MPI_Datatype datatype,
                  MPI_Status *status)
{
    return access_run(fh, &read_at_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_read_at, MPI_File_read_at);

int
PMPI_File_read_at_c(MPI_File fh, MPI_Offset offset, void *buf, MPI_Count count,
                    MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_at_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_read_at_c, MPI_File_read_at_c);

static const struct way write_at_form = {
    .name = "MPI_File_write_at", .place = PLACE_GIVEN, .write = true};

int
PMPI_File_write_at(MPI_File fh, MPI_Offset offset, const void *buf, int count,
                   MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &write_at_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_write_at, MPI_File_write_at);

int
PMPI_File_write_at_c(MPI_File fh, MPI_Offset offset, const void *buf, MPI_Count count,
                     MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &write_at_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_write_at_c, MPI_File_write_at_c);

static const struct way read_at_all_form = {.name = "MPI_File_read_at_all",
                                            .place = PLACE_GIVEN,
                                            .kind = COLL_FILE_READ_AT_ALL,
                                            .collective = true};

int
PMPI_File_read_at_all(MPI_File fh, MPI_Offset offset, void *buf, int count, MPI_Datatype datatype,
                      MPI_Status *status)
{
    return access_run(fh, &read_at_all_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_read_at_all, MPI_File_read_at_all);

int
PMPI_File_read_at_all_c(MPI_File fh, MPI_Offset offset, void *buf, MPI_Count count,
                        MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_at_all_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_read_at_all_c, MPI_File_read_at_all_c);

static const struct way write_at_all_form = {.name = "MPI_File_write_at_all",
                                             .place = PLACE_GIVEN,
                                             .write = true,
                                             .kind = COLL_FILE_WRITE_AT_ALL,
                                             .collective = true};

int
PMPI_File_write_at_all(MPI_File fh, MPI_Offset offset, const void *buf, int count,
                       MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &write_at_all_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_write_at_all, MPI_File_write_at_all);

int
PMPI_File_write_at_all_c(MPI_File fh, MPI_Offset offset, const void *buf, MPI_Count count,
                         MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &write_at_all_form, given(buf, count, datatype, offset), status);
}
weak_alias(PMPI_File_write_at_all_c, MPI_File_write_at_all_c);

static const struct way iread_at_form = {.name = "MPI_File_iread_at", .place = PLACE_GIVEN};

int
PMPI_File_iread_at(MPI_File fh, MPI_Offset offset, void *buf, int count, MPI_Datatype datatype,
                   MPI_Request *request)
{
    return access_start(fh, &iread_at_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iread_at, MPI_File_iread_at);

int
PMPI_File_iread_at_c(MPI_File fh, MPI_Offset offset, void *buf, MPI_Count count,
                     MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iread_at_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iread_at_c, MPI_File_iread_at_c);

static const struct way iwrite_at_form = {
    .name = "MPI_File_iwrite_at", .place = PLACE_GIVEN, .write = true};

int
PMPI_File_iwrite_at(MPI_File fh, MPI_Offset offset, const void *buf, int count,
                    MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iwrite_at_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iwrite_at, MPI_File_iwrite_at);

int
PMPI_File_iwrite_at_c(MPI_File fh, MPI_Offset offset, const void *buf, MPI_Count count,
                      MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iwrite_at_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iwrite_at_c, MPI_File_iwrite_at_c);

static const struct way iread_at_all_form = {
    .name = "MPI_File_iread_at_all", .place = PLACE_GIVEN, .collective = true};

int
PMPI_File_iread_at_all(MPI_File fh, MPI_Offset offset, void *buf, int count, MPI_Datatype datatype,
                       MPI_Request *request)
{
    return access_start(fh, &iread_at_all_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iread_at_all, MPI_File_iread_at_all);

int
PMPI_File_iread_at_all_c(MPI_File fh, MPI_Offset offset, void *buf, MPI_Count count,
                         MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iread_at_all_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iread_at_all_c, MPI_File_iread_at_all_c);

static const struct way iwrite_at_all_form = {
    .name = "MPI_File_iwrite_at_all", .place = PLACE_GIVEN, .write = true, .collective = true};

int
PMPI_File_iwrite_at_all(MPI_File fh, MPI_Offset offset, const void *buf, int count,
                        MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iwrite_at_all_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iwrite_at_all, MPI_File_iwrite_at_all);

int
PMPI_File_iwrite_at_all_c(MPI_File fh, MPI_Offset offset, const void *buf, MPI_Count count,
                          MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iwrite_at_all_form, given(buf, count, datatype, offset), request);
}
weak_alias(PMPI_File_iwrite_at_all_c, MPI_File_iwrite_at_all_c);

/* ---- individual file pointers ---- */

static const struct way read_form = {.name = "MPI_File_read", .place = PLACE_OWN};

int
PMPI_File_read(MPI_File fh, void *buf, int count, MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read, MPI_File_read);

int
PMPI_File_read_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_c, MPI_File_read_c);

static const struct way write_form = {.name = "MPI_File_write", .place = PLACE_OWN, .write = true};

int
PMPI_File_write(MPI_File fh, const void *buf, int count, MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &write_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write, MPI_File_write);

int
PMPI_File_write_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                  MPI_Status *status)
{
    return access_run(fh, &write_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_c, MPI_File_write_c);

static const struct way read_all_form = {.name = "MPI_File_read_all",
                                         .place = PLACE_OWN,
                                         .kind = COLL_FILE_READ_ALL,
                                         .collective = true};

int
PMPI_File_read_all(MPI_File fh, void *buf, int count, MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_all_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_all, MPI_File_read_all);

int
PMPI_File_read_all_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype,
                     MPI_Status *status)
{
    return access_run(fh, &read_all_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_all_c, MPI_File_read_all_c);

static const struct way write_all_form = {.name = "MPI_File_write_all",
                                          .place = PLACE_OWN,
                                          .write = true,
                                          .kind = COLL_FILE_WRITE_ALL,
                                          .collective = true};

int
PMPI_File_write_all(MPI_File fh, const void *buf, int count, MPI_Datatype datatype,
                    MPI_Status *status)
{
    return access_run(fh, &write_all_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_all, MPI_File_write_all);

int
PMPI_File_write_all_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                      MPI_Status *status)
{
    return access_run(fh, &write_all_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_all_c, MPI_File_write_all_c);

static const struct way iread_form = {.name = "MPI_File_iread", .place = PLACE_OWN};

int
PMPI_File_iread(MPI_File fh, void *buf, int count, MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iread_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iread, MPI_File_iread);

int
PMPI_File_iread_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype,
                  MPI_Request *request)
{
    return access_start(fh, &iread_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iread_c, MPI_File_iread_c);

static const struct way iwrite_form = {
    .name = "MPI_File_iwrite", .place = PLACE_OWN, .write = true};

int
PMPI_File_iwrite(MPI_File fh, const void *buf, int count, MPI_Datatype datatype,
                 MPI_Request *request)
{
    return access_start(fh, &iwrite_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iwrite, MPI_File_iwrite);

int
PMPI_File_iwrite_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                   MPI_Request *request)
{
    return access_start(fh, &iwrite_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iwrite_c, MPI_File_iwrite_c);

static const struct way iread_all_form = {
    .name = "MPI_File_iread_all", .place = PLACE_OWN, .collective = true};

int
PMPI_File_iread_all(MPI_File fh, void *buf, int count, MPI_Datatype datatype, MPI_Request *request)
{
    return access_start(fh, &iread_all_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iread_all, MPI_File_iread_all);

int
PMPI_File_iread_all_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype,
                      MPI_Request *request)
{
    return access_start(fh, &iread_all_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iread_all_c, MPI_File_iread_all_c);

static const struct way iwrite_all_form = {
    .name = "MPI_File_iwrite_all", .place = PLACE_OWN, .write = true, .collective = true};

int
PMPI_File_iwrite_all(MPI_File fh, const void *buf, int count, MPI_Datatype datatype,
                     MPI_Request *request)
{
    return access_start(fh, &iwrite_all_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iwrite_all, MPI_File_iwrite_all);

int
PMPI_File_iwrite_all_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                       MPI_Request *request)
{
    return access_start(fh, &iwrite_all_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iwrite_all_c, MPI_File_iwrite_all_c);

/* ---- the shared file pointer ---- */

static const struct way read_shared_form = {.name = "MPI_File_read_shared", .place = PLACE_SHARED};

int
PMPI_File_read_shared(MPI_File fh, void *buf, int count, MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_shared_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_shared, MPI_File_read_shared);

int
PMPI_File_read_shared_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype,
                        MPI_Status *status)
{
    return access_run(fh, &read_shared_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_shared_c, MPI_File_read_shared_c);

static const struct way write_shared_form = {
    .name = "MPI_File_write_shared", .place = PLACE_SHARED, .write = true};

int
PMPI_File_write_shared(MPI_File fh, const void *buf, int count, MPI_Datatype datatype,
                       MPI_Status *status)
{
    return access_run(fh, &write_shared_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_shared, MPI_File_write_shared);

int
PMPI_File_write_shared_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                         MPI_Status *status)
{
    return access_run(fh, &write_shared_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_shared_c, MPI_File_write_shared_c);

static const struct way iread_shared_form = {.name = "MPI_File_iread_shared",
                                             .place = PLACE_SHARED};

int
PMPI_File_iread_shared(MPI_File fh, void *buf, int count, MPI_Datatype datatype,
                       MPI_Request *request)
{
    return access_start(fh, &iread_shared_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iread_shared, MPI_File_iread_shared);

int
PMPI_File_iread_shared_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype,
                         MPI_Request *request)
{
    return access_start(fh, &iread_shared_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iread_shared_c, MPI_File_iread_shared_c);

static const struct way iwrite_shared_form = {
    .name = "MPI_File_iwrite_shared", .place = PLACE_SHARED, .write = true};

int
PMPI_File_iwrite_shared(MPI_File fh, const void *buf, int count, MPI_Datatype datatype,
                        MPI_Request *request)
{
    return access_start(fh, &iwrite_shared_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iwrite_shared, MPI_File_iwrite_shared);

int
PMPI_File_iwrite_shared_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                          MPI_Request *request)
{
    return access_start(fh, &iwrite_shared_form, given(buf, count, datatype, 0), request);
}
weak_alias(PMPI_File_iwrite_shared_c, MPI_File_iwrite_shared_c);

static const struct way read_ordered_form = {.name = "MPI_File_read_ordered",
                                             .place = PLACE_SHARED,
                                             .kind = COLL_FILE_READ_ORDERED,
                                             .collective = true,
                                             .ordered = true};

int
PMPI_File_read_ordered(MPI_File fh, void *buf, int count, MPI_Datatype datatype, MPI_Status *status)
{
    return access_run(fh, &read_ordered_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_ordered, MPI_File_read_ordered);

int
PMPI_File_read_ordered_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype,
                         MPI_Status *status)
{
    return access_run(fh, &read_ordered_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_read_ordered_c, MPI_File_read_ordered_c);

static const struct way write_ordered_form = {.name = "MPI_File_write_ordered",
                                              .place = PLACE_SHARED,
                                              .write = true,
                                              .kind = COLL_FILE_WRITE_ORDERED,
                                              .collective = true,
                                              .ordered = true};

int
PMPI_File_write_ordered(MPI_File fh, const void *buf, int count, MPI_Datatype datatype,
                        MPI_Status *status)
{
    return access_run(fh, &write_ordered_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_ordered, MPI_File_write_ordered);

int
PMPI_File_write_ordered_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype,
                          MPI_Status *status)
{
    return access_run(fh, &write_ordered_form, given(buf, count, datatype, 0), status);
}
weak_alias(PMPI_File_write_ordered_c, MPI_File_write_ordered_c);
