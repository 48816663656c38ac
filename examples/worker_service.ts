// A worker of a consumer group that hands each order to a web service: at least once, the orders of one customer (key) in
// order, up to 16 at a time. What fails is tried again; what can't be done goes to the topic `<topic>.failed` with the
// reason. SIGTERM or SIGINT: it finishes what it has in hand, commits, leaves the group.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, KAFKA_GROUP, SHIP_URL, HEALTH_MS.
import * as kafka from 'rdkafka-ts';

const BOOTSTRAP = process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092';
const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
const SHIP_URL = process.env['SHIP_URL'] ?? 'http://127.0.0.1:8081/ship';
const HEALTH_MS = Number(process.env['HEALTH_MS'] ?? 10_000);
const ATTEMPTS = 6;

/** What trying again will not change. */
class Refused extends Error {}

const counts = { handled: 0, retried: 0, failed: 0 };
const assigned = new Map<string, string>();
const named = ({ topic, partition }: { topic: string; partition: number }): string => `${topic} [${partition}]`;

const consumer = kafka.consumer_new({
  'bootstrap.servers': BOOTSTRAP,
  'client.id': 'shipping',
  'group.id': process.env['KAFKA_GROUP'] ?? 'shipping',
  'auto.offset.reset': 'earliest',
  // When one is killed, the others have its partitions so much later.
  'session.timeout.ms': 10_000,
  topics: [TOPIC],
  on_assigned: (partitions) => {
    for (const one of partitions) assigned.set(named(one), 'ok');
  },
  on_revoked: (partitions) => {
    for (const one of partitions) assigned.delete(named(one));
  },
  on_stalled: (partition, cause) => void assigned.set(named(partition), cause),
  error_cb: (error) => console.error(`consumer: ${error.type}: ${error.message}`),
});
const producer = kafka.producer_new({
  'bootstrap.servers': BOOTSTRAP,
  'linger.ms': 0,
  error_cb: (error) => console.error(`producer: ${error.type}: ${error.message}`),
});

async function ship(order: kafka.Message, { signal }: { signal: AbortSignal }): Promise<void> {
  // Aborted when the partition has gone to somebody else, who will do this order: no use in going on.
  const within = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
  // An order may come again after a crash: the web service can tell by its place.
  const headers = { 'idempotency-key': `${named(order)} @${order.offset}` };
  const body = order.value?.toString() ?? '';
  const response = await fetch(SHIP_URL, { method: 'POST', headers, body, signal: within });
  if (response.status >= 400 && response.status < 500) throw new Refused(`${response.status} ${await response.text()}`);
  if (!response.ok) throw new Error(`${SHIP_URL} answered ${response.status}`);
  counts.handled++;
  if (assigned.has(named(order))) assigned.set(named(order), 'ok'); // whatever it was stalled by
}

/** Its customer's next orders wait for the answer, the others' do not. */
async function failed(error: unknown, message: kafka.Message, attempt: number) {
  if (attempt < ATTEMPTS && !(error instanceof Refused)) {
    counts.retried++;
    return { retry_after_ms: 100 * 2 ** attempt };
  }
  const { key, value, headers } = message;
  const reason = [`${named(message)} @${message.offset}`, `after ${attempt}: ${error}`] as const;
  await kafka.produce_async(producer, {
    topic: `${TOPIC}.failed`,
    key,
    value,
    headers: [...headers, ['failed-from', reason[0]], ['failed-why', reason[1]]],
  });
  counts.failed++;
  console.error(`given up: ${reason.join(' ')}`);
  return 'skip' as const; // it is safe where it is now: the offset may go on
}

function stop(signal: NodeJS.Signals): void {
  console.log(`${signal}: ending`);
  void kafka.close_async(consumer, { timeout_ms: 20_000 });
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

const health = setInterval(() => {
  const partitions = Object.fromEntries([...assigned].sort());
  console.log(`health ${JSON.stringify({ ...counts, partitions })}`);
}, HEALTH_MS);

try {
  await kafka.each(consumer, ship, { concurrency: 16, on_failure: failed });
} finally {
  clearInterval(health);
  const { uncommitted } = await kafka.close_async(consumer); // after SIGTERM: the promise that is there already
  for (const one of uncommitted) console.error(`not committed: ${named(one)} @${one.offset}, it will come again`);
  await kafka.close_async(producer);
}
console.log(`closed: ${JSON.stringify(counts)}`);
