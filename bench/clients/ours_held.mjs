// What the library holds for an app whose handler takes `hold` ms, then `burst` messages at once, and so on: read from
// the library's own counters in the head page of the handle, by the handler itself while it holds everything up.
import { fromSources } from '../lib/sources.mjs';

const { HELD_BYTES, QUEUED_BYTES } = await fromSources("export * from './src/ops/head_page.ts';");
const rssMb = () => process.memoryUsage.rss() / 1048576;
const bareMb = rssMb(); // before the library is loaded, with what the bench itself needs
const { consumer, finish, nextMessage, rdkafka, subscribe } = await import('./ours.mjs');

const options = JSON.parse(process.argv[2]);
const { topic, limit, partitions, seconds, hold, burst } = options;
const rk = consumer(options, { 'queued.max.messages.kbytes': limit });
const { head } = rk.memory;
const property = (name) => {
  const value = rdkafka.out('');
  rdkafka.conf_get(rdkafka.conf(rk), name, value);
  return Number(value.value);
};
/** As large as a fetch answer of the one broker can be. */
const answerBytes = Math.min(property('fetch.max.bytes'), partitions * property('fetch.message.max.bytes'));
const nobody = new Int32Array(new SharedArrayBuffer(4));
const most = { held: 0, queued: 0, rss: 0 };
const series = [];
let messages = 0;
let start = 0;

function look() {
  const held = Atomics.load(head, HELD_BYTES) >>> 0;
  const queued = Atomics.load(head, QUEUED_BYTES) >>> 0;
  most.held = Math.max(most.held, held);
  most.queued = Math.max(most.queued, queued);
  return held;
}

/** A place in the series: [ms, bytes held, RSS in MB]. */
function note() {
  const rss = rssMb();
  most.rss = Math.max(most.rss, rss);
  series.push([Math.round(performance.now() - start), look(), Math.round(rss)]);
}

// The app thread does nothing else, as a handler that computes would.
function slowHandler() {
  const end = performance.now() + hold;
  for (let i = 0; performance.now() < end; i++) {
    if (i % 100 === 0) note();
    else look();
    Atomics.wait(nobody, 0, 0, 1);
  }
}

subscribe(rk, topic);
if (nextMessage(rk, 60_000) === null) throw new Error('no message came within a minute');
messages++;
start = performance.now();
while (performance.now() - start < seconds * 1000) {
  slowHandler();
  for (let i = 0; i < burst; i++) {
    if (nextMessage(rk, 20) === null) break;
    messages++;
    look();
  }
}
rdkafka.consumer_close(rk);
rdkafka.destroy(rk);
finish({
  messages,
  heldMb: most.held / 1e6,
  queuedMb: most.queued / 1e6,
  limitMb: (limit * 1000) / 1e6,
  answerMb: answerBytes / 1e6,
  bareMb,
  rssMb: most.rss,
  series,
});
