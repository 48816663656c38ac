/* What rdkafka_performance.c uses of librdkafka's private rd.h. */
#ifndef SHIM_RD_H
#define SHIM_RD_H
#include <stdio.h>
#include <stdlib.h>
#include <inttypes.h>
#include <unistd.h>
#define RD_MAX(a, b) ((a) > (b) ? (a) : (b))
#define RD_MIN(a, b) ((a) < (b) ? (a) : (b))
#define rd_snprintf snprintf
#endif
