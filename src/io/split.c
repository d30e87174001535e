// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Split collective data access (MPI 5.0, 14.4.5). */
#include "io/io.h"

// A buffer that is only read.
static struct asked
given(const void *buf, MPI_Count count, MPI_Datatype type, MPI_Offset offset)
{
    return (struct asked){(void *)(uintptr_t)buf, count, type, offset};
}

static const struct way read_at_all_begin_form = {.name = "MPI_File_read_at_all_begin",
                                                  .place = PLACE_GIVEN,
                                                  .kind = COLL_FILE_READ_AT_ALL_BEGIN,
                                                  .collective = true};

int
PMPI_File_read_at_all_begin(MPI_File fh, MPI_Offset offset, void *buf, int count,
                            MPI_Datatype datatype)
{
    return access_begin(fh, &read_at_all_begin_form, given(buf, count, datatype, offset));
}
weak_alias(PMPI_File_read_at_all_begin, MPI_File_read_at_all_begin);

int
PMPI_File_read_at_all_begin_c(MPI_File fh, MPI_Offset offset, void *buf, MPI_Count count,
                              MPI_Datatype datatype)
{
    return access_begin(fh, &read_at_all_begin_form, given(buf, count, datatype, offset));
}
weak_alias(PMPI_File_read_at_all_begin_c, MPI_File_read_at_all_begin_c);

int
PMPI_File_read_at_all_end(MPI_File fh, void *buf, MPI_Status *status)
{
    return access_end(fh, &read_at_all_begin_form, buf, "MPI_File_read_at_all_end", status);
}
weak_alias(PMPI_File_read_at_all_end, MPI_File_read_at_all_end);

static const struct way write_at_all_begin_form = {.name = "MPI_File_write_at_all_begin",
                                                   .place = PLACE_GIVEN,
                                                   .write = true,
                                                   .kind = COLL_FILE_WRITE_AT_ALL_BEGIN,
                                                   .collective = true};

int
PMPI_File_write_at_all_begin(MPI_File fh, MPI_Offset offset, const void *buf, int count,
                             MPI_Datatype datatype)
{
    return access_begin(fh, &write_at_all_begin_form, given(buf, count, datatype, offset));
}
weak_alias(PMPI_File_write_at_all_begin, MPI_File_write_at_all_begin);

int
PMPI_File_write_at_all_begin_c(MPI_File fh, MPI_Offset offset, const void *buf, MPI_Count count,
                               MPI_Datatype datatype)
{
    return access_begin(fh, &write_at_all_begin_form, given(buf, count, datatype, offset));
}
weak_alias(PMPI_File_write_at_all_begin_c, MPI_File_write_at_all_begin_c);

int
PMPI_File_write_at_all_end(MPI_File fh, const void *buf, MPI_Status *status)
{
    return access_end(fh, &write_at_all_begin_form, buf, "MPI_File_write_at_all_end", status);
}
weak_alias(PMPI_File_write_at_all_end, MPI_File_write_at_all_end);

static const struct way read_all_begin_form = {.name = "MPI_File_read_all_begin",
                                               .place = PLACE_OWN,
                                               .kind = COLL_FILE_READ_ALL_BEGIN,
                                               .collective = true};

int
PMPI_File_read_all_begin(MPI_File fh, void *buf, int count, MPI_Datatype datatype)
{
    return access_begin(fh, &read_all_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_read_all_begin, MPI_File_read_all_begin);

int
PMPI_File_read_all_begin_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype)
{
    return access_begin(fh, &read_all_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_read_all_begin_c, MPI_File_read_all_begin_c);

int
PMPI_File_read_all_end(MPI_File fh, void *buf, MPI_Status *status)
{
    return access_end(fh, &read_all_begin_form, buf, "MPI_File_read_all_end", status);
}
weak_alias(PMPI_File_read_all_end, MPI_File_read_all_end);

static const struct way write_all_begin_form = {.name = "MPI_File_write_all_begin",
                                                .place = PLACE_OWN,
                                                .write = true,
                                                .kind = COLL_FILE_WRITE_ALL_BEGIN,
                                                .collective = true};

int
PMPI_File_write_all_begin(MPI_File fh, const void *buf, int count, MPI_Datatype datatype)
{
    return access_begin(fh, &write_all_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_write_all_begin, MPI_File_write_all_begin);

int
PMPI_File_write_all_begin_c(MPI_File fh, const void *buf, MPI_Count count, MPI_Datatype datatype)
{
    return access_begin(fh, &write_all_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_write_all_begin_c, MPI_File_write_all_begin_c);

int
PMPI_File_write_all_end(MPI_File fh, const void *buf, MPI_Status *status)
{
    return access_end(fh, &write_all_begin_form, buf, "MPI_File_write_all_end", status);
}
weak_alias(PMPI_File_write_all_end, MPI_File_write_all_end);

static const struct way read_ordered_begin_form = {.name = "MPI_File_read_ordered_begin",
                                                   .place = PLACE_SHARED,
                                                   .kind = COLL_FILE_READ_ORDERED_BEGIN,
                                                   .collective = true,
                                                   .ordered = true};

int
PMPI_File_read_ordered_begin(MPI_File fh, void *buf, int count, MPI_Datatype datatype)
{
    return access_begin(fh, &read_ordered_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_read_ordered_begin, MPI_File_read_ordered_begin);

int
PMPI_File_read_ordered_begin_c(MPI_File fh, void *buf, MPI_Count count, MPI_Datatype datatype)
{
    return access_begin(fh, &read_ordered_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_read_ordered_begin_c, MPI_File_read_ordered_begin_c);

int
PMPI_File_read_ordered_end(MPI_File fh, void *buf, MPI_Status *status)
{
    return access_end(fh, &read_ordered_begin_form, buf, "MPI_File_read_ordered_end", status);
}
weak_alias(PMPI_File_read_ordered_end, MPI_File_read_ordered_end);

static const struct way write_ordered_begin_form = {.name = "MPI_File_write_ordered_begin",
                                                    .place = PLACE_SHARED,
                                                    .write = true,
                                                    .kind = COLL_FILE_WRITE_ORDERED_BEGIN,
                                                    .collective = true,
                                                    .ordered = true};

int
PMPI_File_write_ordered_begin(MPI_File fh, const void *buf, int count, MPI_Datatype datatype)
{
    return access_begin(fh, &write_ordered_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_write_ordered_begin, MPI_File_write_ordered_begin);

int
PMPI_File_write_ordered_begin_c(MPI_File fh, const void *buf, MPI_Count count,
                                MPI_Datatype datatype)
{
    return access_begin(fh, &write_ordered_begin_form, given(buf, count, datatype, 0));
}
weak_alias(PMPI_File_write_ordered_begin_c, MPI_File_write_ordered_begin_c);

int
PMPI_File_write_ordered_end(MPI_File fh, const void *buf, MPI_Status *status)
{
    return access_end(fh, &write_ordered_begin_form, buf, "MPI_File_write_ordered_end", status);
}
weak_alias(PMPI_File_write_ordered_end, MPI_File_write_ordered_end);
