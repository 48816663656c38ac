// Reads one partition without a group: its last messages, batch by batch, to its present end. Nothing is committed.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, KAFKA_LAST (how many).
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
const LAST = Number(process.env['KAFKA_LAST'] ?? 10);
const PARTITION = 0;

const conf = kafka.conf_new();
for (const [name, value] of [
  ['bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'],
  // An error _PARTITION_EOF comes where the messages end.
  ['enable.partition.eof', 'true'],
] as const) {
  const errstr = kafka.out<string>();
  if (kafka.conf_set(conf, name, value, errstr) !== kafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
}
const errstr = kafka.out<string>();
const rk = kafka.new(kafka.RD_KAFKA_CONSUMER, conf, errstr);
if (!rk) throw new Error(errstr.value);

const rkt = kafka.topic_new(rk, TOPIC, null);
if (!rkt) throw new Error(kafka.err2str(kafka.last_error()));
if (kafka.consume_start(rkt, PARTITION, kafka.RD_KAFKA_OFFSET_TAIL(LAST)) !== 0)
  throw new Error(kafka.err2str(kafka.last_error()));

let ended = false;
while (!ended) {
  for (const message of await kafka.consume_batch_async(rkt, PARTITION, 1000, 100)) {
    if (message.err === kafka.RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      console.log(`the end, at offset ${message.offset}`);
      ended = true;
    } else if (message.err) throw new Error(kafka.message_errstr(message) ?? kafka.err2str(message.err));
    else console.log(`@${message.offset}: ${message.value}`);
  }
}

await kafka.consume_stop_async(rkt, PARTITION);
kafka.topic_destroy(rkt);
kafka.destroy(rk);
