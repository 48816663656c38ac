/* rdkafka_performance.c expects to be built inside librdkafka's tree; this folder stands in for that. */
#include <librdkafka/rdkafka.h>
