/*
 * The librdkafka side of what rdkafka_performance does not measure: latency, start-up, memory.
 *   client latency|startup|idle|rss bootstrap=... topic=... [count=N] [warmup=N] [linger=MS] [partitions=N]
 * Prints one line "RESULT {json}".
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *bootstrap = "", *topic = "", *linger = "0";
static long count = 1000, warmup = 100, partitions = 1;
static long delivered, failed;

static double now_ms(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static double rss_mb(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
    resident = 0;
  if (file)
    fclose(file);
  return resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  (void)opaque;
  delivered++;
  if (message->err)
    failed++;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char errstr[512];
  if (rd_kafka_conf_set(conf, name, value, errstr, sizeof(errstr)) != RD_KAFKA_CONF_OK) {
    fprintf(stderr, "%s\n", errstr);
    exit(1);
  }
}

static rd_kafka_t *producer(void) {
  char errstr[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "linger.ms", linger);
  set(conf, "acks", "all");
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
  if (!rk) {
    fprintf(stderr, "%s\n", errstr);
    exit(1);
  }
  return rk;
}

static int send_one(rd_kafka_t *rk, int partition, const char *value, size_t size) {
  return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)value, size),
                           RD_KAFKA_V_END);
}

static void send_and_wait(rd_kafka_t *rk, int partition, const char *value, size_t size) {
  long target = delivered + 1;
  if (send_one(rk, partition, value, size)) {
    fprintf(stderr, "produce failed\n");
    exit(1);
  }
  while (delivered < target)
    rd_kafka_poll(rk, 1000);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void latency(const char *value, size_t size) {
  rd_kafka_t *rk = producer();
  double *took = malloc(sizeof(double) * count);
  for (long i = 0; i < warmup; i++)
    send_and_wait(rk, 0, value, size);
  for (long i = 0; i < count; i++) {
    double start = now_ms();
    send_and_wait(rk, 0, value, size);
    took[i] = now_ms() - start;
  }
  qsort(took, count, sizeof(double), ascending);
  printf("RESULT {\"medianMs\": %.4f, \"p90Ms\": %.4f, \"p99Ms\": %.4f, \"maxMs\": %.4f}\n", took[count / 2],
         took[count * 9 / 10], took[count * 99 / 100], took[count - 1]);
  rd_kafka_destroy(rk);
}

static void startup(const char *value, size_t size) {
  double start = now_ms();
  rd_kafka_t *rk = producer();
  double made = now_ms();
  send_and_wait(rk, 0, value, size);
  double first = now_ms();
  rd_kafka_destroy(rk);
  double end = now_ms();
  printf("RESULT {\"newMs\": %.3f, \"deliveredMs\": %.3f, \"destroyMs\": %.3f, \"allMs\": %.3f}\n", made - start,
         first - start, end - first, end - start);
}

static void idle(const char *value, size_t size) {
  double bare = rss_mb();
  rd_kafka_t *rk = producer();
  for (long i = 0; i < partitions; i++)
    send_and_wait(rk, i, value, size);
  sleep(3);
  printf("RESULT {\"bareMb\": %.1f, \"rssMb\": %.1f}\n", bare, rss_mb());
  rd_kafka_destroy(rk);
}

/* Produces `count` messages and then up to ten times as many. */
static void rss(const char *value, size_t size) {
  rd_kafka_t *rk = producer();
  double after[2];
  long sent = 0;
  for (int part = 0; part < 2; part++) {
    for (; sent < (part ? count * 10 : count); sent++) {
      while (send_one(rk, RD_KAFKA_PARTITION_UA, value, size) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(rk, 10);
      if (sent % 1000 == 0)
        rd_kafka_poll(rk, 0);
    }
    while (delivered < sent)
      rd_kafka_poll(rk, 1000);
    sleep(1);
    after[part] = rss_mb();
  }
  printf("RESULT {\"firstMb\": %.1f, \"lastMb\": %.1f}\n", after[0], after[1]);
  rd_kafka_destroy(rk);
}

int main(int argc, char **argv) {
  char value[100];
  memset(value, 'x', sizeof(value));
  if (argc > 1 && !strcmp(argv[1], "version")) {
    printf("RESULT {\"version\": \"%s\"}\n", rd_kafka_version_str());
    return 0;
  }
  for (int i = 2; i < argc; i++) {
    char *equals = strchr(argv[i], '=');
    if (!equals)
      continue;
    *equals = 0;
    const char *to = equals + 1;
    if (!strcmp(argv[i], "bootstrap")) bootstrap = to;
    else if (!strcmp(argv[i], "topic")) topic = to;
    else if (!strcmp(argv[i], "linger")) linger = to;
    else if (!strcmp(argv[i], "count")) count = atol(to);
    else if (!strcmp(argv[i], "warmup")) warmup = atol(to);
    else if (!strcmp(argv[i], "partitions")) partitions = atol(to);
  }
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "latency")) latency(value, sizeof(value));
  else if (!strcmp(mode, "startup")) startup(value, sizeof(value));
  else if (!strcmp(mode, "idle")) idle(value, sizeof(value));
  else if (!strcmp(mode, "rss")) rss(value, sizeof(value));
  else {
    fprintf(stderr, "what is \"%s\"?\n", mode);
    return 2;
  }
  if (failed) {
    fprintf(stderr, "%ld deliveries failed\n", failed);
    return 1;
  }
  return 0;
}
