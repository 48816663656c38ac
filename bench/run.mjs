// `npm run bench`: ours beside librdkafka and kafkajs on a real broker. See bench/README.md.
// Clients alternate within each round and the first one changes; medians and spread go into a table and a JSON file.
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { KAFKA_VERSION, startKafka } from '../scripts/kafka.mjs';
import { allClients } from './lib/clients.mjs';
import { median, short, table, withSpread } from './lib/figures.mjs';
import { buildLibrdkafka } from './lib/librdkafka.mjs';
import { SCENARIOS } from './lib/scenarios.mjs';

const USAGE = `npm run bench -- [options]
  --rounds N       rounds of each scenario (5)
  --messages N     messages of a produce or consume run (1000000; kafkajs a fifth of it)
  --only a,b       scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --clients a,b    librdkafka, ours, kafkajs ... (all)
  --bootstrap H:P  a broker of yours instead of a fresh one (not for idle-3-brokers)
  --no-librdkafka  go on where librdkafka is not installed`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '1000000' },
    only: { type: 'string' },
    clients: { type: 'string' },
    bootstrap: { type: 'string' },
    'no-librdkafka': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const rounds = Number(values.rounds);
const messages = Number(values.messages);
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

async function makeTopic(cluster, scenario) {
  const topic = `bench-${scenario.name}-${randomUUID().slice(0, 8)}`;
  const spread = Array.from({ length: scenario.partitions }, (_, partition) => ({
    partition,
    replicas: [partition + 1],
  }));
  const layout = scenario.brokers ? { replicaAssignment: spread } : { numPartitions: scenario.partitions };
  await cluster.admin.createTopics({ topics: [{ topic, ...layout }], waitForLeaders: true });
  return topic;
}

async function stored(cluster, topic) {
  const partitions = await cluster.admin.fetchTopicOffsets(topic);
  return partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
}

const countFor = (client) => (client === 'kafkajs' ? Math.ceil(messages / 5) : messages);

async function oneRun(cluster, scenario, client, tasks, filledTopic) {
  const topic = filledTopic ?? (await makeTopic(cluster, scenario));
  const options = { bootstrap: cluster.bootstrap, topic, count: countFor(client), ...scenario.options };
  if (scenario.filled) options.group = `bench-${randomUUID()}`;
  const run = await tasks[scenario.task](options);
  if (scenario.delivers) {
    const there = await stored(cluster, topic);
    if (there !== options.count)
      throw new Error(`${client}: ${options.count} messages reported, ${there} in the topic`);
  }
  if (!filledTopic) await cluster.admin.deleteTopics({ topics: [topic] });
  return { result: run.result, cpuSeconds: run.cpuSeconds, wallSeconds: run.wallSeconds };
}

async function fill(cluster, scenario, filler) {
  const topic = await makeTopic(cluster, scenario);
  const times = filler.name === 'kafkajs' ? 5 : 1;
  for (let i = 0; i < times; i++)
    await filler.tasks.produce({ bootstrap: cluster.bootstrap, topic, count: countFor(filler.name) });
  return topic;
}

function print(scenario, runs, names) {
  const of = (name, figure) => runs.get(name).map(figure.of);
  const compared = scenario.figures.filter((figure) => figure.compare);
  const to = (name, figure) => `${short(median(of(name, figure)) / median(of(names[0], figure)))} x`;
  const head = [
    '',
    ...scenario.figures.map(({ title }) => title),
    ...compared.map(({ title }) => `${title}, to ${names[0]}`),
  ];
  const rows = names.map((name) => [
    name,
    ...scenario.figures.map((figure) => withSpread(of(name, figure))),
    ...compared.map((figure) => to(name, figure)),
  ]);
  console.log(`\n${scenario.name}: ${scenario.title}`);
  console.log(table([head, ...rows]));
}

// One line that is written over, for a person who waits.
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`);
}

async function measure(cluster, scenario, clients, filler) {
  const names = scenario.clients.filter((name) => clients.get(name)?.[scenario.task]);
  if (names.length === 0) return console.log(`\n${scenario.name}: nobody here can do it yet`);
  const filledTopic = scenario.filled ? await fill(cluster, scenario, filler) : null;
  const runs = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < (scenario.rounds ?? rounds); round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      progress(`${scenario.name}: round ${round + 1}, ${name}`);
      runs.get(name).push(await oneRun(cluster, scenario, name, clients.get(name), filledTopic));
    }
  }
  progress('');
  if (filledTopic) await cluster.admin.deleteTopics({ topics: [filledTopic] });
  print(scenario, runs, names);
  return { name: scenario.name, title: scenario.title, runs: Object.fromEntries(runs) };
}

async function openCluster(brokers) {
  const own = values.bootstrap && brokers === 1 ? null : await startKafka({ brokers, progress: console.log });
  const bootstrap = own?.bootstrap ?? values.bootstrap;
  const admin = await connectAdmin(bootstrap);
  const close = async () => {
    await admin.disconnect();
    await own?.stop();
  };
  return { bootstrap, admin, close };
}

// The first runs on a fresh broker are those of its compiler; they are not counted.
async function warmUp(cluster, filler) {
  progress('warming up the broker');
  const topic = await makeTopic(cluster, { name: 'warm-up', partitions: 4 });
  for (let i = 0; i < 3; i++) await filler.tasks.produce({ bootstrap: cluster.bootstrap, topic, count: 300_000 });
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

async function main() {
  if (values.help) return console.log(USAGE);
  const scenarios = pick(SCENARIOS, list(values.only), 'scenario');
  const wantedClients = list(values.clients?.replace(/, (producev|promises)/g, ';$1'))?.map((name) =>
    name.replace(';', ', '),
  );
  const librdkafka = findLibrdkafka(wantedClients);
  const clients = await allClients(librdkafka, console.log);
  const byName = [...clients].map(([name, tasks]) => ({ name, tasks }));
  const chosen = new Map(pick(byName, wantedClients, 'client').map(({ name, tasks }) => [name, tasks]));
  const filler = byName.find(({ name }) => name === (librdkafka ? 'librdkafka' : 'kafkajs'));
  const about = {
    at: new Date().toISOString(),
    machine: `${cpus().length} x ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    load: `${loadavg()[0].toFixed(1)} before the start (above 0.5 something else runs, and the figures are worth less)`,
    node: process.version,
    kafka: values.bootstrap ? `at ${values.bootstrap}` : KAFKA_VERSION,
    librdkafka: librdkafka ? `${librdkafka.version} (${librdkafka.from})` : 'left out',
    rounds,
    messages,
  };
  console.log(
    Object.entries(about)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  );
  const report = { ...about, scenarios: [] };
  for (const brokers of [1, 3]) {
    const here = scenarios.filter((scenario) => (scenario.brokers ?? 1) === brokers);
    if (here.length === 0) continue;
    const cluster = await openCluster(brokers);
    try {
      if (here.some(({ task }) => task !== 'idle')) await warmUp(cluster, filler);
      for (const scenario of here) {
        const measured = await measure(cluster, scenario, chosen, filler);
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
