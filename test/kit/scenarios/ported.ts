// What the ported programs of examples/ promise, on any cluster. @thread app
import { randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext } from 'vitest';
import { rd_kafka_flush, rd_kafka_producev } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { twoPorts } from '../ports.ts';
import type { Program, StartProgram } from '../programs.ts';
import { readTopic } from '../read_topic.ts';
import { freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env } from './env.ts';

export const PORTED: readonly string[] = [
  'examples/kafka_server_service_discovery_main.ts',
  'examples/snmp_consumer.ts',
  'examples/simple_batches.ts',
];

const DISCOVERY = 'examples/kafka_server_service_discovery_main.ts';
const SNMP = 'examples/snmp_consumer.ts';
const DEADLINE_MS = 60_000;

export interface Published {
  readonly file: string;
  readonly publish: (brokers: string) => void;
}

/** The file in which an orchestrator says where the brokers are. */
export function aBrokerFile(t: TestContext, brokers: string): Published {
  const folder = mkdtempSync(join(tmpdir(), 'brokers-'));
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'kafka.env');
  const publish = (now: string): void => {
    writeFileSync(`${file}.new`, `KAFKA_BROKER_ADDRESS_PORT=${now}\n`);
    renameSync(`${file}.new`, file);
  };
  publish(brokers);
  return { file, publish };
}

/** An address where nobody is. */
export const nowhere = async (): Promise<string> => `127.0.0.1:${await twoPorts()}`;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The numbers of this device's reports, as they lie in the log. */
async function storedReports(bootstrap: string, device: string): Promise<number[]> {
  const { records } = await readTopic(bootstrap, 'device-notifications');
  return records
    .filter(({ key }) => String(key) === device)
    .map(({ headers }) => new Map(headers).get('req_id')!.readInt32LE());
}

/** Says that all of it was delivered, and it is in the log; gives what is there. */
async function allDelivered(program: Program, bootstrap: string, device: string, count: number): Promise<number[]> {
  const code = await program.ended;
  expect(program.out() + (code === 0 ? '' : program.err())).toContain(`sent ${count}, delivered ${count}, failed 0\n`);
  expect(code).toBe(0);
  const stored = await storedReports(bootstrap, device);
  expect([...new Set(stored)].sort((a, b) => a - b)).toEqual(upTo(count));
  return stored;
}

/** Messages wait for brokers that are not there; new ones that are published are added to the same handle. */
export async function discoveryAdds(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const [device, dead] = [randomUUID(), await nowhere()];
  const { file, publish } = aBrokerFile(t, dead);
  const program = start(DISCOVERY, { KAFKA_BROKER_FILE: file, DEVICE: device, INTERVAL_MS: '1', COUNT: '50' });
  await program.says(/all 50 sent/);

  publish(`${dead},${bootstrap}`);

  expect(await allDelivered(program, bootstrap, device, 50)).toEqual(upTo(50));
  expect(program.out()).toContain(`service discovery: added ${bootstrap} (${bootstrap.split(',').length})\n`);
  expect(program.out()).not.toContain('restart');
}

/** When none of the old ones is left the next handle gets what the old one could not deliver, in its order. */
export async function discoveryRestarts(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const [device, dead] = [randomUUID(), await nowhere()];
  const { file, publish } = aBrokerFile(t, dead);
  const program = start(DISCOVERY, { KAFKA_BROKER_FILE: file, DEVICE: device, INTERVAL_MS: '1', COUNT: '50' });
  await program.says(/all 50 sent/);

  publish(bootstrap);

  expect(await allDelivered(program, bootstrap, device, 50)).toEqual(upTo(50));
  expect(program.out()).toContain(`service discovery: restart with ${bootstrap}\n`);
}

/** What makes no sense is told, and changes nothing. */
export async function discoveryRefuses(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const device = randomUUID();
  const { file, publish } = aBrokerFile(t, bootstrap);
  const program = start(DISCOVERY, { KAFKA_BROKER_FILE: file, DEVICE: device, INTERVAL_MS: '1' });
  await program.says(/delivered \d+ bytes/);

  publish(`${bootstrap},no port`);
  const told = `service discovery: no list of brokers: ${bootstrap},no port\n`;
  await until(() => program.err().includes(told), { deadline_ms: DEADLINE_MS });
  const before = program.out().length;
  await until(() => program.out().slice(before).includes('delivered'), { deadline_ms: DEADLINE_MS });
  program.process.kill('SIGTERM');

  await program.ended;
  expect(program.out()).not.toContain('service discovery: ');
}

