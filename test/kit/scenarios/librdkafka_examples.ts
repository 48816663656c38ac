// What the counterparts of librdkafka's example programs promise, on any cluster. @thread app
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { expect, type TestContext } from 'vitest';
import { out, rd_kafka_query_watermark_offsets } from '../../../src/rdkafka.ts';
import { aConsumer, belongs } from '../builders.ts';
import type { Program, StartProgram } from '../programs.ts';
import { readTopic } from '../read_topic.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';
import { produceTo } from './examples.ts';

const PRODUCER = 'examples/librdkafka/producer.ts';
const CONSUMER = 'examples/librdkafka/consumer.ts';
const COMPLEX = 'examples/librdkafka/rdkafka_complex_consumer_example.ts';
const PERFORMANCE = 'examples/librdkafka/rdkafka_performance.ts';

export const LIBRDKAFKA_EXAMPLES: readonly string[] = [PRODUCER, CONSUMER, COMPLEX, PERFORMANCE];

/** A second is what they take; the machine may be slow. What they must not wait for takes 10 s and more. */
const ENDS_MS = 8000;

/** Sends the signal, and gives the exit code of a program that ended in time. */
async function endedBy(program: Program, signal: NodeJS.Signals): Promise<number | string> {
  const from = performance.now();
  program.process.kill(signal);
  const code = await program.ended;
  expect(performance.now() - from).toBeLessThan(ENDS_MS);
  return code;
}

const count = (text: string, part: RegExp): number => [...text.matchAll(part)].length;

// ---- producer

/** Each line is a message, an empty one is none; the end of the input is the end. */
export async function producerLines(start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const program = start(PRODUCER, {}, [bootstrap, topic], 'pipe');

  program.process.stdin!.end('one\n\ntwo words\ngrün');

  expect(await program.ended).toBe(0);
  expect(program.out()).toBe('');
  expect([...program.err().matchAll(/^% Enqueued: (\d+) bytes/gm)].map(([, bytes]) => bytes)).toEqual(['3', '9', '5']);
  expect(count(program.err(), /^% Delivered: \d+ bytes, partition 0$/gm)).toBe(3);
  const { records } = await readTopic(bootstrap, topic);
  expect(records.map(({ value }) => String(value))).toEqual(['one', 'two words', 'grün']);
}

/** A signal while it waits for a line: what it has is delivered if a moment is enough for that, and told in any case. */
export async function producerStopped(start: StartProgram, { bootstrap }: Env, name: NodeJS.Signals): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const program = start(PRODUCER, {}, [bootstrap, topic], 'pipe');
  program.process.stdin!.write('one\n');
  // An empty line serves reports.
  const lines = setInterval(() => program.process.stdin!.write('\n'), 20);
  await program.tells(/Delivered/).finally(() => clearInterval(lines));
  program.process.stdin!.write('two\n');
  await program.tells(/(Enqueued[\s\S]*){2}/);

  expect(await endedBy(program, name)).toBe(0);

  const delivered = count(program.err(), /^% Delivered/gm);
  expect(delivered + count(program.err(), /^% Not delivered/gm)).toBe(2);
  expect((await readTopic(bootstrap, topic)).records.length).toBeGreaterThanOrEqual(delivered);
}

// ---- consumer

/** Prints what it gets, ends on Ctrl-C, and the next one begins where it ended. */
export async function consumerPrints(
  t: TestContext,
  start: StartProgram,
  { bootstrap }: Env,
  protocol: 'classic' | 'consumer',
): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  produceTo(t, bootstrap, topic, ['a', '\u0001', 'c']);
  const args = [bootstrap, `g-${randomUUID()}`, protocol, topic];

  const before = start(CONSUMER, {}, args);
  await before.says(/Value: c\n/);
  const code = await endedBy(before, 'SIGINT');
  produceTo(t, bootstrap, topic, ['d']);
  const after = start(CONSUMER, {}, args);
  await after.says(/Value: d\n/);

  expect([code, await endedBy(after, 'SIGTERM')]).toEqual([0, 0]);
  const head = (offset: number): string => `${topic} [0] @${offset} (leader epoch N):\n`;
  const plain = (text: string): string => text.replace(/leader epoch -?\d+/g, 'leader epoch N');
  expect(plain(before.out())).toBe(
    `${head(0)} Key: k0\n Value: a\n${head(1)} Key: k1\n Value: (1 bytes)\n${head(2)} Key: k2\n Value: c\n`,
  );
  expect(plain(after.out())).toBe(`${head(3)} Key: k0\n Value: d\n`);
  expect(after.err()).toContain('% Closing the consumer\n');
}

// ---- rdkafka_complex_consumer_example

