// `npm run bench`: ours beside librdkafka and kafkajs on a real broker. See bench/README.md.
// Clients alternate within each round and the first one changes; medians and spread go into a table and a JSON file.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { KAFKA_VERSION, startKafka } from '../scripts/kafka.mjs';
import { allClients, PLATFORMATIC_CLIENTS } from './lib/clients.mjs';
import { median, short, table, withSpread } from './lib/figures.mjs';
import { buildLibrdkafka } from './lib/librdkafka.mjs';
import { startMock } from './lib/mock.mjs';
import { fetchPlatformatic } from './lib/platformatic.mjs';
import { SCENARIOS } from './lib/scenarios.mjs';

const MANY = SCENARIOS.filter(({ messages }) => messages === 5_000_000)
  .map(({ name }) => name)
  .join(', ');
const USAGE = `npm run bench -- [options]
  --rounds N       rounds of each scenario (5)
  --messages N     messages of a run (5000000 in ${MANY}, else 1000000;
                   kafkajs a fifth of them, but in node-clients)
  --only a,b       scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --clients a,b    librdkafka, ours, kafkajs ... (all)
  --bootstrap H:P  a broker of yours instead of a fresh one (not for idle-3-brokers)
  --no-librdkafka  go on where librdkafka is not installed`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string' },
    only: { type: 'string' },
    clients: { type: 'string' },
    bootstrap: { type: 'string' },
    'no-librdkafka': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const rounds = Number(values.rounds);
const DEFAULT_MESSAGES = 1_000_000;
const messagesOf = (scenario) => Number(values.messages ?? scenario.messages ?? DEFAULT_MESSAGES);
/** Topics of half a gigabyte come and go: a minute of them, which is the default, would be a dozen. */
const KAFKA = { 'log.segment.delete.delay.ms': '1000' };
const list = (text) => text?.split(',').map((part) => part.trim());

function pick(all, wanted, what) {
  if (!wanted) return all;
  const unknown = wanted.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`no ${what} named ${unknown.join(', ')}\n${USAGE}`);
  return all.filter(({ name }) => wanted.includes(name));
}

async function connectAdmin(bootstrap) {
  const admin = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return admin;
}

async function makeTopic(cluster, scenario, variant) {
  const topic = `bench-${scenario.name}-${randomUUID().slice(0, 8)}`;
  const partitions = variant?.partitions ?? scenario.partitions;
  const spread = Array.from({ length: partitions }, (_, partition) => ({ partition, replicas: [partition + 1] }));
  const layout = scenario.brokers ? { replicaAssignment: spread } : { numPartitions: partitions };
  await cluster.admin.createTopics({ topics: [{ topic, ...layout }], waitForLeaders: false });
  await untilLed(cluster, topic, partitions);
  return topic;
}

// kafkajs' own waiting gives up at a broker that has not heard of the topic yet.
async function untilLed(cluster, topic, partitions) {
  for (let tries = 0; tries < 600; tries++) {
    const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
    const led = topics[0]?.partitions.filter(({ partitionErrorCode, leader }) => !partitionErrorCode && leader >= 0);
    if (led?.length === partitions) return;
    await sleep(50);
  }
  throw new Error(`topic ${topic} has no leaders after half a minute`);
}

async function stored(cluster, topic) {
  const partitions = await cluster.admin.fetchTopicOffsets(topic);
  return partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
}

