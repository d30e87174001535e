// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Dims_create: the product, the order, the fixed entries, the balance (against all choices),
 * and that no number takes long. */
#include "errors.h"

#include <string.h>

// The least difference of largest and smallest among all ways to write n as k factors.
static int
least_spread(int n, int k, int largest, int most)
{
    int best = 1 << 30;
    if (k == 1)
        return n <= most ? largest - n : best;
    for (int d = 1; d <= most && d <= n; d++) {
        if (n % d)
            continue;
        int spread = least_spread(n / d, k - 1, largest, d);
        best = spread < best ? spread : best;
    }
    return best;
}

static int
best_spread(int n, int k)
{
    int best = 1 << 30;
    for (int d = 1; d <= n; d++) {
        int spread = n % d || (k == 1 && d != n) ? best
                     : k == 1                    ? 0
                                                 : least_spread(n / d, k - 1, d, d);
        best = spread < best ? spread : best;
    }
    return best;
}

static void
check_filled(int n, int k, const int *dims)
{
    long long product = 1;
    for (int d = 0; d < k; d++) {
        product *= dims[d];
        CHECK(dims[d] > 0 && (d == 0 || dims[d] <= dims[d - 1]), "%d in %d: dims[%d] is %d", n, k,
              d, dims[d]);
    }
    CHECK(product == n, "%d in %d: %lld", n, k, product);
}

static void
balanced(void)
{
    for (int n = 1; n <= 400; n++) {
        for (int k = 1; k <= 5; k++) {
            int dims[5] = {0};
            CHECK(MPI_Dims_create(n, k, dims) == MPI_SUCCESS, "%d in %d", n, k);
            check_filled(n, k, dims);
            int spread = best_spread(n, k);
            CHECK(dims[0] - dims[k - 1] == spread, "%d in %d: %d..%d, not %d apart", n, k, dims[0],
                  dims[k - 1], spread);
        }
    }
}

// Numbers with the most divisors, large primes and their squares, powers of 2.
static void
large(void)
{
    static const int numbers[] = {2095133040, 1396755360, 735134400, 1073741824, 2147483647,
                                  1000000000, 2147395600, 367567200, 2147483646, 1162261467};
    double start = MPI_Wtime();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        for (int k = 1; k <= 40; k++) {
            int dims[40] = {0};
            double before = MPI_Wtime();
            CHECK(MPI_Dims_create(numbers[i], k, dims) == MPI_SUCCESS, "%d", numbers[i]);
            check_filled(numbers[i], k, dims);
            if (getenv("SHOW") && MPI_Wtime() - before > 0.001)
                printf("%d in %d: %g s\n", numbers[i], k, MPI_Wtime() - before);
        }
    }
    CHECK(MPI_Wtime() - start < 20, "%g s", MPI_Wtime() - start);
    int cube[3] = {0};
    MPI_Dims_create(1000000000, 3, cube);
    CHECK(cube[0] == 1000 && cube[1] == 1000 && cube[2] == 1000, "%d", cube[0]);
}

static void
fixed(void)
{
    int a[3] = {0, 3, 0}, b[3] = {0, 7, 0}, c[2] = {2, 3}, d[4] = {5, 0, 1, 0};
    CHECK(MPI_Dims_create(6, 3, a) == MPI_SUCCESS && a[0] == 2 && a[1] == 3 && a[2] == 1, "%d %d",
          a[0], a[2]);
    CHECK(class_of(MPI_Dims_create(6, 3, b)) == MPI_ERR_DIMS && b[0] == 0 && b[2] == 0, " ");
    CHECK(MPI_Dims_create(6, 2, c) == MPI_SUCCESS && c[0] == 2 && c[1] == 3, " ");
    CHECK(MPI_Dims_create(60, 4, d) == MPI_SUCCESS && d[0] == 5 && d[1] == 4 && d[2] == 1 &&
              d[3] == 3,
          "%d %d", d[1], d[3]);
}

static void
mistakes(void)
{
    int zero[2] = {0, 0}, negative[2] = {0, -1}, full[2] = {2, 3}, wide[2] = {70000, 70000};
    char text[MPI_MAX_ERROR_STRING];
    int n;
    CHECK(MPI_Dims_create(1, 0, NULL) == MPI_SUCCESS, " ");
    CHECK(class_of(MPI_Dims_create(2, 0, NULL)) == MPI_ERR_DIMS, " ");
    CHECK(class_of(MPI_Dims_create(0, 2, zero)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dims_create(-3, 2, zero)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dims_create(4, -1, zero)) == MPI_ERR_DIMS, " ");
    CHECK(class_of(MPI_Dims_create(4, 2, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dims_create(4, 2, negative)) == MPI_ERR_DIMS, " ");
    CHECK(class_of(MPI_Dims_create(12, 2, full)) == MPI_ERR_DIMS, " ");
    CHECK(class_of(MPI_Dims_create(1, 2, wide)) == MPI_ERR_DIMS, " ");
    MPI_Error_string(MPI_Dims_create(4, 2, negative), text, &n);
    CHECK(strstr(text, "dims[1]") && strstr(text, "-1"), "%s", text);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    if (world_rank() == 0) {
        balanced();
        large();
        fixed();
        mistakes();
    }
    MPI_Finalize();
    return 0;
}
