// Counterpart of librdkafka's examples/consumer.c: a member of a group that prints what it gets, until Ctrl-C or SIGTERM.
// node consumer.ts <broker> <group.id> <group.protocol> <topic1> <topic2> ..
import { program, signal, stderr, stdout } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PARTITION_UA,
  rd_kafka_conf_destroy,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2str,
  rd_kafka_message_destroy,
  rd_kafka_message_errstr,
  rd_kafka_message_leader_epoch,
  type rd_kafka_message_t,
  rd_kafka_new,
  rd_kafka_poll_set_consumer,
  rd_kafka_subscribe,
  rd_kafka_topic_name,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_destroy,
  rd_kafka_topic_partition_list_new,
} from 'rdkafka-ts/rdkafka';

/** Bytes as text if a terminal can show them, else how many there are. */
function printable(bytes: Buffer): string {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? bytes.toString('latin1') : `(${bytes.length} bytes)`;
}

function print_message(rkm: rd_kafka_message_t): void {
  const epoch = rd_kafka_message_leader_epoch(rkm);
  stdout.write(`${rd_kafka_topic_name(rkm.rkt!)} [${rkm.partition}] @${rkm.offset} (leader epoch ${epoch}):\n`);
  if (rkm.key) stdout.write(` Key: ${printable(rkm.key)}\n`);
  if (rkm.payload) stdout.write(` Value: ${printable(rkm.payload)}\n`);
}

function main(argv: string[]): number {
  const [name, brokers, groupid, group_protocol, ...topics] = argv;
  if (!brokers || !groupid || !group_protocol || topics.length === 0) {
    stderr.write(`% Usage: ${name} <broker> <group.id> <group.protocol> <topic1> <topic2>..\n`);
    return 1;
  }

  const conf = rd_kafka_conf_new();
  const errstr = out('');
  for (const [property, value] of [
    ['bootstrap.servers', brokers],
    ['group.id', groupid],
    ['group.protocol', group_protocol],
    // Where a partition begins that the group has no offset of.
    ['auto.offset.reset', 'earliest'],
  ] as const) {
    if (rd_kafka_conf_set(conf, property, value, errstr) === RD_KAFKA_CONF_OK) continue;
    stderr.write(`${errstr.value}\n`);
    rd_kafka_conf_destroy(conf);
    return 1;
  }
  const rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr);
  if (!rk) {
    stderr.write(`% No consumer: ${errstr.value}\n`);
    return 1;
  }
  rd_kafka_poll_set_consumer(rk); // so that consumer_poll serves everything

  const subscription = rd_kafka_topic_partition_list_new(topics.length);
  for (const topic of topics) rd_kafka_topic_partition_list_add(subscription, topic, RD_KAFKA_PARTITION_UA);
  const err = rd_kafka_subscribe(rk, subscription);
  rd_kafka_topic_partition_list_destroy(subscription);
  if (err) {
    stderr.write(`% Could not subscribe to ${topics.length} topic(s): ${rd_kafka_err2str(err)}\n`);
    rd_kafka_destroy(rk);
    return 1;
  }
  stderr.write(`% Subscribed to ${topics.length} topic(s), waiting for a rebalance and messages ...\n`);

  let run = true;
  const stop = (): void => {
    run = false;
  };
  signal('SIGINT', stop);
  signal('SIGTERM', stop);

  while (run) {
    const rkm = rd_kafka_consumer_poll(rk, 1000); // a signal ends it at once
    if (!rkm) continue;
    // The consumer goes on by itself after most errors: they are news, not ends.
    if (rkm.err) stderr.write(`% Consumer error: ${rd_kafka_message_errstr(rkm)}\n`);
    else print_message(rkm);
    rd_kafka_message_destroy(rkm);
  }

  stderr.write('% Closing the consumer\n');
  rd_kafka_consumer_close(rk); // commits and leaves the group
  rd_kafka_destroy(rk);
  return 0;
}

program(import.meta.url, main);
