// Partitions that an installed librdkafka gives keys: reads lines of "count hex", writes "consistent murmur2 fnv1a".
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  char line[1024];
  while (fgets(line, sizeof(line), stdin)) {
    unsigned char key[512];
    char hex[1024] = "";
    int count, size = 0;
    unsigned byte;
    if (sscanf(line, "%d %1023s", &count, hex) < 1) return 1;
    for (const char *at = hex; sscanf(at, "%2x", &byte) == 1; at += 2) key[size++] = (unsigned char)byte;
    printf("%d %d %d\n", rd_kafka_msg_partitioner_consistent(NULL, key, size, count, NULL, NULL),
           rd_kafka_msg_partitioner_murmur2(NULL, key, size, count, NULL, NULL),
           rd_kafka_msg_partitioner_fnv1a(NULL, key, size, count, NULL, NULL));
  }
  return 0;
}
