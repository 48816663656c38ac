// What each Node client is asked to do in `node-clients`: the same sends, the same settings, the same counting.
//
// The shapes that are not ours are those of the benchmarks in @platformatic/kafka's repository (benchmarks/, 2026): `single`
// and `batch` are sends of one and of a hundred messages of some ten bytes with a key and a header to one partition, awaited
// one after the other, acks=0; `drip` reads messages like these with answers of 2 KB at most and no waiting beyond 10 ms.

const SINGLE = { perSend: 1, lanes: 1, acks: 0, message: small };
const SHAPES = {
  single: SINGLE,
  batch: { ...SINGLE, perSend: 100 },
  lanes: { perSend: 1000, lanes: 4, acks: -1, message: plain },
};

/** What a consumer is set to for `drip`; null for its own defaults. */
export const DRIP = { maxBytes: 2048, maxWaitMs: 10 };

function small(topic, i) {
  return { topic, partition: 0, key: `111-${i}`, value: '222', headers: { a: '123', b: '456' } };
}

function plain(topic, _i, value) {
  return { topic, value };
}

/** Times in ms of everything that was waited for. */
class Times {
  constructor(most) {
    this.took = new Float64Array(most);
    this.count = 0;
  }

  add(ms) {
    this.took[this.count++] = ms;
  }

  at(share) {
    const sorted = this.took.subarray(0, this.count).sort();
    return sorted[Math.min(this.count - 1, Math.floor(this.count * share))];
  }
}

function report(messages, seconds, times) {
  const rssMb = process.resourceUsage().maxRSS / 1024;
  const result = { messages, seconds, medianMs: times.at(0.5), p99Ms: times.at(0.99), rssMb };
  console.log(`RESULT ${JSON.stringify(result)}`);
}

/** `open` gives { send(messages, acks), close() }, connected. */
export async function produce(options, open) {
  const { topic, count, shape, size = 100 } = options;
  const { perSend, lanes, acks, message } = SHAPES[shape];
  const client = await open({ acks });
  const value = Buffer.alloc(size, 'x');
  const times = new Times(Math.ceil(count / perSend));
  let made = 0;

  async function lane() {
    while (made < count) {
      const from = performance.now();
      const messages = [];
      for (let left = Math.min(perSend, count - made); left > 0; left--) messages.push(message(topic, made++, value));
      await client.send(messages, acks);
      times.add(performance.now() - from);
    }
  }

  const start = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const seconds = (performance.now() - start) / 1000;
  await client.close();
  report(count, seconds, times);
}

/** `run(take)` hands each message's value to `take`, which gives true at the last one, and ends then. */
export async function consume({ count, size }, run) {
  const times = new Times(count);
  let seen = 0;
  let bytes = 0;
  let start = 0;
  let last = 0;
  await run((value) => {
    if (seen >= count) return true;
    const now = performance.now();
    if (seen === 0) start = now;
    else times.add(now - last);
    last = now;
    bytes += value.length;
    return ++seen === count;
  });
  if (size !== undefined && bytes !== seen * size) throw new Error(`${seen} messages had ${bytes} bytes`);
  report(seen, (last - start) / 1000, times);
}

/** For clients that tell each message to a function: settles when `take` has had the last one. */
export function untilLast(take, subscribe) {
  return new Promise((resolve, reject) => {
    subscribe((value) => {
      if (take(value)) resolve();
    }, reject);
  });
}
