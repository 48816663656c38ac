// What is measured. A scenario names the clients' task, its options, the figures of a run, and how a topic is made ready.
// With `variants` each client does each of them, a row a variant; `compareTo: 'first'` relates all rows to the first one,
// 'fastest other' each row to the fastest client that is not ours, else each client stands beside the first client in the
// same variant. `mock`: on a mock cluster in a process of its own. A filled topic is made for each variant, or with
// `oneTopic` for all. A variant can say `without` which clients it goes, and from which version of `librdkafka` on it has it.
// `messages` is how many a run has by default, a million else; `alike`: kafkajs as many as the others.
import { cpu, from, inMs, main, rate } from './figures.mjs';
import { PROMISE_SCENARIOS } from './promise_scenarios.mjs';
import { jsonLines } from './text.mjs';

/** Where each run pays for Node's start and V8's compiling: about 0.6 s of CPU, as much as two million messages. */
const MANY = 5_000_000;
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** As large as an argument of a program may be, nearly. */
const TEXT = jsonLines(80_000);
const perCore = { title: 'messages/CPU s', compare: true, of: ({ result }) => result.messages / result.cpuSeconds };
/** Bytes for each partition that there is more than in the row compared to. */
const perPartition = (title, key) => ({
  title,
  of: ({ result }, { result: base }) => ((result[key] - base[key]) * 1048576) / (result.partitions - base.partitions),
});

/** What a consumer meets: each size, plain and compressed, over so many partitions. */
const CONSUMED = [100, 1000].flatMap((size) =>
  ['none', 'lz4'].flatMap((codec) =>
    [1, 10, 100].map((partitions) => ({
      name: `${size} bytes, ${codec === 'none' ? 'plain' : codec}, ${partitions} p.`,
      partitions,
      options: { size, codec, partitions },
      // kafkajs has no lz4 of its own.
      without: codec === 'none' ? [] : ['kafkajs'],
    })),
  ),
);
const limitOf = (kilobytes) => ['none', 'lz4'].map((codec) => heldVariant(kilobytes, codec));
const heldVariant = (limit, codec) => ({
  name: `${limit} kB, ${codec === 'none' ? 'plain' : codec}`,
  options: { limit, codec },
});
const allowed = ({ limitMb, answerMb }) => limitMb + answerMb;

const PRODUCE_NOTE = '100-byte values, 4 partitions, acks=all; from the first call to the last report';

