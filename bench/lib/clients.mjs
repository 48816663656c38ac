// How each client does each task: `task(client, name)` gives a function that runs one round of it, or null.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runClient } from './child.mjs';

const here = (file) => fileURLToPath(new URL(`../clients/${file}`, import.meta.url));
const esm = fileURLToPath(new URL('../../dist/esm/index.js', import.meta.url));

function nodeTask(file, fixed = {}, flags = [], node = process.execPath) {
  return (options) => runClient(node, [...flags, here(file), JSON.stringify({ ...options, ...fixed })]);
}

function cTask(program, mode) {
  return (options) => runClient(program, [mode, ...Object.entries(options).map(([name, value]) => `${name}=${value}`)]);
}

// The last summary line of rdkafka_performance is the one over the whole run.
function lastSummary(output) {
  const lines = [...output.matchAll(/^% (\d+) messages .*? in (\d+)ms: /gm)];
  const [, messages, ms] = lines.at(-1) ?? [];
  if (!messages) throw new Error(`rdkafka_performance printed no summary:\n${output}`);
  return { messages: Number(messages), seconds: Number(ms) / 1000 };
}

function performanceTask(program, flags) {
  return async (options) => {
    const run = await runClient(program, [
      '-b',
      options.bootstrap,
      '-t',
      options.topic,
      ...flags(options),
      '-c',
      `${options.count}`,
    ]);
    return { ...run, result: lastSummary(run.output) };
  };
}

function librdkafkaTasks({ performance, client, version }) {
  const set = (name, value) => (value === undefined ? [] : ['-X', `${name}=${value}`]);
  return {
    version,
    produce: performanceTask(performance, ({ linger, codec, perBatch, text }) => [
      ...['-P', '-a', '-1', '-s', `${text === undefined ? 100 : Buffer.byteLength(text)}`],
      ...(text === undefined ? [] : ['-m', text]),
      ...(codec === undefined ? [] : ['-z', codec]),
      ...set('linger.ms', linger),
      ...set('batch.num.messages', perBatch),
    ]),
    consume: performanceTask(performance, (options) => ['-G', options.group]),
    latency: cTask(client, 'latency'),
    startup: cTask(client, 'startup'),
    idle: cTask(client, 'idle'),
    rss: cTask(client, 'rss'),
    e2e: cTask(client, 'e2e'),
    held: cTask(client, 'held'),
    group: cTask(client, 'group'),
  };
}

const kafkajsTasks = {
  produce: nodeTask('kafkajs_produce.mjs'),
  consume: nodeTask('kafkajs_consume.mjs'),
  latency: nodeTask('kafkajs_latency.mjs'),
  startup: nodeTask('kafkajs_startup.mjs'),
  e2e: nodeTask('kafkajs_e2e.mjs'),
  shapes: nodeTask('kafkajs_shapes.mjs'),
};

const oursTasks = {
  produce: nodeTask('ours_produce.mjs', { call: 'produce' }),
  consume: nodeTask('ours_consume.mjs'),
  latency: nodeTask('ours_latency.mjs'),
  startup: nodeTask('ours_startup.mjs'),
  idle: nodeTask('ours_idle.mjs'),
  rss: nodeTask('ours_rss.mjs'),
  partitions: nodeTask('ours_partitions.mjs'),
  memory: nodeTask('ours_partitions.mjs', { mode: 'memory' }, ['--expose-gc']),
  fill: nodeTask('ours_fill.mjs'),
  e2e: nodeTask('ours_e2e.mjs'),
  held: nodeTask('ours_held.mjs'),
  group: nodeTask('ours_group.mjs'),
  pull: nodeTask('ours_pull.mjs'),
  outstanding: nodeTask('ours_outstanding.mjs', {}, ['--expose-gc']),
  loop: nodeTask('ours_loop.mjs'),
  'mock cluster': nodeTask('ours_mock_cluster.mjs'),
};

