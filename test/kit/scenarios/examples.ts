// What the programs of examples/ promise, on any cluster. @thread app
import { randomUUID } from 'node:crypto';
import { expect, type TestContext } from 'vitest';
import { RD_KAFKA_PARTITION_UA, rd_kafka_flush, rd_kafka_producev } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import type { StartProgram } from '../programs.ts';
import { readTopic } from '../read_topic.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export const EXAMPLES: readonly string[] = [
  'examples/first.ts',
  'examples/http_producer.ts',
  'examples/worker_service.ts',
  'examples/batch_loader.ts',
  'examples/simple_consumer.ts',
  'examples/event_loop.ts',
  'examples/pause_resume.ts',
  'examples/kafka_producer_main.ts',
];

export function produceTo(t: TestContext, bootstrap: string, topic: string, values: readonly string[]): void {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const [i, value] of values.entries())
    expect(rd_kafka_producev(rk, { topic, key: `k${i}`, value, partition: RD_KAFKA_PARTITION_UA })).toBe(0);
  expect(rd_kafka_flush(rk, 20_000)).toBe(0);
}

/** The shortest program says where its message is. */
export async function first(start: StartProgram, { bootstrap }: Env): Promise<void> {
  const program = start('examples/first.ts', { KAFKA_BOOTSTRAP: bootstrap });

  const code = await program.ended;

  expect(program.out()).toMatch(/^delivered to greetings \[\d+\] at offset \d+\n$/);
  expect(program.err()).toBe('');
  expect(code).toBe(0);
}

/** Every POST is answered by its message's report, and is in the log. */
export async function httpProducer(start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const service = start('examples/http_producer.ts', { KAFKA_BOOTSTRAP: bootstrap, KAFKA_TOPIC: topic, PORT: '0' });
  const [, url] = await service.says(/listening on (http:\S+),/);

  const answers = [];
  for (const body of ['one', 'two', 'three']) {
    const response = await fetch(`${url}/orders/${body}`, { method: 'POST', body });
    answers.push([response.status, ((await response.json()) as { offset: number }).offset]);
  }
  const refused = [
    (await fetch(`${url}/orders/a`)).status,
    (await fetch(`${url}/other`, { method: 'POST', body: 'x' })).status,
    (await fetch(`${url}/orders/a`, { method: 'POST', body: 'x'.repeat(200_000) })).status,
  ];
  service.process.kill('SIGTERM');
  const code = await service.ended;

  expect(answers).toEqual([
    [202, 0],
    [202, 1],
    [202, 2],
  ]);
  expect(refused).toEqual([405, 404, 413]);
  expect(service.err()).toBe('');
  expect(service.out()).toContain('everything delivered');
  expect(code).toBe(0);
  const { records } = await readTopic(bootstrap, topic);
  expect(records.map(({ key, value }) => `${key}=${value}`)).toEqual(['one=one', 'two=two', 'three=three']);
}

const int = (value: Buffer | null): number => value!.readInt32LE();

/** The ported C module, without an event loop, into topics that it has never seen. */
export async function kafkaProducer(start: StartProgram, { bootstrap }: Env): Promise<void> {
  const devices = [randomUUID(), randomUUID()];
  const program = start('examples/kafka_producer_main.ts', { KAFKA_BOOTSTRAP: bootstrap, DEVICES: devices.join(',') });

  const code = await program.ended;

  expect(program.out()).toContain('sent 6, delivered 6, failed 0\n');
  expect(code).toBe(0);
  const notes = (await readTopic(bootstrap, 'device-notifications')).records;
  const mine = notes.filter(({ key }) => key?.toString() === devices[1]);
  expect(mine.map(({ value }) => JSON.parse(String(value)))).toEqual([
    { device: devices[1], online: true },
    { device: devices[1], address: '192.0.2.1' },
  ]);
  expect(mine[0]!.headers.map(([name]) => name)).toEqual(
    ['msg_type', 'src', 'dest', 'req_id', 'msg_sub_type', 'op', 'first', 'last'], // in this order
  );
  const headers = new Map(mine[0]!.headers);
  expect([int(headers.get('msg_type')!), int(headers.get('req_id')!), String(headers.get('src'))]).toEqual([
    1,
    3,
    devices[1],
  ]);
  const snmp = (await readTopic(bootstrap, 'snmp-data')).records;
  expect(snmp.filter(({ key }) => devices.some((device) => device === String(key)))).toHaveLength(2);
}

/** Prints the last messages of the partition, and ends by itself. */
export async function simpleConsumer(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  produceTo(t, bootstrap, topic, ['a', 'b', 'c', 'd']);

  const program = start('examples/simple_consumer.ts', {
    KAFKA_BOOTSTRAP: bootstrap,
    KAFKA_TOPIC: topic,
    KAFKA_LAST: '3',
  });

  expect(await program.ended).toBe(0);
  expect(program.out()).toBe('@1: b\n@2: c\n@3: d\nthe end, at offset 4\n');
}

/** Takes everything off one queue, the rebalance of its end included. */
export async function eventLoop(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const env = { KAFKA_BOOTSTRAP: bootstrap, KAFKA_TOPIC: topic, KAFKA_GROUP: `g-${randomUUID()}` };
  produceTo(t, bootstrap, topic, ['a', 'b']);

  const program = start('examples/event_loop.ts', env);
  await program.says(/@1: b/);
  await program.says(/committed 0@2: NO_ERROR/);
  program.process.kill('SIGTERM');

  expect(await program.ended).toBe(0);
  expect(program.out()).toMatch(/^assigned 0\n@0: a\n(.*\n)*revoked 0\n(.*\n)*closed\n$/);
  expect(program.err()).toBe('');
}

/** Handles everything in the order of its partition, and commits what it has handled. */
export async function pauseResume(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const env = { KAFKA_BOOTSTRAP: bootstrap, KAFKA_TOPIC: topic, KAFKA_GROUP: `g-${randomUUID()}` };
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (let i = 0; i < 40; i++) expect(rd_kafka_producev(rk, { topic, partition: i % 2, value: `${i}` })).toBe(0);
  expect(rd_kafka_flush(rk, 20_000)).toBe(0);

  const program = start('examples/pause_resume.ts', env);
  await Promise.all([program.says(/\[0\] @19: 38/), program.says(/\[1\] @19: 39/)]);
  program.process.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const lines = program.out().split('\n');
  const again = start('examples/pause_resume.ts', env);
  expect(rd_kafka_producev(rk, { topic, partition: 0, value: 'next' })).toBe(0);
  await again.says(/: next/);
  again.process.kill('SIGTERM');

  for (const partition of [0, 1])
    expect(lines.filter((line) => line.startsWith(`[${partition}]`))).toEqual(
      Array.from({ length: 20 }, (_, i) => `[${partition}] @${i}: ${2 * i + partition}`),
    );
  expect(await again.ended).toBe(0);
  expect(again.out()).toBe('[0] @20: next\nclosed\n');
}
