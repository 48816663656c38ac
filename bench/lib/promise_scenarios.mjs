// What is measured of the promise layer, and of Node's other clients beside it. See scenarios.mjs for the form.
import { cpu, from, inMs, main, rate } from './figures.mjs';

const MANY = 5_000_000;
const NODE_CLIENTS = ['ours, promises', 'ours, Node 24', 'kafkajs', '@platformatic/kafka'];
/** A topic of lines of JSON with keys, as services have them. */
const KEYED = { size: 100, batchBytes: 100_000, partitions: 4, keys: 1000 };

const eachVariant = (handler, concurrency) => ({
  name: `each, ${handler} handler, concurrency ${concurrency}`,
  options: { way: 'each', work: 'each', handler, concurrency },
});
const EACH = [1, 8].flatMap((concurrency) => [eachVariant('sync', concurrency), eachVariant('async', concurrency)]);
const REQUESTS = [-1, 0].flatMap((acks) =>
  [100, 1000].map((size) => ({ name: `acks=${acks ? 'all' : 0}, ${size} bytes`, options: { acks, size } })),
);
const rss = from('RSS MB, most', 'rssMb');

const consumed = (size) => ({
  name: `consume, ${size} bytes, own defaults`,
  options: { shape: 'consume', size, batchBytes: 100_000, partitions: 4 },
  partitions: 4,
  filled: 'lines',
});
const produced = (size) => ({
  name: `produce, ${size} bytes, acks=all, 4 sends of 1000 at a time`,
  options: { shape: 'lanes', size },
  partitions: 4,
  delivers: true,
});

export const PROMISE_SCENARIOS = [
  {
    name: 'pull',
    title:
      'messages, batches and each beside consumer_poll of the same handle and topic: 100-byte lines of JSON with 1000 keys, 4 partitions, own defaults; first message to last. The handlers only count. Aim: at least 0.5 of the messages/s',
    task: 'pull',
    clients: ['ours'],
    options: KEYED,
    variants: [...['consumer_poll', 'messages', 'batches'].map((way) => ({ name: way, options: { way } })), ...EACH],
    compareTo: 'first',
    figures: [rate, cpu],
    partitions: 4,
    filled: 'lines',
    oneTopic: true,
    messages: MANY,
  },
  {
    name: 'request',
    title:
      'a service that awaits each message: from the call to the report, one at a time, after 3000 before; linger.ms=0, 1 partition. "ours" is producev and a callback in poll. Aim: a median of at most 1.2 times the fastest other client',
    task: 'latency',
    clients: ['ours, promises', 'ours', 'ours, Node 24', 'kafkajs', '@platformatic/kafka'],
    options: { linger: 0, count: 5000, warmup: 3000 },
    variants: REQUESTS,
    compareTo: 'fastest other',
    figures: [main(inMs('median', 'medianMs')), inMs('p90', 'p90Ms'), main(inMs('p99', 'p99Ms'))],
    partitions: 1,
  },
  {
    name: 'outstanding',
    title:
      'outstanding promises of produce_async, 100-byte values: bytes each beside what there was before them, heap of the app thread after a collection (aim: at most 1024), and resident memory of the process, values included; ms until all are settled once they may go',
    task: 'outstanding',
    clients: ['ours'],
    options: { partitions: 16 },
    variants: [
      { name: 'all in the queue', options: {} },
      { name: '10,000 in the queue, the others wait for room', options: { room: 10_000 } },
    ],
    figures: [
      from('promises', 'messages'),
      from('settled', 'settled'),
      from('heap bytes each', 'heapBytes'),
      from('RSS bytes each', 'rssBytes'),
      inMs('all settled', 'settleMs'),
    ],
    partitions: 16,
    share: 10,
    delivers: true,
  },
  {
    name: 'loop',
    title:
      'how long the event loop is kept at full throughput: p99 of monitorEventLoopDelay (its 10 ms included) after the first fifth, beside the same handle at rest. Aim: at most 10 ms above. produce_async awaits the call that was made 10,000 calls before',
    task: 'loop',
    clients: ['ours'],
    options: KEYED,
    variants: [
      { name: 'produce_async', options: { work: 'produce_async' } },
      { name: 'messages', options: { work: 'messages' }, filled: 'lines' },
      ...EACH.map((variant) => ({ ...variant, filled: 'lines' })),
    ],
    figures: [
      inMs('above idle, p99', 'aboveMs'),
      inMs('p99', 'busyMs'),
      inMs('idle p99', 'idleMs'),
      inMs('most', 'maxMs'),
      { ...rate, compare: false },
    ],
    partitions: 4,
    messages: MANY,
  },
  {
    name: 'node-clients',
    title:
      "Node's clients: sends of one and of a hundred small messages to one partition (acks=0) and a consumer that gets 2 KB at a time, as @platformatic/kafka's repository measures them (one broker instead of three), and with acks=all or own defaults. p50 and p99 of a send, and of the time between two messages of a consumer",
    task: 'shapes',
    clients: NODE_CLIENTS,
    variants: [
      { name: 'theirs: send of 1', options: { shape: 'single' }, partitions: 3, share: 10, delivers: true },
      { name: 'theirs: send of 100', options: { shape: 'batch' }, partitions: 3, share: 10, delivers: true },
      {
        name: 'theirs: consume, 2 KB',
        options: { shape: 'drip', small: true, partitions: 3 },
        partitions: 3,
        share: 10,
        filled: 'lines',
      },
      produced(100),
      produced(1000),
      consumed(100),
      consumed(1000),
    ],
    figures: [rate, cpu, inMs('p50', 'medianMs'), inMs('p99', 'p99Ms'), rss],
    alike: true,
  },
];