const NEEDS = {
  produce: ['new', 'produce', 'producev', 'poll'],
  latency: ['new', 'producev', 'poll'],
  startup: ['new', 'producev', 'poll', 'destroy'],
  idle: ['new', 'producev', 'poll'],
  rss: ['new', 'producev', 'poll'],
  consume: ['new', 'subscribe', 'consumer_poll', 'consumer_close'],
  partitions: ['new', 'produce', 'poll', 'flush'],
  memory: ['new', 'produce', 'poll', 'flush'],
  fill: ['new', 'produce', 'poll', 'flush'],
  e2e: ['new', 'producev', 'poll', 'subscribe', 'consumer_poll', 'consumer_close'],
  held: ['new', 'subscribe', 'consumer_poll', 'consumer_close', 'conf', 'conf_get'],
  group: ['new', 'subscribe', 'consumer_poll', 'rebalance_protocol', 'incremental_assign', 'incremental_unassign'],
  pull: ['new', 'subscribe', 'consumer_poll', 'messages', 'batches', 'each', 'close_async'],
  outstanding: ['new', 'produce_async', 'flush_async', 'close_async'],
  loop: ['new', 'subscribe', 'produce_async', 'messages', 'each', 'close_async'],
  shapes: ['new', 'subscribe', 'produce_async', 'messages', 'close_async'],
  'mock cluster': ['new'],
  'latency by promises': ['new', 'produce_async'],
  'e2e by promises': ['new', 'producev', 'poll', 'subscribe', 'consumer_poll_async', 'consumer_close'],
};

async function oursAvailable() {
  if (!existsSync(esm)) return { absent: Object.keys(NEEDS), why: 'dist/ is missing: npm run build' };
  const library = await import(pathToFileURL(esm));
  const absent = Object.keys(NEEDS).filter((task) => NEEDS[task].some((name) => !(name in library)));
  return { absent, why: 'not in dist/ yet' };
}

export const PLATFORMATIC = '@platformatic/kafka';
/** Where the Node of @platformatic/kafka is another than this one: ours on it too, or two Nodes would be compared. */
export const OURS_THERE = 'ours, Node 24';
export const PLATFORMATIC_CLIENTS = [PLATFORMATIC, OURS_THERE];

function platformaticClients({ library, node, otherNode }, absent) {
  const task = (file, fixed = {}) => nodeTask(file, fixed, [], node);
  const theirs = {
    latency: task('platformatic_latency.mjs', { library }),
    shapes: task('platformatic_shapes.mjs', { library }),
  };
  const ours = {};
  if (otherNode && !absent.includes('latency by promises'))
    ours.latency = task('ours_latency.mjs', { call: 'produce_async' });
  if (otherNode && !absent.includes('shapes')) ours.shapes = task('ours_shapes.mjs');
  return [
    [PLATFORMATIC, theirs],
    [OURS_THERE, ours],
  ];
}

/** The clients by name, each with its tasks. `say` gets a line for each thing that is not there. */
export async function allClients(librdkafka, platformatic, say) {
  const { absent, why } = await oursAvailable();
  if (absent.length > 0) say(`ours: without ${absent.join(', ')}: ${why}`);
  const ours = Object.fromEntries(Object.entries(oursTasks).filter(([task]) => !absent.includes(task)));
  const clients = new Map();
  if (librdkafka) clients.set('librdkafka', librdkafkaTasks(librdkafka));
  clients.set('ours', ours);
  if (ours.produce) clients.set('ours, producev', { produce: nodeTask('ours_produce.mjs', { call: 'producev' }) });
  const promises = {};
  if (!absent.includes('latency by promises'))
    promises.latency = nodeTask('ours_latency.mjs', { call: 'produce_async' });
  if (!absent.includes('e2e by promises')) promises.e2e = nodeTask('ours_e2e.mjs', { call: 'consumer_poll_async' });
  if (!absent.includes('shapes')) promises.shapes = nodeTask('ours_shapes.mjs');
  clients.set('ours, promises', promises);
  clients.set('kafkajs', kafkajsTasks);
  if (platformatic) for (const [name, tasks] of platformaticClients(platformatic, absent)) clients.set(name, tasks);
  clients.set('bare Node, 2 workers', { startup: nodeTask('bare_startup.mjs') });
  return clients;
}
