// The ways to take messages off one handle: `way` is consumer_poll, messages, batches or each. The handler only counts,
// so that what is measured is the way. The clock runs from the first message to the last.
import { checked, consumer, finish, rdkafka, subscribe } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, count, size, way, handler, concurrency } = options;
const rk = consumer(options);
subscribe(rk, topic);
const enough = new AbortController();
let seen = 0;
let bytes = 0;
let start = 0;
let end = 0;

/** True at the last one. */
function take(message) {
  if (start === 0) start = performance.now();
  bytes += message.payload.length;
  if (++seen !== count) return false;
  end = performance.now();
  enough.abort();
  return true;
}

const handlers = {
  sync: (message) => {
    take(message);
  },
  async: async (message) => {
    take(message);
  },
};

const ways = {
  async consumer_poll() {
    while (seen < count) {
      const message = rdkafka.consumer_poll(rk, 1000);
      if (message !== null) take(checked(message));
    }
  },
  async messages() {
    for await (const message of rdkafka.messages(rk)) if (take(message)) break;
  },
  async batches() {
    for await (const batch of rdkafka.batches(rk)) if (batch.map(take).includes(true)) break;
  },
  async each() {
    const { signal } = enough;
    await rdkafka.each(rk, handlers[handler], { concurrency, signal }).catch((error) => {
      if (error !== signal.reason) throw error;
    });
  },
};

await ways[way]();
await rdkafka.close_async(rk);
if (bytes !== seen * size) throw new Error(`${seen} messages had ${bytes} bytes`);
finish({ messages: seen, seconds: (end - start) / 1000 });