// Bytes of a topic's log on the broker's disk; NaN when the broker is not ours.
function storedBytes({ folder }, topic) {
  if (!folder) return Number.NaN;
  const files = readdirSync(folder, { recursive: true }).filter((file) => /\.log$/.test(file));
  return files
    .filter((file) => file.includes(`${topic}-`))
    .reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

// What was sent with acks=0 may be on its way still when its client has ended.
async function storedAll(cluster, topic, count) {
  let there = await stored(cluster, topic);
  for (let tries = 0; there < count && tries < 100; tries++) {
    await sleep(100);
    there = await stored(cluster, topic);
  }
  return there;
}

function countFor(scenario, variant, client) {
  const fewer = client === 'kafkajs' && !scenario.alike ? 5 : 1;
  return Math.ceil(messagesOf(scenario) / (variant?.share ?? scenario.share ?? 1) / fewer);
}

async function oneRun(cluster, scenario, { client, variant }, tasks, filledTopic) {
  const topic = filledTopic ?? (await makeTopic(cluster, scenario, variant));
  const count = countFor(scenario, variant, client);
  const group = `bench-${randomUUID()}`;
  const options = { bootstrap: cluster.bootstrap, topic, group, count, ...scenario.options, ...variant?.options };
  const run = await tasks[scenario.task](options);
  if (variant?.delivers ?? scenario.delivers) {
    const sent = run.result.sent ?? options.count;
    const there = await storedAll(cluster, topic, sent);
    if (there !== sent) throw new Error(`${client}: ${sent} messages reported, ${there} in the topic`);
  }
  if (scenario.stores) run.result.storedBytes = storedBytes(cluster, topic);
  if (!filledTopic) await cluster.admin.deleteTopics({ topics: [topic] });
  return { result: run.result, cpuSeconds: run.cpuSeconds, wallSeconds: run.wallSeconds };
}

// `filled: 'lines'`: our client writes lines that differ, for they have to shrink as text does and be the same each time.
async function fill(cluster, scenario, variant, fillers) {
  const topic = await makeTopic(cluster, scenario, variant);
  const { bootstrap } = cluster;
  if (filledOf(scenario, variant) === 'lines') {
    const count = countFor(scenario, variant, 'ours');
    const run = await fillers.lines.fill({ bootstrap, topic, count, ...scenario.options, ...variant?.options });
    const there = await stored(cluster, topic);
    if (there !== run.result.sent) throw new Error(`${run.result.sent} messages filled in, ${there} in the topic`);
    return topic;
  }
  const times = fillers.any.name === 'kafkajs' ? 5 : 1;
  for (let i = 0; i < times; i++)
    await fillers.any.tasks.produce({ bootstrap, topic, count: countFor(scenario, variant, fillers.any.name) });
  return topic;
}

// Who does what: a row of the table. `base` is the row that it is compared to.
function rowsOf(scenario, all, canDo) {
  if (!scenario.variants) return all.map((client) => ({ name: client, client, base: all[0] }));
  const nameOf = (client, variant) => (all.length > 1 ? `${variant.name}: ${client}` : variant.name);
  const first = scenario.compareTo === 'first' && scenario.variants[0];
  return scenario.variants.flatMap((variant) => {
    const names = all.filter((client) => canDo(client, variant));
    return names.map((client) => ({
      name: nameOf(client, variant),
      client,
      variant,
      base: nameOf(first ? client : names[0], first || variant),
    }));
  });
}

const atLeast = (version, least) => version.localeCompare(least, 'en', { numeric: true }) >= 0;

// `without`: who cannot do a variant at all; `librdkafka`: the version that it came with.
function canDoOf(clients) {
  return (client, { without = [], librdkafka = '0' }) =>
    !without.includes(client) && (client !== 'librdkafka' || atLeast(clients.get(client).version, librdkafka));
}

const filledOf = (scenario, variant) => variant?.filled ?? scenario.filled;

// A topic for each variant that is filled before and deleted after it; else, or where `oneTopic` says so, all rows take
// turns.
function turnsOf(scenario, rows) {
  const { variants, oneTopic } = scenario;
  if (!variants || oneTopic || !variants.some((variant) => filledOf(scenario, variant))) return [rows];
  return variants.map((variant) => rows.filter((row) => row.variant === variant));
}

const isOurs = (client) => client.startsWith('ours');

// `compareTo: 'fastest other'`: in each variant the client, not ours, whose median of the first compared figure is least.
function fastestOther(runs, rows, figure) {
  const medianOf = ({ name }) => median(runs.get(name).map((run) => figure.of(run, run)));
  return rows.map((row) => {
    const others = rows.filter(({ variant, client }) => variant === row.variant && !isOurs(client));
    const [fastest] = others.sort((a, b) => medianOf(a) - medianOf(b));
    return { ...row, base: fastest?.name ?? row.base };
  });
}

function print(scenario, runs, allRows) {
  const toOther = scenario.compareTo === 'fastest other';
  const first = scenario.figures.find((figure) => figure.compare);
  const rows = toOther ? fastestOther(runs, allRows, first) : allRows;
  const of = (name, base, figure) => runs.get(name).map((run, i) => figure.of(run, runs.get(base)[i]));
  const compared = scenario.figures.filter((figure) => figure.compare);
  const clientOf = (wanted) => rows.find(({ name }) => name === wanted).client;
  const comparable = (base) =>
    toOther ? !isOurs(clientOf(base)) : scenario.compareTo === 'first' || clientOf(base) === rows[0].client;
  const to = ({ name, base }, figure) =>
    comparable(base) ? `${short(median(of(name, base, figure)) / median(of(base, base, figure)))} x` : '-';
  const whom = toOther ? 'the fastest of the others' : scenario.compareTo === 'first' ? rows[0].name : rows[0].client;
  const head = [
    '',
    ...scenario.figures.map(({ title }) => title),
    ...compared.map(({ title }) => `${title}, to ${whom}`),
  ];
  const lines = rows.map((row) => [
    row.name,
    ...scenario.figures.map((figure) => withSpread(of(row.name, row.base, figure))),
    ...compared.map((figure) => to(row, figure)),
  ]);
  console.log(`\n${scenario.name}: ${scenario.title}`);
  console.log(table([head, ...lines]));
}

// One line that is written over, for a person who waits.
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`);
}

async function takeTurns(cluster, scenario, rows, clients, filledTopic) {
  const runs = rows.map(({ name }) => [name, []]);
  for (let round = 0; round < (scenario.rounds ?? rounds); round++) {
    for (let i = 0; i < rows.length; i++) {
      const at = (i + round) % rows.length;
      progress(`${scenario.name}: round ${round + 1}, ${rows[at].name}`);
      runs[at][1].push(await oneRun(cluster, scenario, rows[at], clients.get(rows[at].client), filledTopic));
    }
  }
  return runs;
}

async function measure(cluster, scenario, clients, fillers) {
  const names = scenario.clients.filter((name) => clients.get(name)?.[scenario.task]);
  const lines = [scenario, ...(scenario.variants ?? [])].some(({ filled }) => filled === 'lines');
  const fills = !lines || fillers.lines?.fill;
  if (names.length === 0 || !fills) return console.log(`\n${scenario.name}: nobody here can do it yet`);
  const rows = rowsOf(scenario, names, canDoOf(clients));
  const runs = new Map();
  for (const turn of turnsOf(scenario, rows)) {
    if (turn.length === 0) continue;
    const filled = filledOf(scenario, turn[0].variant);
    progress(`${scenario.name}: ${filled ? 'filling a topic' : 'starting'}`);
    const filledTopic = filled ? await fill(cluster, scenario, turn[0].variant, fillers) : null;
    for (const [name, ofRow] of await takeTurns(cluster, scenario, turn, clients, filledTopic)) runs.set(name, ofRow);
    if (filledTopic) await cluster.admin.deleteTopics({ topics: [filledTopic] });
  }
  progress('');
  print(scenario, runs, rows);
  const { name, title } = scenario;
  return { name, title, messages: messagesOf(scenario), runs: Object.fromEntries(runs) };
}

async function ownCluster(kind) {
  if (kind === 'mock') return startMock();
  return values.bootstrap && kind === 1 ? null : startKafka({ brokers: kind, config: KAFKA, progress: console.log });
}

async function openCluster(kind) {
  const own = await ownCluster(kind);
  const bootstrap = own?.bootstrap ?? values.bootstrap;
  const admin = await connectAdmin(bootstrap);
  const close = async () => {
    await admin.disconnect();
    await own?.stop();
  };
  return { bootstrap, folder: own?.folder, admin, close };
}

// The first runs on a fresh broker are those of its compiler; they are not counted.
async function warmUp(cluster, filler) {
  progress('warming up the broker');
  const topic = await makeTopic(cluster, { name: 'warm-up', partitions: 4 });
  const count = Math.min(300_000, messagesOf({}));
  for (let i = 0; i < 3; i++) await filler.tasks.produce({ bootstrap: cluster.bootstrap, topic, count });
  await cluster.admin.deleteTopics({ topics: [topic] });
  progress('');
}

function save(report) {
  const folder = fileURLToPath(new URL('results', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${report.at.replace(/[:.]/g, '-')}.json`;
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

function findLibrdkafka(wanted) {
  if (values['no-librdkafka'] || (wanted && !wanted.includes('librdkafka'))) return null;
  return buildLibrdkafka();
}

// Fetched only where it is going to run.
function findPlatformatic(scenarios, wanted) {
  const named = ({ clients }) =>
    clients.some((name) => PLATFORMATIC_CLIENTS.includes(name) && (wanted?.includes(name) ?? true));
  return scenarios.some(named) ? fetchPlatformatic(console.log) : null;
}

async function main() {
  if (values.help) return console.log(USAGE);
  const scenarios = pick(SCENARIOS, list(values.only), 'scenario');
  const wantedClients = list(values.clients?.replace(/, (producev|promises|Node 24)/g, ';$1'))?.map((name) =>
    name.replace(';', ', '),
  );
  const librdkafka = findLibrdkafka(wantedClients);
  const platformatic = findPlatformatic(scenarios, wantedClients);
  const clients = await allClients(librdkafka, platformatic, console.log);
  const byName = [...clients].map(([name, tasks]) => ({ name, tasks }));
  const chosen = new Map(pick(byName, wantedClients, 'client').map(({ name, tasks }) => [name, tasks]));
  const any = byName.find(({ name }) => name === (librdkafka ? 'librdkafka' : 'kafkajs'));
  const fillers = { any, lines: clients.get('ours') };
  const about = {
    at: new Date().toISOString(),
    machine: `${cpus().length} x ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    load: `${loadavg()[0].toFixed(1)} before the start (above 0.5 something else runs, and the figures are worth less)`,
    node: process.version,
    kafka: values.bootstrap ? `at ${values.bootstrap}` : KAFKA_VERSION,
    librdkafka: librdkafka ? `${librdkafka.version} (${librdkafka.from})` : 'left out',
    platformatic: platformatic ? `${platformatic.version}, on Node ${platformatic.nodeVersion}` : 'left out',
    rounds,
    messages: values.messages ? Number(values.messages) : 'as many as each scenario says',
  };
  console.log(
    Object.entries(about)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  );
  const report = { ...about, scenarios: [] };
  for (const kind of [1, 3, 'mock']) {
    const here = scenarios.filter(({ brokers = 1, mock }) => (mock ? 'mock' : brokers) === kind);
    if (here.length === 0) continue;
    const cluster = await openCluster(kind);
    try {
      if (kind !== 'mock' && here.some(({ task }) => !['idle', 'group'].includes(task))) await warmUp(cluster, any);
      for (const scenario of here) {
        const measured = await measure(cluster, scenario, chosen, fillers);
        if (measured) report.scenarios.push(measured);
      }
    } finally {
      await cluster.close();
    }
  }
  console.log(`\nmedian (least-greatest) of ${rounds} rounds; written to ${save(report)}`);
}

main().catch((error) => {
  console.error(`\nbench: ${error.message}`);
  process.exitCode = 1;
});
