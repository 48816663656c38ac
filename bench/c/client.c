/*
 * The librdkafka side of what rdkafka_performance does not measure: latency, start-up, memory, groups.
 *   client latency|startup|idle|rss bootstrap=... topic=... [count=N] [warmup=N] [linger=MS] [partitions=N]
 *   client e2e bootstrap=... topic=... group=... [count=N] [warmup=N] [linger=MS]
 *   client held bootstrap=... topic=... group=... limit=KB [seconds=N] [hold=MS] [burst=N]
 *   client group bootstrap=... topic=... group=... members=N partitions=N [strategy=...] [protocol=...] [settle=MS]
 * Prints one line "RESULT {json}".
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *bootstrap = "", *topic = "", *linger = "0";
static const char *group = "", *limit = NULL, *strategy = NULL, *protocol = NULL;
static long count = 1000, warmup = 100, partitions = 1;
static long seconds = 8, hold = 200, burst = 500, members = 50, settle = 6000;
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

static void stop(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static rd_kafka_conf_t *consumer_conf(void) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "group.id", group);
  set(conf, "auto.offset.reset", "earliest");
  return conf;
}

static rd_kafka_t *new_consumer(rd_kafka_conf_t *conf) {
  char errstr[512];
  rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, sizeof(errstr));
  if (!rk)
    stop(errstr);
  rd_kafka_poll_set_consumer(rk);
  return rk;
}

static void subscribe(rd_kafka_t *rk) {
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(rk, topics))
    stop("subscribe failed");
  rd_kafka_topic_partition_list_destroy(topics);
}

/* The next message, which is NULL when none comes within the time. */
static rd_kafka_message_t *next_message(rd_kafka_t *rk, int timeout_ms) {
  rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, timeout_ms);
  if (message && message->err)
    stop(rd_kafka_message_errstr(message));
  return message;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_latency(double *took) {
  qsort(took, count, sizeof(double), ascending);
  printf("RESULT {\"medianMs\": %.4f, \"p90Ms\": %.4f, \"p99Ms\": %.4f, \"maxMs\": %.4f}\n", took[count / 2],
         took[count * 9 / 10], took[count * 99 / 100], took[count - 1]);
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
  print_latency(took);
  rd_kafka_destroy(rk);
}

/* Sends a message and waits until it is consumed. */
static void round_trip(rd_kafka_t *from, rd_kafka_t *to, const char *value, size_t size) {
  rd_kafka_poll(from, 0);
  if (send_one(from, 0, value, size))
    stop("produce failed");
  rd_kafka_message_t *message = next_message(to, 60000);
  if (!message)
    stop("a message did not come within a minute");
  if (message->len != size)
    stop("a message of another size came");
  rd_kafka_message_destroy(message);
}

static void e2e(const char *value, size_t size) {
  rd_kafka_t *from = producer(), *to = new_consumer(consumer_conf());
  double *took = malloc(sizeof(double) * count);
  subscribe(to);
  for (long i = 0; i < warmup; i++)
    round_trip(from, to, value, size);
  for (long i = 0; i < count; i++) {
    double start = now_ms();
    round_trip(from, to, value, size);
    took[i] = now_ms() - start;
  }
  print_latency(took);
  /* The last report may come behind the last message. */
  rd_kafka_flush(from, 60000);
  rd_kafka_consumer_close(to);
  rd_kafka_destroy(to);
  rd_kafka_destroy(from);
}

/* A handler that takes `hold` ms, then `burst` messages at once, and so on. What waits is only seen from outside. */
static void held(void) {
  double bare = rss_mb(), most = bare;
  rd_kafka_conf_t *conf = consumer_conf();
  if (limit)
    set(conf, "queued.max.messages.kbytes", limit);
  rd_kafka_t *rk = new_consumer(conf);
  subscribe(rk);
  long seen = 0;
  for (int i = 0; i < 60 && !seen; i++) {
    rd_kafka_message_t *message = next_message(rk, 1000);
    if (message) {
      rd_kafka_message_destroy(message);
      seen++;
    }
  }
  if (!seen)
    stop("no message came within a minute");
  for (double start = now_ms(); now_ms() - start < seconds * 1e3;) {
    for (double end = now_ms() + hold; now_ms() < end; usleep(10000)) {
      double rss = rss_mb();
      if (rss > most)
        most = rss;
    }
    for (long i = 0; i < burst; i++) {
      rd_kafka_message_t *message = next_message(rk, 20);
      if (!message)
        break;
      rd_kafka_message_destroy(message);
      seen++;
    }
  }
  printf("RESULT {\"messages\": %ld, \"rssMb\": %.1f, \"bareMb\": %.1f}\n", seen, most, bare);
  rd_kafka_consumer_close(rk);
  rd_kafka_destroy(rk);
}