/** -e of a group, then -O of what it has committed, and -D of the group while it has a member. */
export async function complexGroup(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const group = `g-${randomUUID()}`;
  produceTo(t, bootstrap, topic, ['a', 'b', 'c', 'd']);
  const common = ['-b', bootstrap, '-g', group];

  const first = start(COMPLEX, {}, [...common, '-X', 'auto.offset.reset=earliest', '-qAe', topic]);
  expect(await first.ended).toBe(0);
  const offsets = start(COMPLEX, {}, [...common, '-O', `${topic}:0`, `${topic}:1`]);
  expect(await offsets.ended).toBe(0);
  const member = start(COMPLEX, {}, [...common, topic]);
  await member.tells(/assigned/);
  const described = start(COMPLEX, {}, [...common, '-D']);
  expect(await described.ended).toBe(0);
  const code = await endedBy(member, 'SIGTERM');

  const values = first.out().match(/^[abcd]$/gm) ?? [];
  expect(values.sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(first.err()).toMatch(
    /has rebalanced: assigned \(EAGER\)[\s\S]*All partitions have come to their end[\s\S]*revoked[\s\S]*is closed/,
  );
  const committed = [...offsets.out().matchAll(/^Topic "\S+" partition \d offset (\d+)$/gm)].map(([, n]) => Number(n));
  expect(committed.reduce((a, b) => a + b, 0)).toBe(4);
  expect(described.out()).toMatch(new RegExp(`^Group "${group}" in state Stable on broker \\d+`));
  expect(described.out()).toMatch(/, 1 member\(s\):\n {2}"rdkafka-.*", client id "rdkafka" on host \S+\n/);
  expect(code).toBe(0);
}

/** Partitions by hand, as a hexdump; SIGUSR1 dumps the handle, and it goes on. */
export async function complexAssigned(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const value = 'sixteen bytes and more';
  produceTo(t, bootstrap, topic, [value]);
  const args = ['-b', bootstrap, '-X', 'auto.offset.reset=earliest', '-X', 'enable.auto.commit=false', `${topic}:0`];
  const program = start(COMPLEX, {}, args);
  await program.says(/Message Payload hexdump/);
  await program.tells(/The end of/);

  program.process.kill('SIGUSR1');
  await program.says(/rdkafka#consumer-1/);
  const code = await endedBy(program, 'SIGINT');

  expect(program.out()).toContain(
    `Message Key hexdump (2 bytes):
00000000: 6b 30                                            k0              
Message Payload hexdump (${value.length} bytes):
00000000: 73 69 78 74 65 65 6e 20 62 79 74 65 73 20 61 6e  sixteen bytes an
00000010: 64 20 6d 6f 72 65                                d more          
`,
  );
  expect(program.err()).toMatch(/^% Assigning 1 partitions\n/);
  expect(code).toBe(0);
}

// ---- rdkafka_performance

/** The last line in words: what it has produced, delivered and failed. */
function summary(program: Program): { msgs: number; delivered: number; failed: number } {
  const lines = [
    ...program
      .out()
      .matchAll(
        /^% (\d+) messages produced \(\d+ bytes\), (\d+) delivered \(offset \d+, (\d+) failed\) in \d+ms: \d+ msgs\/s and [\d.]+ MB\/s, \d+ produce failures, (\d+) in queue, \S+ compression$/gm,
      ),
  ];
  const [, msgs, delivered, failed, queued] = (lines.at(-1) ?? []).map(Number);
  expect(queued).toBe(0);
  return { msgs: msgs!, delivered: delivered!, failed: failed! };
}

/** How many messages the topic has had. */
function storedIn(t: TestContext, bootstrap: string, topic: string, partitions: number): number {
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap });
  let stored = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const high = out<number>();
    expect(rd_kafka_query_watermark_offsets(rk, topic, partition, null, high, 30_000)).toBe(0);
    stored += high.value;
  }
  return stored;
}

/** So many messages produced, then consumed by hand to the end, and by a group in batches. */
export async function performanceCounts(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const common = ['-t', topic, '-b', bootstrap];

  const producer = start(PERFORMANCE, {}, ['-P', ...common, '-c', '20000', '-s', '50', '-z', 'lz4', '-H', 'a=b']);
  const produced = await producer.ended;
  const simple = start(PERFORMANCE, {}, ['-C', ...common, '-p0', '-p1', '-o', 'beginning', '-e', '-H', 'parse']);
  const consumed = await simple.ended;
  const group = start(PERFORMANCE, {}, ['-G', `g-${randomUUID()}`, ...common, '-B', '500', '-c', '20000', '-u', '-M']);
  const grouped = await group.ended;

  expect([produced, consumed, grouped]).toEqual([0, 0, 0]);
  expect(producer.out()).toMatch(/^% Sending 20000 messages of size 50 bytes\n/);
  expect(producer.out()).toMatch(/, lz4 compression\n/);
  expect(summary(producer)).toEqual({ msgs: 20_000, delivered: 20_000, failed: 0 });
  expect(storedIn(t, bootstrap, topic, 2)).toBe(20_000);
  expect(simple.out()).toMatch(
    /^% 20000 messages \(1000000 bytes\) consumed in \d+ms: \d+ msgs\/s \([\d.]+ MB\/s\)\n% Average application fetch latency: \d+us\n$/m,
  );
  const [, last] = /\n\|\s+\d+ \|\s+(\d+) \|.*\n(?:% INTERVAL: .*\n)?% Average.*\n$/.exec(group.out())!;
  expect(last).toBe('20000');
}

