// Whom main asks, against brokers that are real sockets: bootstrap servers first, brokers of the cluster then, and what
// happens to a connection that nobody names any more.
import { expect, type TestContext, test } from 'vitest';
import { RD_KAFKA_RESP_ERR__TRANSPORT } from '../../src/defs/enums.ts';
import { errorName } from '../../src/defs/errors.ts';
import { Brokers, type RebootstrapCause } from '../../src/main/brokers.ts';
import { APIS } from '../../src/protocol/api.ts';
import { systemClock } from '../../src/rd/clock.ts';
import type { WireRequest } from '../../src/wire/requests.ts';
import { until } from '../kit/until.ts';
import { SETTINGS } from './connection_kit.ts';
import { answerAll, answerApiVersions, RawBroker } from './raw_broker.ts';

class Asking {
  readonly brokers: Brokers;
  /** How each request ended, in order. */
  readonly ended: string[] = [];
  readonly errors: string[] = [];
  rebootstraps = 0;

  constructor(t: TestContext, settings: Record<string, unknown> = {}) {
    this.brokers = new Brokers({
      settings: {
        ...SETTINGS,
        'client.id': 'test',
        'enable.sparse.connections': true,
        'metadata.recovery.strategy': 'rebootstrap',
        'reconnect.backoff.ms': 10,
        'reconnect.backoff.max.ms': 20,
        ...settings,
      } as never,
      clock: systemClock,
      random: () => 0,
      debug: 0,
      canonical: null,
      throttled: null,
      log: () => undefined,
      error: (_err, text) => void this.errors.push(text),
      nodesChanged: () => undefined,
      up: () => undefined,
      nodeDown: () => undefined,
      rebootstrap: () => void this.rebootstraps++,
      soon: () => setImmediate(() => this.brokers.poll(systemClock.now())),
    });
    t.onTestFinished(() => new Promise<void>((resolve) => this.brokers.close(resolve)));
  }

  request(label: string): WireRequest {
    return {
      name: 'Metadata',
      timeoutMs: 45_000,
      body: { topics: [] },
      done: (err) => void this.ended.push(`${label}: ${errorName(err)}`),
    };
  }

  ask(label: string): void {
    this.brokers.sendAny(this.request(label));
  }

  async answered(count: number): Promise<void> {
    await until(() => this.ended.length >= count, { what: () => `${count} answers; so far ${this.ended.join(', ')}` });
  }
}

async function aBroker(t: TestContext): Promise<RawBroker> {
  const broker = await new RawBroker().listen(t);
  broker.onRequest = answerAll;
  return broker;
}

const node = (id: number, { port }: RawBroker) => ({ id, host: '127.0.0.1', port, rack: null });
const asked = (broker: RawBroker): number => broker.requests.length;

/** Knows broker 2 by metadata of a bootstrap server, which is no broker of the cluster. */
async function learned(t: TestContext): Promise<{ asking: Asking; server: RawBroker; two: RawBroker }> {
  const [server, two] = [await aBroker(t), await aBroker(t)];
  const asking = new Asking(t);
  asking.brokers.add(`127.0.0.1:${server.port}`, true);
  asking.ask('first');
  await asking.answered(1);
  asking.brokers.setNodes([node(2, two)]);
  asking.ask('second');
  await asking.answered(2);
  expect([asked(server), asked(two)]).toEqual([1, 1]);
  return { asking, server, two };
}

test('what fails for main and for a worker in the same way is told once', async (t) => {
  const asking = new Asking(t);
  asking.brokers.setNodes([{ id: 7, host: '127.0.0.1', port: 1, rack: null }]);
  asking.brokers.sendTo(7, asking.request('never'));
  await until(() => asking.errors.length >= 2);
  const [refused, allDown] = asking.errors;
  const fails = (text: string) =>
    asking.brokers.nodeState(7, { up: false, at: systemClock.now(), err: RD_KAFKA_RESP_ERR__TRANSPORT, text });

  fails(refused!.replace(/after \d+ms/, 'after 77ms'));
  fails('127.0.0.1:1/7: Out of luck (after 1ms in state UP)');
  fails('127.0.0.1:1/7: Out of luck (after 2ms in state UP)');

  expect(asking.errors).toEqual([refused, allDown, '127.0.0.1:1/7: Out of luck (after 1ms in state UP)']);
});

