// Fills a topic with `count` messages of `size` bytes of JSON lines, all different, in batches of `perBatch`, which go
// round the partitions: the same bytes and batches in every run. All clients read what this one wrote.
import { jsonLines } from '../lib/text.mjs';
import { confOf, finish, make, rdkafka, reports } from './ours.mjs';

const { bootstrap, topic, count, size, codec, partitions, batchBytes } = JSON.parse(process.argv[2]);
const { produce, poll, last_error, RD_KAFKA_MSG_F_COPY: COPY, RD_KAFKA_RESP_ERR__QUEUE_FULL: FULL } = rdkafka;
// Where there is little, every partition gets something all the same.
const perBatch = Math.max(1, Math.min(Math.floor(batchBytes / size), Math.ceil(count / partitions)));
const conf = confOf({
  'bootstrap.servers': bootstrap,
  acks: 'all',
  'enable.idempotence': true,
  'compression.codec': codec,
  // A batch leaves when it is full.
  'linger.ms': 60_000,
  'batch.num.messages': perBatch,
  'queue.buffering.max.kbytes': 262_144,
});
rdkafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
  reports.delivered++;
  if (message.err !== 0) reports.failed++;
});
const rk = make(rdkafka.RD_KAFKA_PRODUCER, conf);
const rkt = rdkafka.topic_new(rk, topic, null);
const text = Buffer.from(jsonLines(4_000_000 + size));
// Steps that do not divide the text: a message comes back after millions, at another place in its batch.
const step = size + 1;
let at = 0;
for (let sent = 0; sent < count; sent++) {
  const value = text.subarray(at, at + size);
  at += step;
  if (at >= 4_000_000) at -= 4_000_000;
  while (produce(rkt, Math.floor(sent / perBatch) % partitions, COPY, value, null) !== 0) {
    if (last_error() !== FULL) throw new Error(rdkafka.err2str(last_error()));
    poll(rk, 10);
  }
  if (sent % 1000 === 0) poll(rk, 0);
}
const error = rdkafka.flush(rk, 120_000);
if (error !== 0) throw new Error(rdkafka.err2str(error));
rdkafka.destroy(rk);
if (reports.delivered !== count) throw new Error(`${count} messages sent, ${reports.delivered} reported`);
finish({ messages: count, sent: count });
