// Counterpart of librdkafka's examples/producer.c: each line of standard input becomes a message, an empty line only
// serves reports, until the input ends, Ctrl-C or SIGTERM.
// node producer.ts <broker> <topic>
import { getline, program, signal, stderr } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_MSG_F_COPY,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  RD_KAFKA_V_END,
  RD_KAFKA_V_MSGFLAGS,
  RD_KAFKA_V_OPAQUE,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_conf_destroy,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_destroy,
  rd_kafka_err2str,
  rd_kafka_flush,
  type rd_kafka_message_t,
  rd_kafka_new,
  rd_kafka_outq_len,
  rd_kafka_poll,
  rd_kafka_producev,
  type rd_kafka_t,
} from 'rdkafka-ts/rdkafka';

/** How long the last messages may take: at the end of the input, and when the program was told to stop. */
const FLUSH_MS = 10_000;
const STOPPED_FLUSH_MS = 500;

/** Runs in poll, flush and destroy, once for each message that producev has taken. */
function dr_msg_cb(_rk: rd_kafka_t, rkmessage: rd_kafka_message_t, _opaque: any): void {
  if (rkmessage.err) stderr.write(`% Not delivered: ${rd_kafka_err2str(rkmessage.err)}\n`);
  else stderr.write(`% Delivered: ${rkmessage.len} bytes, partition ${rkmessage.partition}\n`);
}

/** False when it was refused for good. */
function produce(rk: rd_kafka_t, topic: string, line: string): boolean {
  for (;;) {
    const err = rd_kafka_producev(
      rk,
      RD_KAFKA_V_TOPIC(topic),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_VALUE(line),
      RD_KAFKA_V_OPAQUE(null),
      RD_KAFKA_V_END,
    );
    if (!err) return true;
    stderr.write(`% Could not enqueue for ${topic}: ${rd_kafka_err2str(err)}\n`);
    if (err !== RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
    rd_kafka_poll(rk, 1000); // reports make room
  }
}

function main(argv: string[]): number {
  const [name, brokers, topic] = argv;
  if (argv.length !== 3 || !brokers || !topic) {
    stderr.write(`% Usage: ${name} <broker> <topic>\n`);
    return 1;
  }

  const conf = rd_kafka_conf_new();
  const errstr = out('');
  if (rd_kafka_conf_set(conf, 'bootstrap.servers', brokers, errstr) !== RD_KAFKA_CONF_OK) {
    stderr.write(`${errstr.value}\n`);
    return 1;
  }
  rd_kafka_conf_set_dr_msg_cb(conf, dr_msg_cb);
  const rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr);
  if (!rk) {
    stderr.write(`% No producer: ${errstr.value}\n`);
    rd_kafka_conf_destroy(conf); // only a successful rd_kafka_new takes it over
    return 1;
  }

  let run = true;
  const stop = (): void => {
    run = false; // getline gives null then
  };
  signal('SIGINT', stop);
  signal('SIGTERM', stop);

  stderr.write('% Each line is a message, an empty one only serves reports; Ctrl-C or Ctrl-D ends\n');
  let line: string | null;
  // In this order: a handler that has run in another call does not wake getline again.
  while (run && (line = getline()) !== null) {
    if (line !== '' && produce(rk, topic, line))
      stderr.write(`% Enqueued: ${Buffer.byteLength(line)} bytes for ${topic}\n`);
    rd_kafka_poll(rk, 0); // a program that sends has to serve its reports
  }

  stderr.write('% Flushing the last messages ...\n');
  rd_kafka_flush(rk, run ? FLUSH_MS : STOPPED_FLUSH_MS);
  const left = rd_kafka_outq_len(rk);
  if (left > 0) stderr.write(`% ${left} message(s) could not be delivered\n`);
  rd_kafka_destroy(rk); // reports those
  return 0;
}

program(import.meta.url, main);
