// Properties whose effect a broker sees: what the requests say, how many there are, and when a connection goes.
import { expect, type TestContext, test } from 'vitest';
import { APIS } from '../../src/protocol/api.ts';
import { decodeRequest } from '../../src/protocol/compile.ts';
import { readRequestHeader } from '../../src/protocol/frame.ts';
import { Reader } from '../../src/protocol/reader.ts';
import * as k from '../../src/rdkafka.ts';
import { aProducer, type Config, type TestProducer } from '../kit/builders.ts';
import { until } from '../kit/until.ts';
import { type OnRequest, oneBroker, type Peer, RawBroker, type Received, stored } from './raw_broker.ts';

const QUICK = {
  'linger.ms': 0,
  'reconnect.backoff.ms': 10,
  'reconnect.backoff.max.ms': 20,
  'retry.backoff.ms': 10,
  'retry.backoff.max.ms': 20,
};

interface Pair {
  readonly p: TestProducer;
  readonly broker: RawBroker;
  readonly log: string[];
}

/** A producer on a cluster of one raw broker, which answers Produce by `own`, or stores all. */
async function aPair(t: TestContext, config: Config = {}, own?: OnRequest): Promise<Pair> {
  const broker = new RawBroker();
  let stands = 0;
  broker.onRequest = oneBroker(broker, own ?? ((request, peer) => stored(request, peer, stands++)));
  await broker.listen(t);
  const log: string[] = [];
  const p = aProducer(
    t,
    { 'bootstrap.servers': `127.0.0.1:${broker.port}`, ...QUICK, ...config },
    { log: (level, fac, text) => void log.push(`${level} ${fac} ${text}`) },
  );
  return { p, broker, log };
}

