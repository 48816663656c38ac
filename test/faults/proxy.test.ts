// The kit's proxy itself, with clients of raw requests against a mock cluster: what other tests build on.
import { expect, type TestContext, test } from 'vitest';
import { APIS } from '../../src/protocol/api.ts';
import { aCluster } from '../kit/builders.ts';
import { aProxy, type KafkaProxy } from '../kit/proxy.ts';
import { RawClient } from '../kit/raw_client.ts';
import { until } from '../kit/until.ts';

const METADATA = APIS.Metadata.key;

async function proxied(t: TestContext, brokers: number): Promise<{ proxy: KafkaProxy; direct: string }> {
  const { bootstrap } = aCluster(t, brokers);
  return { proxy: await aProxy(t, bootstrap), direct: bootstrap };
}

/** A connection through the proxy's first broker. */
function client(t: TestContext, proxy: KafkaProxy): RawClient {
  const raw = new RawClient(Number(/:(\d+)/.exec(proxy.bootstrap)![1]));
  t.onTestFinished(() => raw.close());
  return raw;
}

const ask = (raw: RawClient) => raw.send('Metadata', { topics: [], allowAutoTopicCreation: false }, 4);
const failed = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    () => 'failed',
  );

test('answers pass, and name the proxy where brokers name themselves', async (t) => {
  const { proxy, direct } = await proxied(t, 3);

  const { brokers } = await ask(client(t, proxy));

  const named = brokers.map(({ host, port }) => `${host}:${port}`).join(',');
  expect(named).toBe(proxy.bootstrap);
  expect(named).not.toBe(direct);
  expect(proxy.count('down', METADATA)).toMatchObject({ came: 1, passed: 1 });
});

test('a cut closes what is open, and what comes later passes', async (t) => {
  const { proxy } = await proxied(t, 1);
  const first = client(t, proxy);
  await ask(first);

  proxy.cut();
  await first.closed;
  const again = await ask(client(t, proxy));

  expect(again.brokers.length).toBe(1);
});

test('what is refused is closed, until it is accepted', async (t) => {
  const { proxy } = await proxied(t, 1);

  proxy.refuse();
  const refused = await failed(ask(client(t, proxy)));
  proxy.accept();
  const accepted = await failed(ask(client(t, proxy)));

  expect([refused, accepted]).toEqual(['failed', 'answered']);
});

test.for(['up', 'down'] as const)('what is held %s waits, in order, until it is released', async (direction, t) => {
  const { proxy } = await proxied(t, 1);
  const raw = client(t, proxy);
  await ask(raw);

  proxy.hold(direction);
  const both = Promise.all([ask(raw), ask(raw)]);
  await until(() => proxy.count(direction, METADATA).came === 3);
  const held = [...raw.answered];
  proxy.release(direction);
  await both;

  expect([held, raw.answered]).toEqual([[1], [1, 2, 3]]);
});

test('what is delayed comes, and not sooner', async (t) => {
  const { proxy } = await proxied(t, 1);
  const raw = client(t, proxy);
  await ask(raw);

  proxy.delay('down', 300);
  const from = performance.now();
  await ask(raw);

  expect(performance.now() - from).toBeGreaterThanOrEqual(299);
});

test('a rule waits for its turn, happens once, and takes the frame it names', async (t) => {
  const { proxy } = await proxied(t, 1);
  const raw = client(t, proxy);

  proxy.when('down', METADATA, 1, 'swallow');
  void failed(ask(raw));
  void failed(ask(raw));
  await ask(raw);

  expect(raw.answered).toEqual([1, 3]);
});

test('a rule can hold a connection from one request on', async (t) => {
  const { proxy } = await proxied(t, 1);
  const raw = client(t, proxy);

  proxy.when('up', METADATA, 1, 'hold');
  await ask(raw);
  const second = ask(raw);
  await until(() => proxy.count('up', METADATA).came === 2);
  const other = await failed(ask(client(t, proxy)));
  const { passed } = proxy.count('up', METADATA);
  proxy.release();
  await second;

  expect([other, passed]).toEqual(['answered', 2]);
});

test.for(['cut', 'half'] as const)('a rule loses an answer: %s', async (action, t) => {
  const { proxy } = await proxied(t, 1);
  const raw = client(t, proxy);
  const bytes = { count: 0 };
  raw.socket.on('data', (chunk) => (bytes.count += chunk.length));

  proxy.when('down', METADATA, 0, action);
  const lost = await failed(ask(raw));
  const again = await failed(ask(client(t, proxy)));

  expect([lost, again, bytes.count > 0]).toEqual(['failed', 'answered', action === 'half']);
});

test('what is done to one broker leaves the others alone', async (t) => {
  const { proxy } = await proxied(t, 2);

  proxy.refuse(1);

  expect(await failed(ask(client(t, proxy)))).toBe('answered');
});
