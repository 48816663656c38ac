// Throughput per core over many partitions, or (mode `memory`) what they take. Messages go round all partitions, so that
// all their batches are open at once; a batch leaves when it has `perBatch` messages and for no other reason, so that
// batches are alike however many partitions there are.
import { setTimeout as sleep } from 'node:timers/promises';
import { confOf, finish, make, rdkafka, reports, value } from './ours.mjs';

const { bootstrap, topic, mode, partitions, perBatch, count, warmup } = JSON.parse(process.argv[2]);
const { produce, poll, last_error, RD_KAFKA_MSG_F_COPY: COPY, RD_KAFKA_RESP_ERR__QUEUE_FULL: FULL } = rdkafka;
/** Idle memory is dropped after 40 to 50 s, and workers are told to collect then. */
const REST_MS = 60_000;
const MB = 1048576;

const conf = confOf({
  'bootstrap.servers': bootstrap,
  acks: 'all',
  'linger.ms': 60_000,
  'batch.num.messages': perBatch,
  // Room for a full batch of each partition on its way, the next one full, and another one open.
  'queue.buffering.max.messages': Math.max(100_000, 3 * partitions * perBatch),
  'queue.buffering.max.kbytes': 2_097_151,
});
rdkafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
  reports.delivered++;
  if (message.err !== 0) reports.failed++;
});
const rk = make(rdkafka.RD_KAFKA_PRODUCER, conf);
const rkt = rdkafka.topic_new(rk, topic, null);
let next = 0;
let sent = 0;

function send(messages) {
  for (const end = sent + messages; sent < end; sent++) {
    while (produce(rkt, next, COPY, value, null) !== 0) {
      if (last_error() !== FULL) throw new Error(rdkafka.err2str(last_error()));
      poll(rk, 10);
    }
    if (++next === partitions) next = 0;
    if (sent % 1000 === 0) poll(rk, 0);
  }
}

function flush() {
  const error = rdkafka.flush(rk, 120_000);
  if (error !== 0) throw new Error(rdkafka.err2str(error));
}

async function residentMb() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(200);
  }
  return process.memoryUsage().rss / MB;
}

/** Of partitions that have sent something and rest, and of the same when each has an open batch with one message. */
async function memory() {
  await sleep(REST_MS);
  const idleMb = await residentMb();
  send(partitions);
  const openMb = await residentMb();
  flush();
  return { partitions, idleMb, openMb };
}

function throughput() {
  send(warmup);
  flush();
  const before = process.cpuUsage();
  const start = performance.now();
  send(count);
  flush();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { messages: count, seconds, cpuSeconds: (user + system) / 1e6 };
}

// The topic is known before the rest is sent, and then every partition has its home at its broker.
send(1);
flush();
send(partitions);
flush();
const result = mode === 'memory' ? await memory() : throughput();
rdkafka.destroy(rk);
finish({ ...result, sent });
