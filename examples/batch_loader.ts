// Loads a topic into a store, in batches, each message once: the store keeps with the data how far it has come, and a
// partition goes on from there, wherever a member of the group was killed. The store here is a file of JSON lines for each
// partition. In a database data and offset go in one transaction, which refuses what does not go on from the offset that
// is there: of a member, say, that hung for longer than max.poll.interval.ms and wakes up when others have its partitions.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, KAFKA_GROUP, STORE (a folder). Ends on SIGTERM.
import { open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
const STORE = process.env['STORE'] ?? '.';

const fileOf = (partition: number): string => join(STORE, `${TOPIC}-${partition}.jsonl`);

/** The offset behind the last message that is stored, or null; half a line, of a process that was killed, goes. */
async function nextOffset(partition: number): Promise<number | null> {
  const text = await readFile(fileOf(partition)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  });
  const end = text.lastIndexOf('\n');
  if (end + 1 < text.length) await truncate(fileOf(partition), end + 1);
  if (end < 0) return null;
  const line = text.subarray(text.lastIndexOf('\n', end - 1) + 1, end);
  return (JSON.parse(line.toString()) as { offset: number }).offset + 1;
}

async function store(batch: readonly kafka.Message[]): Promise<void> {
  const lines = new Map<number, string[]>();
  for (const { partition, offset, key, value } of batch) {
    const texts = lines.get(partition) ?? [];
    lines.set(partition, texts);
    texts.push(JSON.stringify({ offset, key: key?.toString() ?? null, value: value?.toString() ?? null }));
  }
  for (const [partition, texts] of lines) {
    const file = await open(fileOf(partition), 'a');
    await file.write(`${texts.join('\n')}\n`);
    await file.sync();
    await file.close();
  }
}

const consumer = kafka.consumer_new({
  'bootstrap.servers': process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092',
  'group.id': process.env['KAFKA_GROUP'] ?? 'loaders',
  // Where the store has nothing yet.
  'auto.offset.reset': 'earliest',
  // The store knows how far it is; the group's offsets would only be a second opinion.
  'enable.auto.commit': false,
  // When one is killed, the others have its partitions so much later.
  'session.timeout.ms': 10_000,
  topics: [TOPIC],
  on_assigned: async (partitions) => {
    for (const one of partitions) one.offset = (await nextOffset(one.partition)) ?? kafka.RD_KAFKA_OFFSET_BEGINNING;
    console.log(`assigned ${partitions.map(({ partition, offset }) => `${partition}@${offset}`).join(' ')}`);
  },
  error_cb: (error) => console.error(`${error.type}: ${error.message}`),
});
process.once('SIGTERM', () => void kafka.close_async(consumer));

let loaded = 0;
try {
  // A batch is never of partitions that have gone meanwhile: who gets them begins behind it.
  for await (const batch of kafka.batches(consumer, { max_messages: 500, max_wait_ms: 100 })) {
    await store(batch);
    loaded += batch.length;
    console.log(`stored ${loaded}`);
  }
} finally {
  await kafka.close_async(consumer);
}
console.log('closed');
