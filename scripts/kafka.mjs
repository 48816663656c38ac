// Starts real Apache Kafka brokers for tests, benchmarks and people, from their Maven artifacts, in KRaft mode.
// `npm run kafka [-- --brokers 3 --port 9092 --config name=value]`; tests call startKafka().
// Everything is bound to 127.0.0.1 and lives in a temporary folder, which goes away at the end, however that comes.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mavenJars } from './maven_jars.mjs';

export const KAFKA_VERSION = '4.1.0';
/** What a broker needs to run. The last one is what makes it write a log at all. */
export const KAFKA_ARTIFACTS = [
  `org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`,
  'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3',
];

const CONTROLLER_ID = 100;
/** A cold machine that does other things besides takes a minute; nothing waits that long for a broker that is well. */
const START_TIMEOUT_MS = 240_000;
/** How often other ports are taken when somebody was faster at those that were free. */
const PORT_TRIES = 5;

/** The java to run: JAVA_HOME's or the path's. Throws with what to install when there is none of 17 or newer. */
export function findJava() {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const probe = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const major = Number(/version "(\d+)/.exec(`${probe.stderr ?? ''}${probe.stdout ?? ''}`)?.[1] ?? 0);
  if (probe.error || major < 17) {
    const found = probe.error ? `"${java}" does not start (${probe.error.code})` : `"${java}" is version ${major}`;
    throw new Error(
      `Apache Kafka needs Java 17 or newer, but ${found}. ` +
        'Install it (Debian and Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17) ' +
        'or name it in JAVA_HOME. To use a broker that runs already, set KAFKA_BOOTSTRAP=host:port.',
    );
  }
  return java;
}

// Ports outside the range that the system hands out by itself: else a client that reconnects to a dead broker's port
// can be given that very port as its own and end up talking to itself.
async function freePort(taken, wanted) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = wanted ?? 12_000 + Math.floor(Math.random() * 20_000);
    if (!taken.has(port) && (await isFree(port))) {
      taken.add(port);
      return port;
    }
    if (wanted) throw new Error(`port ${wanted} is taken`);
  }
  throw new Error('no free port found between 12000 and 32000');
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

// A Metadata v1 request for no topic, by hand: it tells which brokers a broker has heard of, which is when it is ready.
function knownPorts(port) {
  return new Promise((resolve) => {
    const request = Buffer.alloc(4 + 8 + 2 + 4);
    request.writeInt32BE(request.length - 4, 0);
    request.writeInt16BE(3, 4);
    request.writeInt16BE(1, 6);
    request.writeInt16BE(-1, 12);
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    const chunks = [];
    const end = (ports) => {
      socket.destroy();
      resolve(ports);
    };
    socket.setTimeout(5000, () => end([]));
    socket.on('error', () => end([]));
    socket.on('close', () => end([]));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) end(portsOf(answer));
    });
  });
}

function portsOf(answer) {
  const ports = [];
  let at = 12;
  for (let left = answer.readInt32BE(8); left > 0; left--) {
    at += 4;
    at += 2 + answer.readInt16BE(at);
    ports.push(answer.readInt32BE(at));
    at += 4;
    at += 2 + Math.max(0, answer.readInt16BE(at));
  }
  return ports;
}

