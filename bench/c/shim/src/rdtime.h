/* What rdkafka_performance.c uses of librdkafka's private rdtime.h. */
#ifndef SHIM_RDTIME_H
#define SHIM_RDTIME_H
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
typedef int64_t rd_ts_t;
static inline rd_ts_t rd_clock(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (rd_ts_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
#endif
