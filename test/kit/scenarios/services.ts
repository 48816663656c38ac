// What the service examples promise, on any cluster. @thread app
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext } from 'vitest';
import { rd_kafka_flush, rd_kafka_producev } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import type { Program, StartProgram } from '../programs.ts';
import { readTopic } from '../read_topic.ts';
import { createTopic, freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env } from './env.ts';

/** A call that waits for its answer. */
interface Call {
  readonly body: string;
  readonly place: string;
  answer(status: number, text?: string): void;
}

export interface Shipping {
  readonly url: string;
  /** All that have come, in order. */
  readonly calls: Call[];
  /** The call of that number, when it is here. */
  call(i: number): Promise<Call>;
}

/** The web service that the worker calls; `now` answers at once, what it gives null for waits for the test. */
export async function aShippingService(
  now: (body: string, time: number) => number | null = () => 200,
): Promise<Shipping> {
  const calls: Call[] = [];
  const times = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    const time = (times.get(body) ?? 0) + 1;
    times.set(body, time);
    const answer = (status: number, text = ''): void => void response.writeHead(status).end(text);
    calls.push({ body, place: String(request.headers['idempotency-key']), answer });
    const status = now(body, time);
    if (status !== null) answer(status, status === 422 ? 'no such item' : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ship`,
    calls,
    call: (i) => until(() => calls[i], { deadline_ms: 60_000, what: () => `call ${i} of ${calls.length}` }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

export function put(
  t: TestContext,
  bootstrap: string,
  messages: readonly { topic: string; partition?: number; key?: string; value: string }[],
): void {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const message of messages) expect(rd_kafka_producev(rk, message)).toBe(0);
  expect(rd_kafka_flush(rk, 30_000)).toBe(0);
}

interface WorkerEnv {
  readonly topic: string;
  readonly env: Readonly<Record<string, string>>;
}

export async function aWorkerTopic(bootstrap: string, url: string): Promise<WorkerEnv> {
  const topic = await freshTopic(bootstrap, 1);
  await createTopic(bootstrap, `${topic}.failed`, 1);
  const env = {
    KAFKA_BOOTSTRAP: bootstrap,
    KAFKA_TOPIC: topic,
    KAFKA_GROUP: `g-${randomUUID()}`,
    SHIP_URL: url,
    HEALTH_MS: '100',
  };
  return { topic, env };
}

export const startWorker = (start: StartProgram, { env }: WorkerEnv): Program =>
  start('examples/worker_service.ts', env);

/** What fails for now is tried again, what fails for good is kept in another topic, and nothing else waits for it. */
export async function workerRetriesAndGivesUp(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const shipping = await aShippingService((body, time) => {
    if (body === 'bad') return 422;
    return body === 'late' && time < 3 ? 503 : 200;
  });
  const worker = await aWorkerTopic(bootstrap, shipping.url);
  const { topic } = worker;
  put(t, bootstrap, [
    { topic, key: 'ann', value: 'late' },
    { topic, key: 'ann', value: 'behind it' },
    { topic, key: 'bob', value: 'bad' },
    { topic, key: 'cid', value: 'good' },
  ]);

  const program = startWorker(start, worker);
  await program.says(new RegExp(`health {"handled":3,"retried":2,"failed":1,"partitions":{"${topic} \\[0\\]":"ok"}}`));
  program.process.kill('SIGTERM');
  const code = await program.ended;

  const bodies = shipping.calls.map(({ body }) => body);
  expect([...bodies].sort()).toEqual(['bad', 'behind it', 'good', 'late', 'late', 'late']);
  expect(bodies.indexOf('behind it')).toBeGreaterThan(bodies.lastIndexOf('late'));
  expect(bodies.indexOf('good')).toBeLessThan(bodies.lastIndexOf('late'));
  const { records } = await readTopic(bootstrap, `${topic}.failed`);
  expect(records.map(({ key, value, headers }) => [key, value, ...headers.flat()].map(String))).toEqual([
    ['bob', 'bad', 'failed-from', `${topic} [0] @2`, 'failed-why', 'after 1: Error: 422 no such item'],
  ]);
  expect(program.out()).toContain('closed: {"handled":3,"retried":2,"failed":1}');
  expect(code).toBe(0);
}

/** On SIGTERM the call that is on its way comes to its end; the next worker begins behind it. */
export async function workerEndsGracefully(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const shipping = await aShippingService((body) => (body === 'slow' ? null : 200));
  const worker = await aWorkerTopic(bootstrap, shipping.url);
  const { topic } = worker;
  put(t, bootstrap, [
    { topic, key: 'a', value: 'one' },
    { topic, key: 'b', value: 'slow' },
  ]);
  const before = startWorker(start, worker);
  await Promise.all([shipping.call(1), before.says(/"handled":1/)]);

  before.process.kill('SIGTERM');
  await before.says(/SIGTERM: ending/);
  const [slow] = shipping.calls.filter(({ body }) => body === 'slow');
  slow!.answer(200);
  const code = await before.ended;
  put(t, bootstrap, [{ topic, key: 'c', value: 'three' }]);
  const after = startWorker(start, worker);
  await shipping.call(2);
  after.process.kill('SIGINT');

  expect([code, await after.ended]).toEqual([0, 0]);
  expect(before.out()).toContain('closed: {"handled":2,"retried":0,"failed":0}');
  expect([before.err(), after.err()]).toEqual(['', '']);
  expect(shipping.calls.map(({ body, place }) => `${body} ${place}`).sort()).toEqual([
    `one ${topic} [0] @0`,
    `slow ${topic} [0] @1`,
    `three ${topic} [0] @2`,
  ]);
}

/** Killed with an order in hand, it loses none: the next worker does it. */
export async function workerIsKilled(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const shipping = await aShippingService((body, time) => (body === 'slow' && time === 1 ? null : 200));
  const worker = await aWorkerTopic(bootstrap, shipping.url);
  const { topic } = worker;
  put(t, bootstrap, [
    { topic, key: 'a', value: 'slow' },
    { topic, key: 'b', value: 'other' },
  ]);

  const before = startWorker(start, worker);
  await shipping.call(1);
  before.process.kill('SIGKILL');
  const code = await before.ended;
  const after = startWorker(start, worker);
  await until(() => shipping.calls.filter(({ body }) => body === 'slow').length === 2, { deadline_ms: 100_000 });
  after.process.kill('SIGTERM');

  expect([code, await after.ended]).toEqual(['SIGKILL', 0]);
}

const VALUES = 20_000;

/** Killed in the middle of its work as often as may be: each message is in the store once, in order. */
export async function loaderStoresOnce(t: TestContext, start: StartProgram, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const store = mkdtempSync(join(tmpdir(), 'rdkafka-store-'));
  t.onTestFinished(() => rmSync(store, { recursive: true, force: true }));
  const env = { KAFKA_BOOTSTRAP: bootstrap, KAFKA_TOPIC: topic, KAFKA_GROUP: `g-${randomUUID()}`, STORE: store };
  put(
    t,
    bootstrap,
    Array.from({ length: VALUES }, (_, i) => ({ topic, partition: i % 2, value: `v${i}` })),
  );
  const linesOf = (partition: number): { offset: number; value: string }[] => {
    const file = join(store, `${topic}-${partition}.jsonl`);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    return lines.slice(0, -1).map((line) => JSON.parse(line) as { offset: number; value: string });
  };

  const killed = start('examples/batch_loader.ts', env);
  await killed.says(/stored \d/);
  killed.process.kill('SIGKILL');
  await killed.ended;
  const program = start('examples/batch_loader.ts', env);
  const all = (): boolean => linesOf(0).length + linesOf(1).length === VALUES;
  await until(all, { deadline_ms: 100_000, what: () => `all in the store: ${program.out()}${program.err()}` });
  program.process.kill('SIGTERM');

  expect(await program.ended).toBe(0);
  expect(program.out()).toMatch(/^assigned (?:[01]@-?\d+ ?)+\n(?:stored \d+\n)+closed\n$/);
  for (const partition of [0, 1])
    expect(linesOf(partition)).toEqual(
      Array.from({ length: VALUES / 2 }, (_, i) => ({ offset: i, key: null, value: `v${2 * i + partition}` })),
    );
}
