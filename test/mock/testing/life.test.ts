// A cluster of rdkafka-ts/testing from its start to its end: mock_cluster, suite_cluster, close, open_handles.
import { createConnection } from 'node:net';
import { after, before, type TestContext as NodeContext, afterEach as nodeAfterEach } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { registry } from '../../../src/app/registry.ts';
import type { AppThread } from '../../../src/app/thread.ts';
import { RD_KAFKA_PRODUCER, rd_kafka_destroy, rd_kafka_new } from '../../../src/rdkafka.ts';
import {
  type MockCluster,
  mock_cluster,
  mock_cluster_destroy,
  open_handles,
  suite_cluster,
  type TestContext,
} from '../../../src/testing.ts';
import { aConf } from '../../kit/builders.ts';
import { nothingLeft } from '../../kit/nothing_left.ts';
import { nothingAdded, resources } from '../../kit/resources.ts';
import { PATIENCE, producerOf, rejected, send } from './kit.ts';

const before_all = resources();

afterAll(async () => {
  expect(open_handles()).toEqual([]);
  await nothingLeft();
  await nothingAdded(before_all);
});

/** Whether somebody accepts connections there. */
function listens(bootstrap: string): Promise<boolean> {
  const [host, port] = bootstrap.split(',')[0]!.split(':');
  return new Promise((resolve) => {
    const socket = createConnection(Number(port), host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What a runner would call, called by the test. */
class Runner {
  readonly ends: (() => Promise<void>)[] = [];
  readonly add = (fn: () => Promise<void>): void => void this.ends.push(fn);

  async end(): Promise<void> {
    for (const fn of this.ends) await fn();
  }
}

describe('mock_cluster', () => {
  test('is ready when it is there: brokers 1 to n listen, topics are made', async () => {
    await using c = await mock_cluster({ brokers: 3, topics: { orders: 2 } });

    const addresses = c.bootstrap.split(',');

    expect(await Promise.all(addresses.map(listens))).toEqual([true, true, true]);
    expect(addresses.every((address) => /^127\.0\.0\.1:\d+$/.test(address))).toBe(true);
    await c.move_leader('orders', 1, 3);
  });

  test('has one broker and no topics by default', async () => {
    await using c = await mock_cluster();

    expect(c.bootstrap.split(',')).toHaveLength(1);
    expect((await rejected(c.down(2))).message).toContain('brokers: 1');
  });

  test.each([
    ['onTestFinished, as of vitest', (runner: Runner): TestContext => ({ onTestFinished: runner.add })],
    ['after, as of node:test', (runner: Runner): TestContext => ({ after: runner.add })],
  ])('closes with its test by %s', async (_name, contextOf) => {
    const runner = new Runner();
    const c = await mock_cluster(contextOf(runner), { brokers: 2 });
    const { bootstrap } = c;

    await runner.end();

    expect(runner.ends).toHaveLength(1);
    expect(await listens(bootstrap)).toBe(false);
    expect(open_handles()).toEqual([]);
  });

  test("takes vitest's and node:test's own contexts", async (t) => {
    const c = await mock_cluster(t);
    const compiles = (context: NodeContext): Promise<MockCluster> => mock_cluster(context, { brokers: 1 });

    expect(await listens(c.bootstrap)).toBe(true);
    expect(compiles).toBeTypeOf('function');
  });

  test('closes by `await using`', async () => {
    let bootstrap = '';
    {
      await using c = await mock_cluster();
      bootstrap = c.bootstrap;
    }

    expect(await listens(bootstrap)).toBe(false);
  });

  test('several at once are apart', async () => {
    await using one = await mock_cluster();
    await using other = await mock_cluster();
    await one.put('orders', 'x');

    expect(one.bootstrap).not.toBe(other.bootstrap);
    expect(await other.records('orders')).toEqual([]);
  });
});

describe('close', () => {
  test('a second one does nothing, and what comes after rejects with ERR_RDKAFKA_DESTROYED', async () => {
    const c = await mock_cluster();
    await c.close();
    await c.close();
    await c[Symbol.asyncDispose]();

    const errors = await Promise.all([c.records('orders'), c.reset(), c.received('orders', 1)].map(rejected));

    expect(errors.map(({ name, code }) => [name, code])).toEqual(Array(3).fill(['TypeError', 'ERR_RDKAFKA_DESTROYED']));
    expect(errors[0]?.message).toBe('records: this cluster has been closed');
    expect(() => c.config()).toThrow('config: this cluster has been closed');
  });

  test('of a cluster that mock_cluster_destroy has ended does nothing', async () => {
    const c = await mock_cluster();

    mock_cluster_destroy(c.handle);

    await c.close();
    expect((await rejected(c.records('orders'))).code).toBe('ERR_RDKAFKA_DESTROYED');
  });

  test('rejects who waits', async () => {
    const c = await mock_cluster();
    const waiting = rejected(c.received('orders', 1, PATIENCE));

    await c.close();

    expect((await waiting).message).toMatch(/^received: the cluster was closed while it waited for 1 record/);
  });

  test('a worker that dies rejects who waits, and the next cluster has another one', async () => {
    const c = await mock_cluster();
    const waiting = rejected(c.received('orders', 1, PATIENCE));

    await ((registry().workers as AppThread).mock as { worker: Worker }).worker.terminate();

    const error = await waiting;
    expect([error.constructor, error.message]).toEqual([Error, 'received: the mock worker died']);
    expect((await rejected(c.put('orders', 'x'))).message).toBe('put: the mock worker died');
    await c.close();
    await using other = await mock_cluster();
    await other.put('orders', 'x');
  });

  test('with clients connected takes no longer', async (t) => {
    const c = await mock_cluster({ topics: { orders: 1 } });
    const producer = producerOf(t, c);
    await send(producer, 'orders', 'x');
    const { bootstrap } = c;

    await c.close();

    expect(await listens(bootstrap)).toBe(false);
  });
});

describe('suite_cluster', () => {
  const c = suite_cluster({ brokers: 2, topics: { orders: 1 } }, { beforeAll, afterEach, afterAll });
  const bootstraps = new Set<string>();
  let early = '';
  try {
    early = c.bootstrap;
  } catch (error) {
    early = (error as Error).message;
  }

  test('its fields throw before beforeAll has run', () => {
    expect(early).toBe('bootstrap: the cluster is there once beforeAll has run: use it in tests and hooks');
  });

  test('is there in each test', async () => {
    bootstraps.add(c.bootstrap);
    await c.put('orders', 'x');

    expect(await c.records('orders')).toHaveLength(1);
    expect(await listens(c.bootstrap)).toBe(true);
  });

  test('is reset after each test', async () => {
    bootstraps.add(c.bootstrap);

    expect(await c.records('orders')).toEqual([]);
    expect(bootstraps.size).toBe(1);
  });
});

describe('suite_cluster with hooks of another kind', () => {
  test('starts, resets and closes by them', async () => {
    const [starts, resets, ends] = [new Runner(), new Runner(), new Runner()];
    const c = suite_cluster({}, { beforeAll: starts.add, afterEach: resets.add, afterAll: ends.add });
    const [tooEarly, config, method] = [() => c.handle, () => c.config(), rejected(c.records('t'))];

    expect(tooEarly).toThrow('handle: the cluster is there once beforeAll has run');
    expect(config).toThrow('config: the cluster is there once beforeAll has run');
    expect((await method).message).toContain('records: the cluster is there once beforeAll has run');
    await starts.end();
    await c.put('orders', 'x');
    await resets.end();
    expect(await c.records('orders')).toEqual([]);
    await ends.end();
    await resets.end();
    expect((await rejected(c.records('orders'))).code).toBe('ERR_RDKAFKA_DESTROYED');
  });

  test("takes node:test's hooks", () => {
    const compiles = (): MockCluster =>
      suite_cluster(undefined, { beforeAll: before, afterEach: nodeAfterEach, afterAll: after });

    expect(compiles).toBeTypeOf('function');
  });

  test("takes the test runner's globals where there are any, as jest's", async () => {
    const [starts, resets, ends] = [new Runner(), new Runner(), new Runner()];
    vi.stubGlobal('beforeAll', starts.add);
    vi.stubGlobal('afterEach', resets.add);
    vi.stubGlobal('afterAll', ends.add);
    const c = suite_cluster({ topics: { orders: 1 } });
    vi.unstubAllGlobals();

    await starts.end();

    expect(await c.records('orders')).toEqual([]);
    expect(resets.ends).toHaveLength(1);
    await ends.end();
  });

  test('says what to do where there are none', () => {
    expect(() => suite_cluster()).toThrow(
      /^suite_cluster: hooks must be given, \{ beforeAll, afterEach, afterAll \}, since there is no global beforeAll/,
    );
  });
});

describe('open_handles', () => {
  test('names clients and clusters, and the line that made each', async (t) => {
    await using c = await mock_cluster({ brokers: 2 });
    const rk = rd_kafka_new(RD_KAFKA_PRODUCER, aConf(t, { 'bootstrap.servers': c.bootstrap, 'client.id': 'shop' }))!;

    const open = open_handles();
    rd_kafka_destroy(rk);

    expect(open).toEqual([
      {
        name: expect.stringMatching(/^shop#producer-\d+$/),
        created_at: expect.stringMatching(/life\.test\.ts:\d+:\d+/),
      },
      {
        name: `mock cluster of 2 brokers (${c.bootstrap})`,
        created_at: expect.stringMatching(/life\.test\.ts:\d+:\d+/),
      },
    ]);
    expect(open_handles().map(({ name }) => name)).toEqual([`mock cluster of 2 brokers (${c.bootstrap})`]);
  });

  test('names the line of suite_cluster, not of the hook that starts it', async () => {
    const [starts, resets, ends] = [new Runner(), new Runner(), new Runner()];
    const make = function atThisPlace(): void {
      suite_cluster({}, { beforeAll: starts.add, afterEach: resets.add, afterAll: ends.add });
    };
    make();

    await starts.end();
    const open = open_handles();
    await ends.end();

    expect(open.map(({ created_at }) => created_at)).toEqual([
      expect.stringMatching(/^atThisPlace \(.*life\.test\.ts:/),
    ]);
  });

  test("leaves out the cluster of test.mock.num.brokers, which ends with its handle's", (t) => {
    const rk = rd_kafka_new(RD_KAFKA_PRODUCER, aConf(t, { 'test.mock.num.brokers': 1 }))!;

    const names = open_handles().map(({ name }) => name);
    rd_kafka_destroy(rk);

    expect(names).toEqual([expect.stringMatching(/#producer-/)]);
  });
});