test('that all are down is told once, however late a worker tells what it saw before', (t) => {
  const asking = new Asking(t);
  asking.brokers.setNodes([{ id: 7, host: '127.0.0.1', port: 1, rack: null }]);
  const says = (up: boolean, at: number) =>
    asking.brokers.nodeState(7, { up, at, err: up ? 0 : RD_KAFKA_RESP_ERR__TRANSPORT, text: '' });
  const told: number[] = [];

  for (const [up, at] of [
    [false, 10],
    [true, 20],
    [false, 15],
    [false, 30],
    [true, 25],
    [false, 40],
  ] as const) {
    says(up, at);
    told.push(asking.errors.length);
  }

  expect(told).toEqual([1, 1, 1, 2, 2, 2]);
});

test('once the cluster has named its brokers a bootstrap server that is none of them is let go', async (t) => {
  const { server, asking } = await learned(t);

  await until(() => server.peers.every(({ ended }) => ended));

  expect(asking.ended).toEqual(['first: NO_ERROR', 'second: NO_ERROR']);
});

test('one on which an answer is awaited is let go behind that', async (t) => {
  const [server, two] = [await aBroker(t), await aBroker(t)];
  const asking = new Asking(t);
  server.onRequest = answerApiVersions;
  asking.brokers.add(`127.0.0.1:${server.port}`, true);
  asking.ask('slow');
  await until(() => asked(server) === 1);

  asking.brokers.setNodes([node(2, two)]);
  asking.ask('other');
  await asking.answered(1);
  const open = server.peers.filter(({ ended }) => !ended).length;
  answerAll(server.requests[0]!, server.last);
  await asking.answered(2);
  await until(() => {
    asking.brokers.poll(systemClock.now());
    return server.peers.every(({ ended }) => ended);
  });

  expect(open).toBe(1);
  expect(asking.ended).toEqual(['other: NO_ERROR', 'slow: NO_ERROR']);
});

test.for(['required', 'silent'] as const)(
  'starting over (%s) nobody but bootstrap servers is asked, though a known broker is up before',
  async (cause, t) => {
    const { asking, server, two } = await learned(t);
    // It keeps the client waiting.
    const held: (() => void)[] = [];
    server.onRequest = (request, peer) => {
      if (request.apiKey === APIS.ApiVersions.key) held.push(() => answerApiVersions(request, peer));
      else answerAll(request, peer);
    };

    asking.brokers.rebootstrap(cause);
    asking.brokers.sendTo(2, asking.request('to 2'));
    await asking.answered(3);
    asking.ask('any');
    await until(() => held.length > 0);
    const early = asking.ended.length;
    for (const answer of held) answer();
    await asking.answered(4);

    expect([asking.rebootstraps, early]).toEqual([1, 3]);
    expect([asked(server), asked(two)]).toEqual([2, 2]);
  },
);

test('starting over, brokers that are known are asked when all bootstrap servers have failed', async (t) => {
  const { asking, server, two } = await learned(t);
  await server.stop();

  asking.brokers.rebootstrap('required');
  asking.ask('any');
  await asking.answered(3);

  expect(asking.ended[2]).toBe('any: NO_ERROR');
  expect(asked(two)).toBe(2);
});

test.for<[RebootstrapCause, number]>([
  ['required', 2],
  ['silent', 1],
  ['down', 1],
])(
  'a second reason to start over before metadata came (%s) counts only where a broker requires it',
  async ([cause, times], t) => {
    const { asking } = await learned(t);

    asking.brokers.rebootstrap('silent');
    asking.brokers.rebootstrap(cause);

    expect(asking.rebootstraps).toBe(times);
  },
);

test('with metadata.recovery.strategy=none nothing starts over', async (t) => {
  const server = await aBroker(t);
  const asking = new Asking(t, { 'metadata.recovery.strategy': 'none' });
  asking.brokers.add(`127.0.0.1:${server.port}`, true);
  asking.brokers.setNodes([node(1, server)]);

  for (const cause of ['required', 'silent', 'down'] as const) asking.brokers.rebootstrap(cause);

  expect(asking.rebootstraps).toBe(0);
});
