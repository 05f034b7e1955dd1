#ifndef VILLERS_TESTS_UNIT_TEST_H
#define VILLERS_TESTS_UNIT_TEST_H
/*
 * cmocka, with the headers it wants first, and what tables of cases need: a failure names its row.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* cmocka's own fail() hides that of base/buf.h. */
#undef fail
/* clang-format on */
#include "base/buf.h"
#include <stdio.h>

/* Inside a loop over a table: fail with the row's number and what was found. */
#define ROW_CHECK(row, cond, fmt, ...)                                                                                             \
    do {                                                                                                                           \
        if (!(cond)) {                                                                                                             \
            print_error("row %zu: %s; " fmt "\n", (size_t)(row), #cond, __VA_ARGS__);                                              \
            _fail(__FILE__, __LINE__);                                                                                             \
        }                                                                                                                          \
    } while (0)

#define ROWS(table) (sizeof(table) / sizeof *(table))

#endif