/** The only brokers go elsewhere while messages come: `move` has them move, and gives where they are then. */
export async function discoveryFollows(
  t: TestContext,
  start: StartProgram,
  bootstrap: string,
  move: () => Promise<string>,
): Promise<void> {
  const device = randomUUID();
  const { file, publish } = aBrokerFile(t, bootstrap);
  // It sends until it is told to stop: before the move, meanwhile and after it.
  const env = { KAFKA_BROKER_FILE: file, DEVICE: device, INTERVAL_MS: '4', FLUSH_MS: String(DEADLINE_MS) };
  const program = start(DISCOVERY, env);
  await program.says(/delivered \d+ bytes/);

  const next = await move();
  publish(next);
  const restarted = `service discovery: restart with ${next}\n`;
  await until(() => program.out().split(restarted)[1]?.includes('delivered'), { deadline_ms: DEADLINE_MS });
  program.process.kill('SIGTERM');

  await program.ended;
  const sent = Number(/^sent (\d+)/m.exec(program.out())?.[1]);
  await allDelivered(program, next, device, sent);
}

/** A signal ends it within a second, and what is not delivered is reported as failed. */
export async function discoveryStops(start: StartProgram): Promise<void> {
  const dead = await nowhere();
  const took = [];
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const program = start(DISCOVERY, { KAFKA_BROKER_ADDRESS_PORT: dead, INTERVAL_MS: '1', COUNT: '20' });
    await program.says(/all 20 sent/);
    const began = performance.now();
    program.process.kill(name);
    expect(await program.ended).toBe(1);
    took.push(performance.now() - began);
    expect(program.out()).toContain('sent 20, delivered 0, failed 20\n');
  }
  // The machine may have much else to do: that it can be so fast is the promise.
  expect(Math.min(...took)).toBeLessThan(1000);
}

/** A full queue waits for brokers to be published, and a signal ends that. */
export async function discoveryFullQueue(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const dead = await nowhere();
  const count = 100_100; // queue.buffering.max.messages and some
  const env = { INTERVAL_MS: '0', COUNT: String(count) };
  const { file, publish } = aBrokerFile(t, dead);
  const stopped = start(DISCOVERY, { ...env, KAFKA_BROKER_ADDRESS_PORT: dead });
  const program = start(DISCOVERY, { ...env, KAFKA_BROKER_FILE: file });
  await until(() => stopped.err().includes('queue is full'), { deadline_ms: DEADLINE_MS });
  await until(() => program.err().includes('queue is full'), { deadline_ms: DEADLINE_MS });

  stopped.process.kill('SIGTERM');
  publish(bootstrap);

  await stopped.ended;
  expect(stopped.out()).toContain('sent 100000, delivered 0, failed 100000\n');
  expect(await program.ended).toBe(0);
  // By the reports: a mock cluster keeps no more than the last megabytes of a partition.
  expect(program.out()).toContain(`sent ${count}, delivered ${count}, failed 0\n`);
}

/** The partitions that a consumer was given last. */
function assignedTo(program: Program): string[] {
  const last = [...program.out().matchAll(/^(assigned|revoked)(.*)$/gm)].at(-1);
  return last?.[1] === 'assigned' ? last[2]!.trim().split(' ').filter(Boolean) : [];
}

async function shared(programs: readonly Program[], each: number): Promise<void> {
  const what = (): string => programs.map((one) => `${one.out()}${one.err()}`).join('\n--\n');
  await until(
    () => {
      const given = programs.map(assignedTo);
      return given.every((own) => own.length === each) && new Set(given.flat()).size === each * programs.length;
    },
    { deadline_ms: DEADLINE_MS, what },
  );
}

const messagesOf = (programs: readonly Program[]): string[] =>
  programs
    .flatMap((one) => [...one.out().matchAll(/^\[(\d+)\] @(\d+) src (\S+) req_id (\d+): (.*)$/gm)])
    .map(([, partition, offset, src, id, payload]) => `${partition}/${offset} ${src} ${id} ${payload}`)
    .sort();

async function handled(programs: readonly Program[], expected: readonly string[]): Promise<void> {
  const what = (): string => `${expected.length} messages, but there are ${messagesOf(programs).join(', ')}`;
  await until(() => messagesOf(programs).length >= expected.length, { deadline_ms: DEADLINE_MS, what });
  expect(messagesOf(programs)).toEqual([...expected].sort());
}

/** One message for each of six partitions, at this offset; as the consumers print them. */
function sixMessages(t: TestContext, bootstrap: string, topic: string, offset: number): string[] {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const expected = upTo(6).map((partition) => {
    const [req_id, src, value] = [Buffer.alloc(4), `switch${partition}`, `value${partition}`];
    req_id.writeInt32LE(offset + partition);
    expect(rd_kafka_producev(rk, { topic, partition, key: src, value, headers: { src, req_id } })).toBe(0);
    return `${partition}/${offset} ${src} ${offset + partition} ${value}`;
  });
  expect(rd_kafka_flush(rk, 30_000)).toBe(0);
  return expected;
}

