// Fills a topic with `count` messages of `size` bytes of JSON lines, all different, in batches of `perBatch`, which go
// round the partitions: the same bytes and batches in every run. All clients read what this one wrote. With `keys` the
// messages have so many keys in turn; `small` ones are a key, a value and a header of some ten bytes instead.
import { jsonLines } from '../lib/text.mjs';
import { confOf, finish, make, rdkafka, reports } from './ours.mjs';

const { bootstrap, topic, count, size, codec, partitions, batchBytes, keys, small } = JSON.parse(process.argv[2]);
const { produce, producev, poll, last_error, RD_KAFKA_MSG_F_COPY: COPY, RD_KAFKA_RESP_ERR__QUEUE_FULL: FULL } = rdkafka;
// Where there is little, every partition gets something all the same.
const perBatch = small ? 1 : Math.max(1, Math.min(Math.floor(batchBytes / size), Math.ceil(count / partitions)));
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

function nextLine() {
  const value = text.subarray(at, at + size);
  at += step;
  if (at >= 4_000_000) at -= 4_000_000;
  return value;
}

function smallOne(i, partition) {
  const headers = { [`header-key-${i}`]: `header-value-${i}` };
  return () => producev(rk, { topic, partition, key: `key-${i}`, value: `value-${i}`, headers });
}

function lineOne(i, partition) {
  const value = nextLine();
  const key = keys === undefined ? null : `key-${i % keys}`;
  return () => (produce(rkt, partition, COPY, value, key) === 0 ? 0 : last_error());
}

for (let sent = 0; sent < count; sent++) {
  const send = (small ? smallOne : lineOne)(sent, Math.floor(sent / perBatch) % partitions);
  for (let error = send(); error !== 0; error = send()) {
    if (error !== FULL) throw new Error(rdkafka.err2str(error));
    poll(rk, 10);
  }
  if (sent % 1000 === 0) poll(rk, 0);
}
const error = rdkafka.flush(rk, 120_000);
if (error !== 0) throw new Error(rdkafka.err2str(error));
rdkafka.destroy(rk);
if (reports.delivered !== count) throw new Error(`${count} messages sent, ${reports.delivered} reported`);
finish({ messages: count, sent: count });