/** The columns of the tables are the C program's. */
export async function performanceTables(start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const common = ['-t', topic, '-b', bootstrap, '-u', '-l', '-i', '50'];
  const header = (names: string): string =>
    names
      .split(' ')
      .map((name) => `| ${name.padStart(10)} `)
      .join('');

  const producer = start(PERFORMANCE, {}, ['-P', ...common, '-c', '500', '-r', '1000', '-X', 'linger.ms=5']);
  const produced = await producer.ended;
  const consumer = start(PERFORMANCE, {}, ['-C', ...common, '-p', '0', '-c', '500']);
  const consumed = await consumer.ended;

  expect([produced, consumed]).toEqual([0, 0]);
  expect(producer.out()).toContain(
    `${header('elapsed msgs bytes rtt dr dr_m/s dr_MB/s dr_err tx_err outq offset lat_curr lat_avg lat_lo lat_hi')}\n`,
  );
  expect(consumer.out()).toContain(
    `${header('elapsed msgs bytes rtt m/s MB/s rx_err offset lat_curr lat_avg lat_lo lat_hi')}\n`,
  );
  const last = (program: Program): number[] => {
    const rows = program.out().match(/^\|(?:\s+[\d.]+ \|?)+$/gm) ?? [];
    return rows.at(-1)!.split('|').slice(1).map(Number);
  };
  const [, msgs, bytes, , dr, , , failed, , queued, offset, , average] = last(producer);
  expect([msgs, bytes, dr, failed, queued, offset]).toEqual([500, 500 * 34, 500, 0, 0, 499]);
  expect(average).toBeGreaterThan(0);
  const [, got, , , , , errors] = last(consumer);
  expect([got, errors]).toEqual([500, 0]);
}

/** At full speed, then a signal: each message is delivered or told to have failed, and none is stored beside those. */
export async function performanceStopped(
  t: TestContext,
  start: StartProgram,
  { bootstrap }: Env,
  name: NodeJS.Signals,
): Promise<void> {
  const topic = await freshTopic(bootstrap, 3);
  const program = start(PERFORMANCE, {}, ['-P', '-t', topic, '-b', bootstrap, '-s', '100', '-i', '100']);
  await program.says(/messages produced .*, [1-9]\d* delivered/);

  await endedBy(program, name);

  const { msgs, delivered, failed } = summary(program);
  expect(delivered + failed).toBe(msgs);
  expect(delivered).toBeGreaterThan(0);
  const stored = storedIn(t, bootstrap, topic, 3);
  expect(stored).toBeGreaterThanOrEqual(delivered);
  expect(stored).toBeLessThanOrEqual(msgs);
}

/** Properties of a file, sequence numbers, and latencies in a file. */
export async function performanceFiles(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const dir = mkdtempSync(join(tmpdir(), 'rdkafka-performance-'));
  belongs(t, () => rmSync(dir, { recursive: true }));
  const [conf, latencies] = [join(dir, 'conf'), join(dir, 'latencies')];
  writeFileSync(conf, `# a comment\n\nbootstrap.servers=${bootstrap}\nlinger.ms=5\n`);
  const file = ['-t', topic, '-X', `file=${conf}`];

  const numbered = start(PERFORMANCE, {}, ['-P', ...file, '-c', '3', '-F', '99', '-s', '30', '-k', 'key', '-m', '.']);
  const timed = start(PERFORMANCE, {}, ['-P', ...file, '-c', '3', '-l', '-A', latencies]);

  expect([await numbered.ended, await timed.ended]).toEqual([0, 0]);
  const { records } = await readTopic(bootstrap, topic);
  const mine = records.filter(({ key }) => String(key) === 'key').map(({ value }) => String(value));
  expect(mine).toEqual([`99: ${'.'.repeat(26)}`, `100: ${'.'.repeat(25)}`, `101: ${'.'.repeat(25)}`]);
  expect(readFileSync(latencies, 'utf8')).toMatch(/^(\d+\n){3}$/);
}