function send({ p }: Pair, opaque: unknown = null): void {
  const err = k.rd_kafka_producev(p.rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'), k.RD_KAFKA_V_OPAQUE(opaque));
  expect(err).toBe(0);
}

/** Serves callbacks until `cond` holds. */
async function serving({ p }: Pair, what: string, cond: () => boolean): Promise<void> {
  await until(
    async () => {
      await k.rd_kafka_poll_async(p.rk, 5);
      return cond();
    },
    { deadline_ms: 45_000, what },
  );
}

const produced = ({ broker }: Pair): Received[] => broker.requests.filter(({ apiKey }) => apiKey === APIS.Produce.key);

function bodyOf(request: Received, name: 'Produce' | 'ApiVersions'): any {
  const reader = new Reader(request.frame);
  readRequestHeader(reader);
  return decodeRequest(name, request.apiVersion, reader);
}

test.for([
  [{}, /^rdkafka-ts$/, /^\d+\.\d+\.\d+$/],
  [{ 'client.software.name': 'my-app', 'client.software.version': '1.2.3-rc1' }, /^my-app$/, /^1\.2\.3-rc1$/],
  [{ 'client.software.name': ' (c) my app!', 'client.software.version': '_v 2_' }, /^c--my-app$/, /^v-2$/],
] as const)(
  'with %j a broker is told the name and version of the software in letters that it takes',
  async ([config, name, version], t) => {
    const pair = await aPair(t, config);

    send(pair);
    await k.rd_kafka_flush_async(pair.p.rk, 45_000);

    expect(pair.broker.queries.length).toBeGreaterThanOrEqual(2);
    for (const query of pair.broker.queries) {
      const { clientSoftwareName, clientSoftwareVersion } = bodyOf(query, 'ApiVersions');
      expect([query.apiVersion, clientSoftwareName, clientSoftwareVersion]).toEqual([
        3,
        expect.stringMatching(name),
        expect.stringMatching(version),
      ]);
    }
  },
);

test('request.timeout.ms and acks are what the Produce request says', async (t) => {
  const pair = await aPair(t, { 'request.timeout.ms': 4321, acks: 1 });

  send(pair);
  await k.rd_kafka_flush_async(pair.p.rk, 45_000);

  expect(produced(pair).map((request) => bodyOf(request, 'Produce'))).toMatchObject([{ timeoutMs: 4321, acks: 1 }]);
});

test.for([1, 3])('with max.in.flight=%i no more requests wait for their answers at a broker', async (most, t) => {
  const held: { request: Received; peer: Peer }[] = [];
  // Unanswered requests would otherwise keep batches back that could go.
  const config = { 'max.in.flight': most, 'batch.num.messages': 1, 'queue.buffering.backpressure.threshold': 100 };
  const pair = await aPair(t, config, (request, peer) => void held.push({ request, peer }));
  let [stands, mostHeld] = [0, 0];

  for (let i = 0; i < 12; i++) send(pair, i);
  await serving(pair, '12 reports', () => {
    mostHeld = Math.max(mostHeld, held.length);
    // One answer for as many requests as there can be.
    if (held.length >= Math.max(1, Math.min(most, 12 - stands))) {
      const first = held.shift()!;
      stored(first.request, first.peer, stands++);
    }
    return pair.p.reports.all.length === 12;
  });

  expect(mostHeld).toBe(most);
  expect(pair.p.reports.all.map(({ err, opaque }) => [err, opaque])).toEqual(
    Array.from({ length: 12 }, (_, i) => [0, i]),
  );
});

test.for([1, 2])('after socket.max.fails=%i requests without answer the connection is made anew', async (most, t) => {
  let answering: Peer | null = null;
  const pair: Pair = await aPair(t, { 'socket.timeout.ms': 300, 'socket.max.fails': most }, (request, peer) => {
    // The first connection that asked is never answered on.
    answering ??= peer;
    if (peer !== answering) stored(request, peer, 0);
  });

  send(pair);
  await serving(pair, 'the report', () => pair.p.reports.all.length === 1);

  const silent = produced(pair).filter(({ peer }) => peer === answering);
  expect(pair.p.reports.all[0]?.err).toBe(0);
  expect(silent.length).toBe(most);
  expect(pair.log.filter((line) => line.includes('REQTMOUT')).length).toBeGreaterThanOrEqual(most);
});

test('with socket.max.fails=0 the connection stays, whatever it owes', async (t) => {
  let asked = 0;
  const early: Received[] = [];
  const config = { 'socket.timeout.ms': 300, 'socket.max.fails': 0 };
  const pair: Pair = await aPair(t, config, (request, peer) => {
    early.push(request);
    // Answers come in order, the late ones too.
    if (++asked >= 3) for (const each of early.splice(0)) stored(each, peer, 0);
  });

  send(pair);
  await serving(pair, 'the report', () => pair.p.reports.all.length === 1);

  expect(pair.p.reports.all[0]?.err).toBe(0);
  expect(new Set(produced(pair).map(({ peer }) => peer)).size).toBe(1);
});

test('a message whose request is not answered within socket.timeout.ms is sent again', async (t) => {
  let asked = 0;
  const pair = await aPair(t, { 'socket.timeout.ms': 300 }, (request, peer) => {
    if (++asked > 2) stored(request, peer, 7);
  });

  send(pair);
  await serving(pair, 'the report', () => pair.p.reports.all.length === 1);

  expect(pair.p.reports.all).toMatchObject([{ err: 0, offset: 7 }]);
  expect(asked).toBeGreaterThanOrEqual(3);
});

test('a request that times out counts as a retry', async (t) => {
  const pair = await aPair(t, { 'socket.timeout.ms': 300, retries: 1 }, () => {});

  send(pair);
  await serving(pair, 'the report', () => pair.p.reports.all.length === 1);

  expect(pair.p.reports.all).toMatchObject([
    { err: k.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, status: k.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED },
  ]);
  expect(produced(pair).length).toBe(2);
});

test.for(['message.timeout.ms', 'delivery.timeout.ms'])('%s ends a message that nobody answers', async (name, t) => {
  const pair = await aPair(t, { [name]: 1000 }, () => {});

  send(pair);
  await serving(pair, 'the report', () => pair.p.reports.all.length === 1);

  expect(pair.p.reports.errors).toEqual(['_MSG_TIMED_OUT']);
});

test('a connection is closed when it was idle for connections.max.idle.ms, and made anew for the next message', async (t) => {
  const pair = await aPair(t, { 'connections.max.idle.ms': 300 });
  send(pair);
  await serving(pair, 'the first report', () => pair.p.reports.all.length === 1);
  const used = pair.broker.peers.length;

  await serving(pair, 'all connections to be closed', () => pair.broker.peers.every(({ ended }) => ended));
  send(pair);
  await serving(pair, 'the second report', () => pair.p.reports.all.length === 2);

  expect(pair.p.reports.errors).toEqual([]);
  expect(pair.broker.peers.length).toBeGreaterThan(used);
  expect(pair.log.filter((line) => line.includes('FAIL'))).toEqual([]);
});

test('a broker that does not answer ApiVersions in time is let go, and tried again', async (t) => {
  const pair = await aPair(t, { 'api.version.request.timeout.ms': 200, 'socket.timeout.ms': 60_000 });
  const answering = pair.broker.onRequest;
  pair.broker.onRequest = (request, peer) => {
    if (pair.broker.peers.length > 2) answering(request, peer);
  };

  send(pair);
  await serving(pair, 'the report', () => pair.p.reports.all.length === 1);

  expect(pair.p.reports.errors).toEqual([]);
  expect(pair.log.filter((line) => line.includes('ApiVersions request timed out')).length).toBeGreaterThanOrEqual(1);
});