// Kills what is left and removes the folder when this process is gone, even by SIGKILL: its standard input then ends.
// Each line it reads is the list of processes that live now.
function startGuard(folder) {
  const script =
    'pids=; while read -r line; do pids=$line; done; ' +
    '[ -n "$pids" ] && kill -9 $pids 2>/dev/null; ' +
    'rm -rf "$1" 2>/dev/null || { sleep 1; rm -rf "$1"; }';
  const guard = spawn('/bin/sh', ['-c', script, 'kafka-guard', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.stdin.on('error', () => {});
  guard.unref();
  guard.stdin.unref?.();
  return {
    watch: (pids) => guard.stdin.write(`${pids.join(' ')}\n`),
    end: () => guard.stdin.end(),
  };
}

function properties(cluster, node) {
  const many = cluster.size > 1;
  const replicas = Math.min(3, cluster.size);
  const listeners = [];
  if (node.port) listeners.push(`PLAINTEXT://127.0.0.1:${node.port}`);
  if (node.controllerPort) listeners.push(`CONTROLLER://127.0.0.1:${node.controllerPort}`);
  const values = {
    'process.roles': !node.port ? 'controller' : many ? 'broker' : 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': `${cluster.controller.id}@127.0.0.1:${cluster.controller.controllerPort}`,
    listeners: listeners.join(','),
    ...(node.port ? { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}` } : {}),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(node.folder, 'data'),
    'group.initial.rebalance.delay.ms': 0,
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'broker.heartbeat.interval.ms': 500,
    // One broker alone is never given up for being slow: nobody could take over from it.
    'broker.session.timeout.ms': many ? 3000 : 20_000,
    ...cluster.config,
  };
  return `${Object.entries(values)
    .map(([name, value]) => `${name}=${String(value).replaceAll('%id%', node.id)}`)
    .join('\n')}\n`;
}

const LOG4J = `status = off
appender.console.type = Console
appender.console.name = out
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
`;

function java(cluster, node, log, mainClass, args) {
  const flags = [`-Xmx${cluster.heap}`, `-Dlog4j2.configurationFile=${join(cluster.folder, 'log4j2.properties')}`];
  return spawn(cluster.java, [...flags, '-cp', cluster.classpath, mainClass, ...args], {
    cwd: node.folder,
    stdio: ['ignore', log, log],
    detached: true, // a Ctrl-C on the terminal is ours to handle, in order
  });
}

const logOf = (node) => join(node.folder, 'kafka.log');

function logTail(node) {
  const lines = readFileSync(logOf(node), 'utf8').trimEnd().split('\n');
  return lines.slice(-30).join('\n');
}

function watchChildren(cluster) {
  cluster.guard.watch(cluster.nodes.flatMap((node) => (node.child ? [node.child.pid] : [])));
}

/** Runs one java of a node to `exit`; the node's child until then. */
function launch(cluster, node, mainClass, args) {
  if (cluster.stopped) throw new Error('the Kafka cluster is stopped');
  const log = openSync(logOf(node), 'a');
  const child = java(cluster, node, log, mainClass, args);
  closeSync(log);
  node.child = child;
  node.exited = new Promise((resolve) => {
    const end = (code) => {
      if (node.child === child) node.child = null;
      if (!cluster.stopped) watchChildren(cluster);
      resolve(code);
    };
    child.once('error', end);
    child.once('exit', end);
  });
  watchChildren(cluster);
}

function configure(cluster, node) {
  writeFileSync(join(node.folder, 'server.properties'), properties(cluster, node));
}

async function format(cluster, node) {
  mkdirSync(node.folder, { recursive: true });
  configure(cluster, node);
  const args = ['format', '-t', cluster.id, '-c', join(node.folder, 'server.properties')];
  launch(cluster, node, 'kafka.tools.StorageTool', args);
  const code = await node.exited;
  if (code !== 0) throw new Error(`formatting the storage of node ${node.id} failed (${code}):\n${logTail(node)}`);
}

function run(cluster, node) {
  launch(cluster, node, 'kafka.Kafka', [join(node.folder, 'server.properties')]);
}

/** Waits until the node serves clients and knows each of `ports`. */
async function ready(cluster, node, ports) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const dead = [node, cluster.controller].find((one) => !one.child);
    if (dead) throw new Error(`Kafka node ${dead.id} ended while node ${node.id} started:\n${logTail(dead)}`);
    const known = await knownPorts(node.port);
    if (ports.every((port) => known.includes(port))) return;
    if (cluster.stopped) throw new Error('stopped while starting');
    await sleep(50);
  }
  throw new Error(`Kafka node ${node.id} did not become ready in ${START_TIMEOUT_MS / 1000} s:\n${logTail(node)}`);
}

async function endNode(node, signal) {
  const { child, exited } = node;
  if (!child) return;
  child.kill(signal);
  await exited;
}

function brokerControl(cluster, node) {
  return {
    id: node.id,
    get port() {
      return node.port;
    },
    /** Ends the broker at once (SIGKILL); the cluster notices after 3 s. */
    kill: () => endNode(node, 'SIGKILL'),
    /** Ends the broker in order (SIGTERM): its leaderships move first. */
    shutdown: () => endNode(node, 'SIGTERM'),
    /** Starts it again on the same data, killing it first if it runs; settles when it serves clients. */
    restart: async ({ port = node.port } = {}) => {
      await endNode(node, 'SIGKILL');
      node.port = port;
      configure(cluster, node);
      run(cluster, node);
      await ready(cluster, node, [node.port]);
    },
    log: logOf(node),
  };
}

async function layOut(cluster, firstPort) {
  const taken = new Set();
  const node = (id, port, controllerPort) => ({
    id,
    port,
    controllerPort,
    folder: join(cluster.folder, `node-${id}`),
    child: null,
    exited: null,
  });
  const brokers = [];
  for (let i = 0; i < cluster.size; i++) {
    brokers.push(node(i + 1, await freePort(taken, firstPort ? firstPort + i : undefined), 0));
  }
  const controllerPort = await freePort(taken);
  // One broker is its own controller; with several, the controller stands apart, so that any of them can be killed.
  if (cluster.size === 1) brokers[0].controllerPort = controllerPort;
  cluster.brokers = brokers;
  cluster.controller = cluster.size === 1 ? brokers[0] : node(CONTROLLER_ID, 0, controllerPort);
  cluster.nodes = cluster.size === 1 ? brokers : [cluster.controller, ...brokers];
}

async function stopCluster(cluster) {
  if (cluster.stopped) return;
  cluster.stopped = true;
  await Promise.all(cluster.nodes.map((node) => endNode(node, 'SIGKILL')));
  rmSync(cluster.folder, { recursive: true, force: true, maxRetries: 5 });
  cluster.guard.watch([]);
  cluster.guard.end();
}

function newCluster(size, jvm, config) {
  const folder = mkdtempSync(join(tmpdir(), 'rdkafka-ts-kafka-'));
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
    .toString('base64url')
    .replace(/^-/, 'A');
  writeFileSync(join(folder, 'log4j2.properties'), LOG4J);
  return {
    ...jvm,
    ...{ id, size, config, folder },
    guard: startGuard(folder),
    brokers: [],
    controller: null,
    nodes: [],
    stopped: false,
  };
}

async function bringUp(cluster, port) {
  await layOut(cluster, port);
  await Promise.all(cluster.nodes.map((node) => format(cluster, node)));
  for (const node of cluster.nodes) run(cluster, node);
  const ports = cluster.brokers.map((node) => node.port);
  await Promise.all(cluster.brokers.map((node) => ready(cluster, node, ports)));
}

/** A node has ended because somebody took its port between our look at it and its own. */
function lostItsPort(cluster) {
  const ended = cluster.nodes.filter((node) => !node.child && existsSync(logOf(node)));
  return ended.some((node) => /Address already in use|BindException/.test(readFileSync(logOf(node), 'utf8')));
}

/**
 * Starts a Kafka cluster on 127.0.0.1 and waits until every broker serves clients and knows all others.
 * `brokers`: how many (1). `port`: the first broker's, the others take the next ones (free ones otherwise).
 * `heap`: of each Java process ('1g', with several '512m'). `config`: lines of server.properties for all nodes, by name;
 * `%id%` stands for the node's id. `progress`: gets a line for each long step. Ends with the process that called it, even if that is killed.
 */
export async function startKafka({ brokers = 1, port, heap, config = {}, progress = () => {} } = {}) {
  const javaPath = findJava();
  progress(`Apache Kafka ${KAFKA_VERSION}: its jars (45 MB, fetched from Maven Central the first time)`);
  const jars = await mavenJars(KAFKA_ARTIFACTS);
  progress(`starting Apache Kafka ${KAFKA_VERSION}, ${brokers === 1 ? '1 broker' : `${brokers} brokers`}`);
  const jvm = { java: javaPath, classpath: jars.join(':'), heap: heap ?? (brokers === 1 ? '1g' : '512m') };
  let cluster;
  for (let left = PORT_TRIES - 1; ; left--) {
    cluster = newCluster(brokers, jvm, config);
    try {
      await bringUp(cluster, port);
      break;
    } catch (error) {
      const again = port === undefined && left > 0 && lostItsPort(cluster);
      await stopCluster(cluster);
      if (!again) throw error;
      progress('a port was taken by somebody else meanwhile: starting again on others');
    }
  }
  return {
    get bootstrap() {
      return cluster.brokers.map((node) => `127.0.0.1:${node.port}`).join(',');
    },
    folder: cluster.folder,
    brokers: cluster.brokers.map((node) => brokerControl(cluster, node)),
    stop: () => stopCluster(cluster),
  };
}

function configOf(lines) {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`--config wants name=value, not "${line}"`);
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

const USAGE = `npm run kafka -- [--brokers N] [--port P] [--config name=value ...]
  --brokers  how many brokers (1)
  --port     port of the first; the others take the next ones (free ones otherwise)
  --config   a line of server.properties, for every broker; may be repeated`;

async function main() {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string', default: '1' },
      port: { type: 'string' },
      config: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(USAGE);
  const brokers = Number(values.brokers);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > 16) throw new Error('--brokers wants a number, 1 to 16');
  if (port !== undefined && !(port > 0 && port < 65_536)) throw new Error('--port wants a port number');
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
  });
  const starting = startKafka({ brokers, port, config: configOf(values.config), progress: console.log });
  const first = await Promise.race([starting, ended]);
  if (typeof first !== 'object') process.exit(130); // the guard cleans up
  console.log(
    `\nbootstrap.servers=${first.bootstrap}\n\nlogs in ${first.folder}; Ctrl-C stops it and removes its data`,
  );
  await ended;
  console.log('stopping');
  await first.stop();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