export const SCENARIOS = [
  {
    name: 'produce',
    title: `produce, each with its own defaults (rdkafka_performance sets linger.ms=1000). ${PRODUCE_NOTE}`,
    task: 'produce',
    messages: MANY,
    clients: ['librdkafka', 'ours', 'ours, producev', 'kafkajs'],
    figures: [rate, cpu],
    partitions: 4,
    delivers: true,
  },
  {
    name: 'produce-linger-5',
    title: `produce, linger.ms=5. ${PRODUCE_NOTE}`,
    task: 'produce',
    messages: MANY,
    clients: ['librdkafka', 'ours', 'ours, producev'],
    options: { linger: 5 },
    figures: [rate, cpu],
    partitions: 4,
    delivers: true,
  },
  {
    name: 'consume',
    title: 'group consume, own defaults (rdkafka_performance sets queued.min.messages=1000000); first message to last',
    task: 'consume',
    clients: ['librdkafka', 'ours', 'kafkajs'],
    figures: [rate, cpu],
    partitions: 4,
    filled: true,
  },
  {
    name: 'consume-matrix',
    title:
      'group consume of lines of JSON in batches of 100 kB; own defaults (rdkafka_performance sets queued.min.messages=1000000); first message to last. node-rdkafka, measured once on such a machine with 100 bytes, plain, 4 partitions: 0.13 M messages/s, 3.1 CPU s per million',
    task: 'consume',
    clients: ['librdkafka', 'ours', 'kafkajs'],
    options: { batchBytes: 100_000 },
    variants: CONSUMED,
    figures: [rate, cpu],
    filled: 'lines',
  },
  {
    name: 'e2e-latency',
    title:
      'from produce to the message in the hands of a consumer (group, own defaults) in the same process, one at a time, linger.ms=0, 100 bytes, 1 partition; after so many messages before',
    task: 'e2e',
    clients: ['librdkafka', 'ours', 'ours, promises', 'kafkajs'],
    options: { linger: 0, count: 2000 },
    variants: [
      { name: '300', options: { warmup: 300 } },
      // Minutes for kafkajs.
      { name: '20,000', options: { warmup: 20_000 }, without: ['kafkajs'] },
    ],
    figures: [main(inMs('median', 'medianMs')), inMs('p90', 'p90Ms'), main(inMs('p99', 'p99Ms'))],
    partitions: 1,
  },
  {
    name: 'held',
    title:
      "what the library holds for an app whose handler takes 200 ms and then 500 messages at once, for 8 s; 1000-byte lines of JSON in 10 partitions, by queued.max.messages.kbytes. The counter is the library's own, read every ms; allowed: the limit and one fetch answer of the broker; MB of 10^6 bytes, RSS of 2^20",
    task: 'held',
    clients: ['ours', 'librdkafka'],
    options: { size: 1000, batchBytes: 100_000, partitions: 10, seconds: 8, hold: 200, burst: 500 },
    variants: [8192, 65_536].flatMap(limitOf),
    figures: [
      from('limit MB', 'limitMb'),
      from('held MB, most', 'heldMb'),
      { title: '% of allowed', of: ({ result }) => (result.heldMb / allowed(result)) * 100 },
      from('records MB, most', 'queuedMb'),
      from('RSS MB, most', 'rssMb'),
      { title: 'above bare MB', of: ({ result }) => result.rssMb - result.bareMb },
      from('consumed', 'messages'),
    ],
    partitions: 10,
    share: 5,
    filled: 'lines',
    rounds: 1,
  },
  {
    name: 'group-50',
    title:
      'from the first subscribe of 50 handles in one process until each has 2 of the 100 partitions of an empty topic for good (nothing changes in the next 6 s); group.initial.rebalance.delay.ms=0 at the broker',
    task: 'group',
    clients: ['librdkafka', 'ours'],
    options: { members: 50, partitions: 100, settle: 6000 },
    variants: [
      { name: 'range', options: { strategy: 'range' } },
      { name: 'cooperative-sticky', options: { strategy: 'cooperative-sticky' } },
      { name: 'group.protocol=consumer', options: { protocol: 'consumer' }, librdkafka: '2.12.0' },
    ],
    figures: [
      main(inMs('stable', 'stableMs')),
      from('rebalance_cb calls', 'rebalances'),
      inMs('50 x new', 'newMs'),
      inMs('50 x close, destroy', 'closeMs'),
      from('RSS MB', 'rssMb'),
    ],
    partitions: 100,
  },
  {
    name: 'latency',
    title: 'from produce to delivery report, one at a time, linger.ms=0, 100 bytes, 1 partition',
    task: 'latency',
    clients: ['librdkafka', 'ours', 'ours, promises', 'kafkajs'],
    options: { linger: 0, count: 2000, warmup: 300 },
    figures: [main(inMs('median', 'medianMs')), inMs('p90', 'p90Ms'), inMs('p99', 'p99Ms')],
    partitions: 1,
  },
  {
    name: 'latency-warm',
    title: 'the same after 20,000 messages: a JIT has compiled what runs',
    task: 'latency',
    clients: ['librdkafka', 'ours', 'ours, promises', 'kafkajs'],
    options: { linger: 0, count: 2000, warmup: 20_000 },
    figures: [main(inMs('median', 'medianMs')), inMs('p90', 'p90Ms'), inMs('p99', 'p99Ms')],
    partitions: 1,
  },
  {
    name: 'startup',
    title: 'from `new` to the first delivered message (bare Node: to a word from both workers), and to a clean end',
    task: 'startup',
    clients: ['librdkafka', 'ours', 'kafkajs', 'bare Node, 2 workers'],
    options: { linger: 0 },
    figures: [
      main(inMs('delivered', 'deliveredMs')),
      inMs('new', 'newMs'),
      inMs('destroy', 'destroyMs'),
      inMs('all', 'allMs'),
    ],
    partitions: 1,
  },
  {
    name: 'idle',
    title: 'resident memory of an idle producer that is connected to one broker, above the bare program',
    task: 'idle',
    clients: ['librdkafka', 'ours'],
    options: { linger: 0, partitions: 1 },
    figures: [{ title: 'above bare MB', of: ({ result }) => result.rssMb - result.bareMb }, from('RSS MB', 'rssMb')],
    partitions: 1,
  },
  {
    name: 'idle-3-brokers',
    title: 'the same, connected to three brokers',
    task: 'idle',
    clients: ['librdkafka', 'ours'],
    options: { linger: 0, partitions: 3 },
    figures: [{ title: 'above bare MB', of: ({ result }) => result.rssMb - result.bareMb }, from('RSS MB', 'rssMb')],
    partitions: 3,
    brokers: 3,
  },
  {
    name: 'rss',
    title: 'resident memory after 1 and after 10 times the messages, produced without a pause',
    task: 'rss',
    clients: ['librdkafka', 'ours'],
    options: { linger: 5 },
    figures: [
      { title: 'last to first', of: ({ result }) => result.lastMb / result.firstMb },
      from('first MB', 'firstMb'),
      from('last MB', 'lastMb'),
    ],
    partitions: 4,
    rounds: 1,
  },
  {
    name: 'codecs',
    title: `produce with each codec, linger.ms=5, the same 100 bytes over and over: batches shrink to next to nothing. ${PRODUCE_NOTE}. Stored: record batches as the broker keeps them, which is how they were sent`,
    task: 'produce',
    messages: MANY,
    clients: ['librdkafka', 'ours'],
    options: { linger: 5, text: 'librdkafka_performance testing!'.repeat(4).slice(0, 100) },
    variants: CODECS.map((codec) => ({ name: codec, options: { codec } })),
    figures: [rate, cpu, { title: 'bytes stored/message', of: ({ result }) => result.storedBytes / result.messages }],
    partitions: 4,
    delivers: true,
    stores: true,
  },
  {
    name: 'codecs-text',
    title:
      'produce with each codec, messages of 80 kB of JSON lines, a batch for each: what the codecs can do. linger.ms=5, 4 partitions, acks=all',
    task: 'produce',
    clients: ['librdkafka', 'ours'],
    options: { linger: 5, text: TEXT, perBatch: 1 },
    variants: CODECS.map((codec) => ({ name: codec, options: { codec } })),
    // Of a message for each 200 of --messages.
    share: 200,
    figures: [
      { title: 'MB/s', compare: true, of: ({ result }) => (result.messages * TEXT.length) / result.seconds / 1e6 },
      { title: 'CPU s/GB', compare: true, of: (run) => (run.cpuSeconds / run.result.messages / TEXT.length) * 1e9 },
      { title: '% stored', of: ({ result }) => (result.storedBytes / result.messages / TEXT.length) * 100 },
    ],
    partitions: 4,
    delivers: true,
    stores: true,
  },
  {
    name: 'partitions',
    title:
      'produce round and round over so many partitions of a mock cluster of 1 broker, 100-byte values, batches of 100 messages, which only leave when they are full; CPU of the client alone, from the first message to the last report, after a warm-up',
    task: 'partitions',
    clients: ['ours'],
    options: { perBatch: 100, warmup: 1_000_000 },
    variants: [10, 1000, 10_000].map((partitions) => ({ name: `${partitions}`, partitions, options: { partitions } })),
    compareTo: 'first',
    figures: [perCore, rate],
    delivers: true,
    mock: true,
  },
  {
    name: 'partitions-memory',
    title:
      'resident memory of a producer that has sent something to so many partitions of a mock cluster and rests for a minute, and when each has an open batch of one message then',
    task: 'memory',
    clients: ['ours'],
    options: { perBatch: 100 },
    variants: [10, 10_000].map((partitions) => ({ name: `${partitions}`, partitions, options: { partitions } })),
    compareTo: 'first',
    figures: [
      from('idle MB', 'idleMb'),
      from('open MB', 'openMb'),
      perPartition('idle bytes/partition', 'idleMb'),
      perPartition('open bytes/partition', 'openMb'),
    ],
    delivers: true,
    mock: true,
    rounds: 1,
  },
  {
    name: 'mock-cluster',
    title:
      'a cluster of rdkafka-ts/testing, from the call to its being ready: the first of a process, and the median and worst of 20 that follow one another, each in a new worker. Asked for is a median below 100 ms',
    task: 'mock cluster',
    clients: ['ours'],
    options: { count: 20 },
    variants: [1, 3].map((brokers) => ({ name: `${brokers} broker${brokers === 1 ? '' : 's'}`, options: { brokers } })),
    compareTo: 'first',
    figures: [
      inMs('first', 'firstMs'),
      inMs('ready', 'readyMs'),
      inMs('worst', 'worstMs'),
      inMs('reset', 'resetMs'),
      inMs('close', 'closeMs'),
      inMs('import', 'importMs'),
    ],
    partitions: 1,
    mock: true,
  },
  ...PROMISE_SCENARIOS,
];
