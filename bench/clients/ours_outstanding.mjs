// `count` calls of produce_async that nobody has answered yet: what each takes, and whether all settle in the end. They
// stay outstanding because linger.ms is a minute and no batch gets full: `room` of them are in the producer's queue, the
// others wait for room. Needs --expose-gc.
import { finish, producer, rdkafka, value } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, count, partitions, room } = options;
const rk = producer({ ...options, linger: 60_000 }, { 'queue.buffering.max.messages': room ?? count });
const WAIT_MS = 120_000;
let settled = 0;

const count1 = () => {
  settled++;
};
const send = (n) =>
  Array.from({ length: n }, (_, i) => {
    const promise = rdkafka.produce_async(rk, { topic, partition: i % partitions, value });
    promise.then(count1, count1);
    return promise;
  });

function look() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

// What V8 compiles, and the first pages of everything, are not counted.
const warm = send(5000);
await rdkafka.flush_async(rk, WAIT_MS);
await Promise.all(warm);
settled = 0;
warm.length = 0;
const before = look();
const promises = send(count);
await new Promise((resolve) => setImmediate(resolve));
const after = look();
if (settled > 0) throw new Error(`${settled} of ${count} were not outstanding any more`);
const start = performance.now();
await rdkafka.flush_async(rk, WAIT_MS);
const results = await Promise.allSettled(promises);
const settleMs = performance.now() - start;
const failed = results.filter(({ status }) => status === 'rejected');
if (failed.length > 0) throw failed[0].reason;
const offsets = new Set(results.map((result) => `${result.value.partition} ${result.value.offset}`));
if (offsets.size !== count) throw new Error(`${count} promises told of ${offsets.size} messages`);
await rdkafka.close_async(rk);
finish({
  messages: count,
  sent: count + 5000,
  settled,
  heapBytes: (after.heap - before.heap) / count,
  rssBytes: (after.rss - before.rss) / count,
  settleMs,
});
