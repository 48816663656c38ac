// A member of a consumer group that handles one message after the other, at least once, and ends gracefully on SIGTERM:
// it finishes the message in hand, commits, leaves the group.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, KAFKA_GROUP.
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
const COMMIT_EVERY_MS = 1000;

const conf = kafka.conf_new();
for (const [name, value] of [
  ['bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'],
  ['group.id', process.env['KAFKA_GROUP'] ?? 'order-printers'],
  ['auto.offset.reset', 'earliest'],
  // Commits happen below, and only when the messages are handled.
  ['enable.auto.commit', 'false'],
] as const) {
  const errstr = kafka.out<string>();
  if (kafka.conf_set(conf, name, value, errstr) !== kafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
}
kafka.conf_set_rebalance_cb(conf, (rk, err, partitions) => {
  const given = err === kafka.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  console.log(given ? 'assigned' : 'revoked', partitions.elems.map(({ partition }) => partition).join(' '));
  // Before another member gets these partitions: it begins behind what was handled here.
  if (!given) commit(rk);
  kafka.assign(rk, given ? partitions : null);
});

const errstr = kafka.out<string>();
const rk = kafka.new(kafka.RD_KAFKA_CONSUMER, conf, errstr);
if (!rk) throw new Error(errstr.value);
const err = kafka.subscribe(rk, [TOPIC]);
if (err) throw new Error(kafka.err2str(err));

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

/** Commits what has been handed out, and so handled, and waits for the coordinator: a short while. */
function commit(consumer: kafka.rd_kafka_t): void {
  const result = kafka.commit(consumer, null, false);
  if (result && result !== kafka.RD_KAFKA_RESP_ERR__NO_OFFSET) console.error(`commit: ${kafka.err2str(result)}`);
}

/** What this service is for; awaited, so a slow handler slows the consumer and nothing else. */
async function handle(message: kafka.rd_kafka_message_t): Promise<void> {
  const { topic, partition, offset, key, value } = message;
  console.log(`${topic} [${partition}] @${offset} ${key?.toString()}: ${value?.toString()}`);
}

/** The next message, or null when there is none for a second or SIGTERM came. */
async function next(consumer: kafka.rd_kafka_t): Promise<kafka.rd_kafka_message_t | null> {
  try {
    return await kafka.consumer_poll_async(consumer, COMMIT_EVERY_MS, { signal: stopping.signal });
  } catch (error) {
    if (stopping.signal.aborted) return null;
    throw error;
  }
}

let committedAt = Date.now();
while (!stopping.signal.aborted) {
  const message = await next(rk);
  if (message?.err) console.error(kafka.message_errstr(message));
  else if (message) await handle(message);
  if (Date.now() - committedAt >= COMMIT_EVERY_MS) {
    kafka.commit(rk, null, true); // goes on in the background
    committedAt = Date.now();
  }
}

await kafka.consumer_close_async(rk); // revokes, which commits, and leaves the group
await kafka.destroy_async(rk);
console.log('closed');
