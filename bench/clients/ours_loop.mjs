// How long the event loop is kept while messages go at full throughput: monitorEventLoopDelay of a handle that is
// connected and rests, then of the same handle at work, after the first fifth of its messages.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { consumer, finish, producer, rdkafka, sendAndWait, subscribe, value } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, count, work, handler, concurrency } = options;
const IDLE_MS = 3000;
const OUTSTANDING = 10_000;
const meter = monitorEventLoopDelay();
const enough = new AbortController();
const ms = (ns) => ns / 1e6;
let seen = 0;
let start = 0;
let seconds = 0;

function take() {
  seen++;
  if (seen === Math.floor(count / 5)) {
    meter.reset();
    meter.enable();
    start = performance.now();
  }
  if (seen !== count) return false;
  meter.disable();
  seconds = (performance.now() - start) / 1000;
  enough.abort();
  return true;
}

const handlers = {
  sync: () => {
    take();
  },
  async: async () => {
    take();
  },
};

const works = {
  /** Each call awaits the one that was made OUTSTANDING calls before. */
  async produce_async(rk) {
    const ring = new Array(OUTSTANDING);
    for (let i = 0; i < count; i++) {
      const at = i % OUTSTANDING;
      if (ring[at] !== undefined) await ring[at];
      ring[at] = rdkafka.produce_async(rk, { topic, value });
      take();
    }
    await Promise.all(ring);
  },
  async messages(rk) {
    for await (const _ of rdkafka.messages(rk)) if (take()) break;
  },
  async each(rk) {
    const { signal } = enough;
    await rdkafka.each(rk, handlers[handler], { concurrency, signal }).catch((error) => {
      if (error !== signal.reason) throw error;
    });
  },
};

function connected() {
  if (work !== 'produce_async') return consumer(options);
  const rk = producer(options);
  sendAndWait(rk, topic, 0);
  return rk;
}

const rk = connected();
await sleep(500);
meter.enable();
await sleep(IDLE_MS);
meter.disable();
const idleMs = ms(meter.percentile(99));
if (work !== 'produce_async') subscribe(rk, topic);
await works[work](rk);
const busyMs = ms(meter.percentile(99));
const maxMs = ms(meter.max);
const samples = meter.count;
await rdkafka.close_async(rk);
finish({ messages: count - Math.floor(count / 5), seconds, idleMs, busyMs, aboveMs: busyMs - idleMs, maxMs, samples });
