// What is measured. A scenario names the clients' task, its options, the figures of a run, and how a topic is made ready.

// A figure with `compare` gets a column that relates its median to the first client's.
const rate = { title: 'messages/s', compare: true, of: (run) => run.result.messages / run.result.seconds };
const cpu = { title: 'CPU s per million', compare: true, of: (run) => (run.cpuSeconds / run.result.messages) * 1e6 };
const from = (title, key) => ({ title, of: (run) => run.result[key] });
const inMs = (title, key) => from(`${title} ms`, key);
const main = (figure) => ({ ...figure, compare: true });

const PRODUCE_NOTE = '100-byte values, 4 partitions, acks=all; from the first call to the last report';

export const SCENARIOS = [
  {
    name: 'produce',
    title: `produce, each with its own defaults (rdkafka_performance sets linger.ms=1000). ${PRODUCE_NOTE}`,
    task: 'produce',
    clients: ['librdkafka', 'ours', 'ours, producev', 'kafkajs'],
    figures: [rate, cpu],
    partitions: 4,
    delivers: true,
  },
  {
    name: 'produce-linger-5',
    title: `produce, linger.ms=5. ${PRODUCE_NOTE}`,
    task: 'produce',
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
];