/** Ms that it took to end. */
async function stop(program: Program, name: NodeJS.Signals): Promise<number> {
  const began = performance.now();
  program.process.kill(name);
  expect(await program.ended).toBe(0);
  const took = performance.now() - began;
  expect(program.out()).toMatch(/\nclosed\n$/);
  // Brokers come by brokers_add, which librdkafka warns of, too.
  const lines = program.err().split('\n');
  expect(lines.filter((line) => line !== '' && !line.includes('no `bootstrap.servers`'))).toEqual([]);
  return took;
}

/** Three share six partitions; those that are stopped have committed, and the others take over. */
export async function snmpConsumers(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 6);
  const env = { KAFKA_BROKERS: bootstrap, KAFKA_TOPIC: topic, KAFKA_GROUP: `g-${randomUUID()}` };
  const [a, b, c] = [start(SNMP, env), start(SNMP, env), start(SNMP, env)];
  const took: number[] = [];

  await shared([a, b, c], 2);
  const first = sixMessages(t, bootstrap, topic, 0);
  await handled([a, b, c], first);
  took.push(await stop(a, 'SIGTERM'));
  await shared([b, c], 3);
  took.push(await stop(b, 'SIGINT'));
  await shared([c], 6);
  const second = sixMessages(t, bootstrap, topic, 1);
  await handled([a, b, c], [...first, ...second]);
  took.push(await stop(c, 'SIGTERM'));

  expect([a, b, c].map((one) => messagesOf([one]).length)).toEqual([2, 2, 8]);
  expect(c.out()).toMatch(/ \[\d\] ends at 1\n/);
  // As above: that they can be so fast.
  expect(Math.min(...took)).toBeLessThan(1000);
}

/** With the brokers gone, and something that was handled and not committed. */
export async function snmpStopsWithoutBrokers(
  t: TestContext,
  start: StartProgram,
  { bootstrap }: Env,
  goAway: () => void,
): Promise<void> {
  const topic = await freshTopic(bootstrap, 6);
  const env = { KAFKA_BROKERS: bootstrap, KAFKA_TOPIC: topic };
  const [a, b] = [start(SNMP, { ...env, KAFKA_GROUP: 'a' }), start(SNMP, { ...env, KAFKA_GROUP: 'b' })];
  await Promise.all([shared([a], 6), shared([b], 6)]);
  const messages = sixMessages(t, bootstrap, topic, 0);
  await Promise.all([handled([a], messages), handled([b], messages)]);

  goAway();
  const took = await Promise.all(
    [a, b].map(async (program, i) => {
      const began = performance.now();
      program.process.kill(i === 0 ? 'SIGINT' : 'SIGTERM');
      await program.ended;
      return performance.now() - began;
    }),
  );

  expect([a, b].map((one) => one.out().endsWith('closed\n'))).toEqual([true, true]);
  expect(Math.min(...took)).toBeLessThan(1000);
}

/** What it writes is what its calls promise. */
export async function simpleBatches(start: StartProgram, { bootstrap }: Env): Promise<void> {
  const env = {
    KAFKA_BOOTSTRAP: bootstrap,
    KAFKA_TOPIC: await freshTopic(bootstrap, 1),
    KAFKA_GROUP: `g-${randomUUID()}`,
  };

  const program = start('examples/simple_batches.ts', env);
  const code = await program.ended;

  expect(program.err()).toBe('');
  // A slow machine finds the queue full more than once.
  expect(program.out().replace(/(produce i: -1, _QUEUE_FULL\n)+/, '$1')).toBe(`produce_batch: 5 of 6
produce i: -1, _QUEUE_FULL
delivered 9
consume_callback, STORED: a b c d e
consume_callback, STORED: f g h i
consume, BEGINNING: a b c d e f g h i
consume_batch, TAIL(3): g h i
consume, END: new
`);
  expect(code).toBe(0);
}

/** A signal ends its waiting for brokers that are not there, within a second. */
export async function simpleBatchesStops(start: StartProgram): Promise<void> {
  const dead = await nowhere();
  const took = [];
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const program = start('examples/simple_batches.ts', { KAFKA_BOOTSTRAP: dead });
    await program.says(/_QUEUE_FULL/);
    const began = performance.now();
    program.process.kill(name);
    expect(await program.ended).toBe(1);
    took.push(performance.now() - began);
  }
  expect(Math.min(...took)).toBeLessThan(1000);
}
