// `rdkafka-ts mock`: a mock cluster for any client in any language, until Ctrl-C. @thread app
import { type MockCluster, openMock } from '../app/mock_control.ts';
import { run } from '../app/steps.ts';
import { KafkaError } from '../defs/kafka_error.ts';
import { systemClock } from '../rd/clock.ts';
import { readNumber, readOptions, Usage } from './options.ts';

const DEFAULT_BROKERS = 3;
const DEFAULT_PORT = 9092;
const MAX_BROKERS = 100;
const MAX_PARTITIONS = 10_000;
const MIB = 1024 * 1024;
/** More than a test's mock keeps: a program runs for hours, and its user wants to look at what was sent. */
const DEFAULT_KEEP_MIB = 64;
const MAX_KEEP_MIB = 65_536;
/** How often the cluster is asked whether it is alive. */
const PULSE_MS = 2000;
const MAX_BATCHES = 1_000_000;

export const MOCK_HELP = `rdkafka-ts mock: a mock Kafka cluster on 127.0.0.1, until Ctrl-C

  --brokers N      how many brokers, ${DEFAULT_BROKERS} unless given
  --port P         the first broker's port, ${DEFAULT_PORT} unless given; the others take the next ones
  --topics a:3,b   topics to begin with, and their partitions (1 unless given); others are made when first used
  --keep-mib M     what each partition keeps at most, ${DEFAULT_KEEP_MIB} unless given; the oldest records go first

Records live in memory only. Groups form without the delay that Kafka has.
`;

export interface MockProgram {
  readonly brokers: number;
  readonly port: number;
  readonly topics: Readonly<Record<string, number>>;
  readonly keepMib: number;
}

/** Runs until SIGINT or SIGTERM and gives 0; 1 when a port is taken or the cluster's worker died. */
export async function mock(args: readonly string[]): Promise<number> {
  const program = readProgram(args);
  const cluster = openMock(null, {
    brokers: program.brokers,
    port: program.port,
    topics: program.topics,
    groupInitialRebalanceDelayMs: 0,
    logLimits: { maxBytes: program.keepMib * MIB, maxBatches: MAX_BATCHES },
  });
  try {
    run(cluster.thread, cluster.opened());
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    process.stderr.write(`rdkafka-ts mock: ${whyNot(error.message, program)}\n`);
    return 1;
  }
  // What it says of Ctrl-C is true when it says it.
  const ended = untilEnded(cluster);
  process.stdout.write(greeting(cluster.bootstraps, program));
  const died = await ended;
  cluster[Symbol.dispose]();
  if (died === null) return 0;
  process.stderr.write(`rdkafka-ts mock: the cluster ended by itself: ${died}\n`);
  return 1;
}

/** Throws Usage. */
export function readProgram(args: readonly string[]): MockProgram {
  const given = readOptions(args, ['brokers', 'port', 'topics', 'keep-mib']);
  const brokers = readNumber('brokers', given['brokers'], DEFAULT_BROKERS, 1, MAX_BROKERS);
  return {
    brokers,
    port: readNumber('port', given['port'], DEFAULT_PORT, 1, 65_536 - brokers),
    topics: readTopics(given['topics'] ?? ''),
    keepMib: readNumber('keep-mib', given['keep-mib'], DEFAULT_KEEP_MIB, 1, MAX_KEEP_MIB),
  };
}

function readTopics(text: string): Readonly<Record<string, number>> {
  const topics: [string, number][] = [];
  for (const entry of text.split(',').filter((part) => part !== '')) {
    const [, name, partitions] = /^([A-Za-z0-9._-]{1,249})(?::(.*))?$/.exec(entry) ?? [];
    if (name === undefined || name === '.' || name === '..')
      throw new Usage(`--topics must read like a:3,b:1, and "${entry}" is no topic`);
    topics.push([name, readNumber('topics', partitions, 1, 1, MAX_PARTITIONS)]);
  }
  const [twice] = topics.filter(([name], i) => topics.findIndex(([other]) => other === name) !== i);
  if (twice !== undefined) throw new Usage(`--topics names ${twice[0]} twice`);
  return Object.fromEntries(topics);
}

function whyNot(message: string, { brokers, port }: MockProgram): string {
  const taken = /EADDRINUSE.*?:(\d+)\b/.exec(message);
  if (taken !== null)
    return `port ${taken[1]} is taken; ${brokers} brokers want the ports ${port} to ${port + brokers - 1}: --port moves them`;
  if (message.includes('EACCES')) return `port ${port} is not for ordinary users; --port takes another`;
  return message;
}

function greeting(bootstraps: string, { brokers, topics, keepMib }: MockProgram): string {
  const names = Object.entries(topics).map(([name, partitions]) => `${name} (${partitions})`);
  const topic = Object.keys(topics)[0] ?? 'test';
  const lines = [
    `A mock Kafka cluster of ${brokers} ${brokers === 1 ? 'broker' : 'brokers'} listens:`,
    `  ${bootstraps}`,
    names.length === 0 ? 'Topics are made when first used.' : `Topics: ${names.join(', ')}; others when first used.`,
    `Each partition keeps its newest ${keepMib} MiB, in memory.`,
    '',
    'With kcat:',
    `  echo hello | kcat -b ${bootstraps} -t ${topic} -P`,
    `  kcat -b ${bootstraps} -t ${topic} -C -o beginning`,
    'With this library:',
    `  conf_set(conf, 'bootstrap.servers', '${bootstraps}');`,
    '',
    'Ctrl-C ends it.',
  ];
  return `${lines.join('\n')}\n`;
}

/** Resolves with null after a signal, or with the reason for which the cluster answers no more. */
function untilEnded(cluster: MockCluster): Promise<string | null> {
  return new Promise((resolve) => {
    const state = { timer: systemClock.setTimer(PULSE_MS, pulse), over: false };
    const end = (reason: string | null): void => {
      state.over = true;
      state.timer.clear();
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve(reason);
    };
    const stop = (): void => end(null);
    function pulse(): void {
      cluster.commandAsync(undefined, 'mock_cluster_bootstraps').then(
        () => {
          if (!state.over) state.timer = systemClock.setTimer(PULSE_MS, pulse);
        },
        (error: Error) => end(error.message),
      );
    }
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}
