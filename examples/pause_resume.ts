// A consumer whose handler is slower than Kafka, and handles several partitions at a time: a partition is paused while
// its messages are at work and resumed behind them, so that the others go on, and consumer_poll is called often enough.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, KAFKA_GROUP.
import { setTimeout as sleep } from 'node:timers/promises';
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
/** What one partition may have at work. */
const MOST = 3;

const conf = kafka.conf_new();
for (const [name, value] of [
  ['bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'],
  ['group.id', process.env['KAFKA_GROUP'] ?? 'order-workers'],
  ['auto.offset.reset', 'earliest'],
  // An offset is stored when its message is handled.
  ['enable.auto.offset.store', 'false'],
] as const) {
  const errstr = kafka.out<string>();
  if (kafka.conf_set(conf, name, value, errstr) !== kafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
}
const errstr = kafka.out<string>();
const rk = kafka.new(kafka.RD_KAFKA_CONSUMER, conf, errstr);
if (!rk) throw new Error(errstr.value);
const err = kafka.subscribe(rk, [TOPIC]);
if (err) throw new Error(kafka.err2str(err));

let stopping = false;
process.once('SIGTERM', () => {
  stopping = true;
});

/** One after the other in each partition. */
const work = new Map<number, { count: number; last: Promise<void> }>();

async function handle(message: kafka.rd_kafka_message_t): Promise<void> {
  await sleep(20);
  console.log(`[${message.partition}] @${message.offset}: ${message.value}`);
}

function take(consumer: kafka.rd_kafka_t, message: kafka.rd_kafka_message_t): void {
  const { partition } = message;
  const own = [{ topic: TOPIC, partition }];
  const at = work.get(partition) ?? { count: 0, last: Promise.resolve() };
  work.set(partition, at);
  if (++at.count === MOST) kafka.pause_partitions(consumer, own);
  at.last = at.last.then(async () => {
    await handle(message);
    // Refused, and rightly so, when the partition has gone to another member meanwhile.
    kafka.offset_store_message(message);
    // What was fetched before the pause comes at once.
    if (at.count-- === MOST) kafka.resume_partitions(consumer, own);
  });
}

while (!stopping) {
  const message = await kafka.consumer_poll_async(rk, 100);
  if (message === null) continue;
  if (message.err) console.error(kafka.message_errstr(message));
  else take(rk, message);
}
await Promise.all([...work.values()].map(({ last }) => last));
kafka.consumer_close(rk);
kafka.destroy(rk);
console.log('closed');