static long rebalances, failures;
static double changed_ms;

/* `opaque`: how many partitions this member has. */
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                         void *opaque) {
  long *owned = opaque;
  int cooperative = !strcmp(rd_kafka_rebalance_protocol(rk), "COOPERATIVE");
  rd_kafka_error_t *error = NULL;
  if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    if (cooperative)
      error = rd_kafka_incremental_assign(rk, list);
    else
      failures += rd_kafka_assign(rk, list) != 0;
    *owned = (cooperative ? *owned : 0) + list->cnt;
  } else {
    if (cooperative)
      error = rd_kafka_incremental_unassign(rk, list);
    else
      failures += rd_kafka_assign(rk, NULL) != 0;
    *owned = cooperative ? *owned - list->cnt : 0;
  }
  if (error) {
    failures++;
    rd_kafka_error_destroy(error);
  }
  rebalances++;
  changed_ms = now_ms();
}

/* All members in one process, each polled in turn, until everyone has the same share and nothing changes any more. */
static void form_group(void) {
  rd_kafka_t **rks = calloc(members, sizeof(*rks));
  long *owned = calloc(members, sizeof(*owned));
  double start = now_ms();
  for (long i = 0; i < members; i++) {
    rd_kafka_conf_t *conf = consumer_conf();
    if (strategy)
      set(conf, "partition.assignment.strategy", strategy);
    if (protocol)
      set(conf, "group.protocol", protocol);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_opaque(conf, &owned[i]);
    rks[i] = new_consumer(conf);
  }
  double made = now_ms();
  for (long i = 0; i < members; i++)
    subscribe(rks[i]);
  for (int even = 0; !even || now_ms() - changed_ms < settle;) {
    even = 1;
    for (long i = 0; i < members; i++) {
      rd_kafka_message_t *message = next_message(rks[i], 0);
      if (message)
        stop("a message in an empty topic");
      even &= owned[i] == partitions / members;
    }
    if (now_ms() - made > 200e3)
      stop("the group did not become stable");
    usleep(1000);
  }
  double stable = changed_ms, mb = rss_mb(), closing = now_ms();
  long until_stable = rebalances;
  for (long i = 0; i < members; i++) {
    rd_kafka_consumer_close(rks[i]);
    rd_kafka_destroy(rks[i]);
  }
  if (failures)
    stop("an assignment failed");
  printf("RESULT {\"newMs\": %.1f, \"stableMs\": %.1f, \"closeMs\": %.1f, \"rebalances\": %ld, \"rssMb\": %.1f}\n",
         made - start, stable - made, now_ms() - closing, until_stable, mb);
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
    else if (!strcmp(argv[i], "group")) group = to;
    else if (!strcmp(argv[i], "limit")) limit = to;
    else if (!strcmp(argv[i], "strategy")) strategy = to;
    else if (!strcmp(argv[i], "protocol")) protocol = to;
    else if (!strcmp(argv[i], "seconds")) seconds = atol(to);
    else if (!strcmp(argv[i], "hold")) hold = atol(to);
    else if (!strcmp(argv[i], "burst")) burst = atol(to);
    else if (!strcmp(argv[i], "members")) members = atol(to);
    else if (!strcmp(argv[i], "settle")) settle = atol(to);
  }
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "latency")) latency(value, sizeof(value));
  else if (!strcmp(mode, "startup")) startup(value, sizeof(value));
  else if (!strcmp(mode, "idle")) idle(value, sizeof(value));
  else if (!strcmp(mode, "rss")) rss(value, sizeof(value));
  else if (!strcmp(mode, "e2e")) e2e(value, sizeof(value));
  else if (!strcmp(mode, "held")) held();
  else if (!strcmp(mode, "group")) form_group();
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
