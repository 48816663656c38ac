// A connection against brokers that are real sockets and behave as brokers do on good and on bad days.
import { expect, type TestContext, test } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
  RD_KAFKA_RESP_ERR__PURGE_QUEUE,
} from '../../src/defs/enums.generated.ts';
import { requestFrame, responseFrame } from '../../src/protocol/frame.ts';
import type { ConnectionSettings } from '../../src/wire/settings.ts';
import { FakeClock } from '../kit/fake_clock.ts';
import { until } from '../kit/until.ts';
import { aClient, type Client } from './connection_kit.ts';
import { answerAll, answerApiVersions, apiVersionsBody, NOBODY, type Peer, RawBroker } from './raw_broker.ts';

async function aBroker(t: TestContext): Promise<RawBroker> {
  return new RawBroker().listen(t);
}

/** A broker that answers Metadata, and a client of it that is UP and whose clock the test owns. */
async function aPair(
  t: TestContext,
  settings: Partial<ConnectionSettings> = {},
): Promise<{ broker: RawBroker; client: Client; clock: FakeClock }> {
  const broker = await aBroker(t);
  const clock = new FakeClock();
  const client = aClient(t, broker.port, settings, { clock });
  await client.up();
  return { broker, client, clock };
}

const metadata = (correlationId: number, version = 9): Uint8Array =>
  responseFrame('Metadata', version, correlationId, { brokers: [], clusterId: 'c', topics: [] });

/** Waits until the broker has seen `count` requests besides ApiVersions. */
async function seen(broker: RawBroker, count: number): Promise<void> {
  await until(() => broker.requests.length >= count, {
    what: () => `${count} requests, not ${broker.requests.length}`,
  });
}

test('the first request is ApiVersions v3 with our client id and name', async (t) => {
  const broker = await aBroker(t);
  const client = aClient(t, broker.port);

  await client.up();

  const [query] = broker.queries;
  expect(query).toMatchObject({ apiKey: 18, apiVersion: 3, clientId: 'test' });
  expect(Buffer.from(query?.frame as Uint8Array).toString('latin1')).toContain('rdkafka-ts');
  expect(client.states).toEqual(['TRY_CONNECT', 'CONNECT', 'APIVERSION_QUERY', 'UP']);
});

test('a request makes the connection, waits for it and is answered', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = answerAll;
  const client = aClient(t, broker.port);

  client.send('a');
  await client.done(1);

  expect(client.outcomes[0]).toMatchObject({ error: 'NO_ERROR', version: 9, response: { topics: [] } });
});

test('requests are written in the order of send(), before and after the connection is up', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = answerAll;
  const client = aClient(t, broker.port);
  for (const label of ['a', 'b', 'c']) client.send(label);
  await client.up();

  for (const label of ['d', 'e']) client.send(label);
  await client.done(5);

  expect(client.ended).toEqual(['a', 'b', 'c', 'd', 'e'].map((label) => `${label}: NO_ERROR`));
  expect(client.outcomes.map(({ response }) => response.clusterId)).toEqual(
    broker.requests.map(({ correlationId }) => `${correlationId}`),
  );
});

test('requests do not wait for the answers of earlier ones', async (t) => {
  const { broker, client } = await aPair(t);

  for (const label of ['a', 'b', 'c']) client.send(label);
  await seen(broker, 3);

  expect(client.connection.inflightCount).toBe(3);
});

test('no more requests are in flight than max.in.flight.requests.per.connection', async (t) => {
  const { broker, client } = await aPair(t, { 'max.in.flight.requests.per.connection': 2 });
  for (const label of ['a', 'b', 'c', 'd']) client.send(label);
  await seen(broker, 2);
  const before = [client.connection.inflightCount, client.connection.queuedCount];

  broker.last.socket.write(metadata(broker.requests[0]?.correlationId as number));
  await seen(broker, 3);

  expect(before).toEqual([2, 2]);
  expect([client.connection.inflightCount, client.connection.queuedCount]).toEqual([2, 1]);
});

test('a request that has timed out makes room for the next, on a connection that stays', async (t) => {
  const settings = { 'max.in.flight.requests.per.connection': 1, 'socket.max.fails': 0 };
  const { broker, client, clock } = await aPair(t, settings);
  client.send('a', { timeoutMs: 300 });
  client.send('b', { timeoutMs: 60_000 });
  await seen(broker, 1);

  clock.advance(300);
  await seen(broker, 2);

  expect([client.connection.inflightCount, client.connection.queuedCount]).toEqual([1, 0]);
});

test('a request that is abandoned makes room for the next', async (t) => {
  const { broker, client } = await aPair(t, { 'max.in.flight.requests.per.connection': 1 });
  client.send('a');
  client.send('b');
  await seen(broker, 1);

  client.connection.abandonInflight(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  await seen(broker, 2);

  expect([client.connection.inflightCount, client.connection.queuedCount]).toEqual([1, 0]);
});

test('a broker that refuses ApiVersions v3 without saying what it takes is asked with v0 on the same connection', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = (request, peer) => {
    if (request.apiVersion === 0) peer.respond(request, 'ApiVersions', apiVersionsBody());
    else peer.respond({ ...request, apiVersion: 0 }, 'ApiVersions', apiVersionsBody({}, 35));
  };
  const client = aClient(t, broker.port);

  await client.up();

  expect(broker.queries.map((query) => query.apiVersion)).toEqual([3, 0]);
  expect(broker.peers.length).toBe(1);
});

test('a broker that refuses ApiVersions v3 and says what it takes is asked with that', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = (request, peer) => {
    if (request.apiVersion <= 2) peer.respond(request, 'ApiVersions', apiVersionsBody());
    else peer.respond({ ...request, apiVersion: 0 }, 'ApiVersions', apiVersionsBody({ 18: [0, 2] }, 35));
  };
  const client = aClient(t, broker.port);

  await client.up();

  expect(broker.queries.map((query) => query.apiVersion)).toEqual([3, 2]);
});

test('a broker that hangs up at ApiVersions v3 is asked with v0 on the next connection, and with v3 after that', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = (request, peer) => {
    if (request.apiVersion > 0) peer.socket.destroy();
    else peer.respond(request, 'ApiVersions', apiVersionsBody());
  };
  const client = aClient(t, broker.port, { 'reconnect.backoff.ms': 1 });

  await client.up();

  client.connection.disconnect(RD_KAFKA_RESP_ERR__DESTROY, 'test');
  client.connection.connect();
  await until(() => broker.queries.length === 3, { what: 'a third query' });
  expect(broker.queries.map((query) => query.apiVersion)).toEqual([3, 0, 3]);
  expect(client.log[0]).toMatch(
    /^6 FAIL broker\/1: Disconnected.*ApiVersions.* \(after \d+ms in state APIVERSION_QUERY\)$/,
  );
});

test('any other error code in the ApiVersions answer ends the connection', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = (request, peer) => peer.respond(request, 'ApiVersions', apiVersionsBody({}, 58));
  const client = aClient(t, broker.port, { 'reconnect.backoff.ms': 60_000, 'reconnect.backoff.max.ms': 60_000 });

  client.connection.connect();
  await until(() => client.log.length > 0, { what: 'a log line' });

  expect(client.log[0]).toMatch(/^4 FAIL broker\/1: ApiVersions request failed: /);
});

test('a port that accepts and says nothing fails after api.version.request.timeout.ms, and is tried again', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = () => {};
  const clock = new FakeClock();
  const client = aClient(t, broker.port, {}, { clock });
  client.connection.connect();
  await until(() => broker.queries.length === 1, { what: 'the query' });

  clock.advance(9999);
  const before = client.connection.state;
  clock.advance(1);
  clock.advance(100);
  await until(() => broker.queries.length === 2, { what: 'another query' });

  expect(before).toBe('APIVERSION_QUERY');
  expect(client.log).toContain(
    '4 FAIL broker/1: ApiVersions request timed out (after 10000ms in state APIVERSION_QUERY)',
  );
});

test('socket.connection.setup.timeout.ms bounds the whole set-up', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = () => {};
  const clock = new FakeClock();
  const settings = { 'api.version.request.timeout.ms': 300_000 };
  const client = aClient(t, broker.port, settings, { clock });
  client.connection.connect();
  await until(() => broker.queries.length === 1, { what: 'the query' });

  clock.advance(30_000);

  expect(client.log).toEqual([
    '4 FAIL broker/1: Connection setup timed out in state APIVERSION_QUERY (after 30000ms in state APIVERSION_QUERY)',
  ]);
});

test('an API that the broker lacks ends with _UNSUPPORTED_FEATURE, not from inside send()', async (t) => {
  const { client } = await aPair(t);
  let inside = true;
  const reentered: boolean[] = [];

  client.send('x', { name: 'DeleteTopics', done: () => reentered.push(inside) });
  client.send('a', { name: 'DeleteTopics' });
  client.send('b', { minVersion: 10 });
  client.send('c', { maxVersion: -1 });
  inside = false;
  await client.done(3);

  expect(client.ended).toEqual(['a', 'b', 'c'].map((label) => `${label}: _UNSUPPORTED_FEATURE`));
  expect(client.calls).toEqual(['a', 'b', 'c']);
  expect(reentered).toEqual([false]);
});

test('the version is the highest that broker, caller and we have', async (t) => {
  const { client } = await aPair(t);

  const { connection } = client;

  expect(connection.apiVersion('Produce')).toEqual({ min: 3, max: 9 });
  expect(connection.apiVersion('DeleteTopics')).toBe(null);
  expect([connection.pickVersion('Fetch'), connection.pickVersion('Fetch', 0, 7)]).toEqual([11, 7]);
  expect(connection.pickVersion('Fetch', 12)).toBe(null);
});

test('a request that its schema cannot encode ends with _INVALID_ARG and disturbs no other', async (t) => {
  const { broker, client } = await aPair(t);
  broker.onRequest = answerAll;

  client.send('a', { body: { topics: 7 } });
  client.send('b');
  await client.done(2);

  expect(client.ended.sort()).toEqual(['a: _INVALID_ARG', 'b: NO_ERROR']);
});

test('a response that comes byte by byte is put together', async (t) => {
  const { broker, client } = await aPair(t);
  client.send('a');
  await seen(broker, 1);
  const bytes = metadata(broker.requests[0]?.correlationId as number);

  for (const byte of bytes) {
    broker.last.socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.done(1);

  expect(client.ended).toEqual(['a: NO_ERROR']);
});

test('two responses in one piece are told apart', async (t) => {
  const { broker, client } = await aPair(t);
  client.send('a');
  client.send('b');
  await seen(broker, 2);

  const both = broker.requests.map((request) => metadata(request.correlationId));
  broker.last.socket.write(Buffer.concat(both));
  await client.done(2);

  expect(client.ended).toEqual(['a: NO_ERROR', 'b: NO_ERROR']);
});

test('decode frame hands over the frame as it came', async (t) => {
  const { broker, client } = await aPair(t);
  client.send('a', { decode: 'frame' });
  await seen(broker, 1);
  const bytes = metadata(broker.requests[0]?.correlationId as number);

  broker.last.socket.write(bytes);
  await client.done(1);

  expect(client.outcomes[0]).toMatchObject({ response: null, version: 9 });
  expect(Buffer.compare(client.outcomes[0]?.frame as Uint8Array, bytes.subarray(4))).toBe(0);
});

test('a response cut off at any byte ends its request with _TRANSPORT, and the next connection works', async (t) => {
  const broker = await aBroker(t);
  const client = aClient(t, broker.port, { 'reconnect.backoff.ms': 0 });
  const length = metadata(1).length;
  let cut = 0;
  broker.onRequest = (request, peer) => {
    answerApiVersions(request, peer);
    if (request.apiKey === 3) peer.socket.end(metadata(request.correlationId).subarray(0, cut));
  };

  for (; cut < length; cut++) {
    client.send(`${cut}`);
    await client.done(cut + 1);
  }

  expect(client.ended).toEqual(Array.from({ length }, (_, i) => `${i}: _TRANSPORT`));
  broker.onRequest = answerAll;
  client.send('whole');
  await client.done(length + 1);
  expect(client.ended.at(-1)).toBe('whole: NO_ERROR');
});

test('when the broker hangs up, requests in flight end with _TRANSPORT in order; queued ones go to the next connection', async (t) => {
  const { broker, client, clock } = await aPair(t, { 'max.in.flight.requests.per.connection': 2 });
  for (const label of ['a', 'b', 'c', 'd']) client.send(label);
  await seen(broker, 2);
  broker.onRequest = answerAll;

  broker.last.socket.destroy();
  await client.done(2);
  clock.advance(150);
  await client.done(4);

  expect(client.ended).toEqual(['a: _TRANSPORT', 'b: _TRANSPORT', 'c: NO_ERROR', 'd: NO_ERROR']);
  expect(client.states.at(4)).toMatch(/^DOWN: Disconnected/);
});

interface Bad {
  what: string;
  bytes: (correlationId: number) => Uint8Array;
  text: RegExp;
  outcome: string;
}

const BAD: Bad[] = [
  {
    what: 'a negative size',
    bytes: () => Uint8Array.of(255, 255, 255, 255),
    text: /frame: size: -1/,
    outcome: '_TRANSPORT',
  },
  {
    what: 'a size beyond receive.message.max.bytes',
    bytes: () => Buffer.from('HTTP/1.1 400'),
    text: /frame: size: 1213486160/,
    outcome: '_TRANSPORT',
  },
  {
    what: 'another correlation id',
    bytes: (id) => metadata(id + 1),
    text: /correlationId: \d+ instead of \d+/,
    outcome: '_TRANSPORT',
  },
  {
    what: 'a frame too short for its header',
    bytes: () => Uint8Array.of(0, 0, 0, 2, 1, 2),
    text: /correlationId/,
    outcome: '_TRANSPORT',
  },
  { what: 'an empty frame', bytes: () => Uint8Array.of(0, 0, 0, 0), text: /correlationId/, outcome: '_TRANSPORT' },
  {
    what: 'a body that is garbage',
    bytes: (id) => Uint8Array.of(0, 0, 0, 13, 0, 0, 0, id, 0, 0, 0, 0, 0, 255, 255, 255, 127),
    text: /Metadata response v9: brokers/,
    outcome: '_BAD_MSG',
  },
];

test.for(BAD)('$what ends the connection with _BAD_MSG and a text that names it', async (bad, t) => {
  const { broker, client } = await aPair(t);
  client.send('a');
  await seen(broker, 1);

  broker.last.socket.write(bad.bytes(broker.requests[0]?.correlationId as number));
  await client.done(1);

  expect(client.ended).toEqual([`a: ${bad.outcome}`]);
  expect(client.errors[0]).toMatch(/^_BAD_MSG broker\/1: Protocol error: .* \(after 0ms in state UP\)$/);
  expect(client.errors[0]).toMatch(bad.text);
});

test('a frame that nobody asked for ends the connection', async (t) => {
  const { broker, client } = await aPair(t);

  broker.last.socket.write(metadata(99));
  await until(() => client.errors.length > 0, { what: 'an error' });

  expect(client.errors[0]).toMatch(/nobody asked for/);
});

test('garbage instead of the ApiVersions answer ends the connection, and it is tried again', async (t) => {
  const broker = await aBroker(t);
  let good = false;
  broker.onRequest = (request, peer) => {
    if (good) answerApiVersions(request, peer);
    else peer.socket.write(Uint8Array.of(0, 0, 0, 8, 0, 0, 0, request.correlationId, 0, 0, 255, 255));
    good = true;
  };
  const client = aClient(t, broker.port, { 'reconnect.backoff.ms': 1 });

  await client.up();

  expect(client.errors).toEqual([
    expect.stringMatching(/^_BAD_MSG broker\/1: Protocol error: ApiVersions response v3: /),
  ]);
});

test('a request without answer ends with _TIMED_OUT, the others in flight with _TRANSPORT, and the connection is made anew', async (t) => {
  const { broker, client, clock } = await aPair(t);
  client.send('a', { timeoutMs: 5000 });
  client.send('b');
  await seen(broker, 2);

  clock.advance(4999);
  const before = client.outcomes.length;
  clock.advance(1);
  await client.done(2);

  expect(before).toBe(0);
  expect(client.ended).toEqual(['a: _TIMED_OUT', 'b: _TRANSPORT']);
  expect(client.log).toEqual(['4 REQTMOUT broker/1: 1 request timed out']);
  expect(client.connection.state).toBe('INIT');
});

test('a caller with little patience is told in time, and costs the connection nothing when the answer comes late', async (t) => {
  const { broker, client, clock } = await aPair(t);
  client.send('a', { timeoutMs: 300 });
  client.send('b');
  await seen(broker, 2);
  clock.advance(300);
  await client.done(1);

  for (const request of broker.requests) broker.last.socket.write(metadata(request.correlationId));
  await client.done(2);
  clock.advance(10_000);

  expect(client.ended).toEqual(['a: _TIMED_OUT', 'b: NO_ERROR']);
  expect([client.connection.state, client.connection.counters.req_timeouts]).toEqual(['UP', 1]);
});

test.for([
  [{}, 3000],
  [{ 'socket.timeout.ms': 1000 }, 1000],
] as const)(
  'but when no answer comes the connection is made anew, with %j after %i ms',
  async ([settings, verdictMs], t) => {
    const { broker, client, clock } = await aPair(t, settings);
    client.send('a', { timeoutMs: 300 });
    client.send('b', { timeoutMs: 60_000 });
    await seen(broker, 2);
    clock.advance(300);
    await client.done(1);

    clock.advance(verdictMs - 301);
    const before = client.connection.state;
    clock.advance(1);
    await client.done(2);

    expect([before, client.connection.state]).toEqual(['UP', 'INIT']);
    expect(client.ended).toEqual(['a: _TIMED_OUT', 'b: _TRANSPORT']);
  },
);

test('requests that are due together all end with _TIMED_OUT', async (t) => {
  const { broker, client, clock } = await aPair(t);
  for (const label of ['a', 'b', 'c']) client.send(label, { timeoutMs: 5000 });
  await seen(broker, 3);

  clock.advance(5000);
  await client.done(3);

  expect(client.ended).toEqual(['a: _TIMED_OUT', 'b: _TIMED_OUT', 'c: _TIMED_OUT']);
});

test('timeoutMs 0 is socket.timeout.ms', async (t) => {
  const { broker, client, clock } = await aPair(t, { 'socket.timeout.ms': 700 });
  client.send('a');
  await seen(broker, 1);

  clock.advance(699);
  const before = client.outcomes.length;
  clock.advance(1);
  await client.done(1);

  expect([before, client.ended]).toEqual([0, ['a: _TIMED_OUT']]);
});

test('with socket.max.fails=0 the connection outlives a timeout, and the late answer is dropped', async (t) => {
  const { broker, client, clock } = await aPair(t, { 'socket.max.fails': 0 });
  client.send('a', { timeoutMs: 500 });
  client.send('b');
  await seen(broker, 2);
  clock.advance(500);

  for (const request of broker.requests) broker.last.socket.write(metadata(request.correlationId));
  await client.done(2);

  expect(client.ended).toEqual(['a: _TIMED_OUT', 'b: NO_ERROR']);
});

test('a request that waits too long for a connection ends with _TIMED_OUT_QUEUE', async (t) => {
  const clock = new FakeClock();
  const client = aClient(t, NOBODY, {}, { clock });
  client.send('a', { timeoutMs: 300 });
  client.send('b', { timeoutMs: 300, expireQueued: false });

  clock.advance(300);
  await client.done(1);

  expect(client.ended).toEqual(['a: _TIMED_OUT_QUEUE']);
  expect(client.connection.queuedCount).toBe(1);
});

test('a request without response is done when it is written', async (t) => {
  const { broker, client } = await aPair(t);

  client.send('a', { noResponse: true });
  await client.done(1);

  expect(client.calls).toEqual(['+a', 'a']);
  expect(client.connection.inflightCount).toBe(0);
  await seen(broker, 1);
});

test('a frame in pieces, over shared memory too, arrives as one', async (t) => {
  const { broker, client } = await aPair(t);
  const frame = (version: number, correlationId: number) => {
    const whole = requestFrame('Metadata', version, correlationId, 'test', { topics: [] });
    const shared = new Uint8Array(new SharedArrayBuffer(whole.length));
    shared.set(whole);
    return [whole.subarray(0, 5), shared.subarray(5, 9), shared.subarray(9, 9), whole.subarray(9)];
  };
  broker.onRequest = answerAll;

  client.send('a', { frame });
  await client.done(1);

  expect(client.ended).toEqual(['a: NO_ERROR']);
});

/** A request of 32 MB in shared memory that the broker does not read beyond what the system buffers. */
async function aStuckWrite(
  t: TestContext,
): Promise<{ broker: RawBroker; client: Client; clock: FakeClock; peer: Peer }> {
  const pair = await aPair(t);
  const peer = pair.broker.last;
  peer.socket.pause();
  const body = new Uint8Array(new SharedArrayBuffer(32 << 20));
  const head = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 9);
  pair.client.send('big', { name: 'Produce', frame: () => [head, body] });
  await new Promise((resolve) => setImmediate(resolve));
  return { ...pair, peer };
}

test('a request whose write is pending counts as writing', async (t) => {
  const { client } = await aStuckWrite(t);

  expect(client.connection.writingCount).toBe(1);
});

test('an abandoned request is not done while the socket still reads its frame', async (t) => {
  const { broker, client, peer } = await aStuckWrite(t);
  broker.onRequest = () => {};

  client.connection.abandonInflight(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  const before = [...client.calls];
  peer.socket.removeAllListeners('data');
  peer.socket.resume();
  await client.done(1);

  expect(before).toEqual([]);
  expect(client.calls).toEqual(['+big', 'big']);
  expect(client.ended).toEqual(['big: _PURGE_INFLIGHT']);
});

test('a request cut off while it is written is done when the socket is closed, not before', async (t) => {
  const { client } = await aStuckWrite(t);

  client.connection.disconnect(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, 'enough');
  await Promise.resolve();
  const before = [...client.calls];
  await client.done(1);

  expect(before).toEqual([]);
  expect(client.calls).toEqual(['+big', 'big']);
  expect(client.ended).toEqual(['big: _PURGE_INFLIGHT']);
});

test('a request that the broker is too slow to read times out, and its socket goes', async (t) => {
  const { client, clock, peer } = await aStuckWrite(t);

  clock.advance(60_000);
  await client.done(1);
  peer.socket.resume();
  await until(() => peer.ended, { what: 'the broker to see the end' });

  expect(client.ended).toEqual(['big: _TIMED_OUT']);
});

test('a refused connection is told once, tried again with doubling waits, and told again after 30 s', async (t) => {
  const clock = new FakeClock();
  const client = aClient(t, NOBODY, {}, { clock, random: () => 1 / 3 });
  const { counters } = client.connection;
  client.connection.connect();
  const waits: number[] = [];

  for (let attempt = 1; attempt <= 8; attempt++) {
    await until(() => client.connection.state === 'TRY_CONNECT', { what: `attempt ${attempt}` });
    expect(counters.connects).toBe(attempt);
    waits.push(clock.nextTimerIn as number);
    clock.advance(clock.nextTimerIn as number);
  }
  clock.advance(29_999);
  await until(() => client.errors.length === 2, { what: 'the second telling' });

  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
  expect(client.errors).toEqual([
    `_TRANSPORT broker/1: Connect to 127.0.0.1:${NOBODY} failed: connection refused (after 0ms in state CONNECT)`,
    expect.stringMatching(/\(after 29999ms in state CONNECT, 7 identical errors suppressed\)$/),
  ]);
});

test('a connection that was lost is not made again before something needs it', async (t) => {
  const { broker, client, clock } = await aPair(t);
  broker.last.socket.destroy();
  await until(() => client.connection.state === 'INIT', { what: 'INIT' });
  clock.advance(100_000);
  const idle = client.connection.state;

  broker.onRequest = answerAll;
  client.send('a');
  await client.done(1);

  expect(idle).toBe('INIT');
  expect(client.ended).toEqual(['a: NO_ERROR']);
});

test('a wanted connection that was lost is made again by itself', async (t) => {
  const { broker, client, clock } = await aPair(t);
  client.connection.wanted = true;

  broker.last.socket.destroy();
  await until(() => client.connection.state === 'TRY_CONNECT', { what: 'TRY_CONNECT' });
  clock.advance(150);
  await until(() => client.connection.state === 'UP', { what: 'UP again' });

  expect(broker.peers.length).toBe(2);
});

test('an idle connection ends without a word and comes back when needed', async (t) => {
  const { broker, client, clock } = await aPair(t, { 'connections.max.idle.ms': 3000 });
  broker.onRequest = answerAll;
  client.send('a');
  await client.done(1);

  clock.advance(2999);
  const before = client.connection.state;
  clock.advance(1);
  const after = client.connection.state;
  client.send('b');
  clock.advance(100);
  await client.done(2);

  expect([before, after]).toEqual(['UP', 'INIT']);
  expect(client.log).toEqual([]);
  expect(client.ended).toEqual(['a: NO_ERROR', 'b: NO_ERROR']);
});

test('a connection with a request in flight is not idle', async (t) => {
  const { broker, client, clock } = await aPair(t, { 'connections.max.idle.ms': 3000 });
  client.send('a');
  await seen(broker, 1);

  clock.advance(10_000);

  expect(client.connection.state).toBe('UP');
});

test('a connection follows its broker to a new address with what is queued', async (t) => {
  const { broker, client } = await aPair(t, { 'max.in.flight.requests.per.connection': 1 });
  const other = await aBroker(t);
  other.onRequest = answerAll;
  client.send('a');
  client.send('b');
  await seen(broker, 1);

  client.connection.setAddress('127.0.0.1', other.port, 'broker/2');
  await client.done(2);

  expect(client.ended).toEqual(['a: _TRANSPORT', 'b: NO_ERROR']);
  expect([other.requests.length, client.connection.name, client.log.length]).toEqual([1, 'broker/2', 0]);
});

test('a broker without address gets one later', async (t) => {
  const broker = await aBroker(t);
  broker.onRequest = answerAll;
  const client = aClient(t, 0, {}, { host: '' });
  client.send('a');
  const before = client.connection.state;

  client.connection.setAddress('127.0.0.1', broker.port);
  await client.done(1);

  expect([before, client.ended]).toEqual(['TRY_CONNECT', ['a: NO_ERROR']]);
});

test('a port that cannot be fails like any other', async (t) => {
  const client = aClient(t, 70_000);

  client.connection.connect();
  await until(() => client.errors.length > 0, { what: 'an error' });

  expect(client.errors[0]).toMatch(/^_TRANSPORT broker\/1: Connect to 127.0.0.1:70000 failed: /);
});

test('purged requests are never written', async (t) => {
  const { broker, client } = await aPair(t, { 'max.in.flight.requests.per.connection': 1 });
  for (const label of ['a', 'b', 'c']) client.send(label);
  client.send('d', { name: 'FindCoordinator', body: { key: 'g' } });
  await seen(broker, 1);

  const count = client.connection.purgeQueued(RD_KAFKA_RESP_ERR__PURGE_QUEUE, ({ name }) => name === 'Metadata');
  const inside = client.outcomes.length;
  await client.done(2);

  expect([count, inside, client.connection.queuedCount]).toEqual([2, 0, 1]);
  expect(client.ended).toEqual(['b: _PURGE_QUEUE', 'c: _PURGE_QUEUE']);
  expect(client.calls).toEqual(['+a', 'b', 'c']);
});

test('the answer of an abandoned request is dropped and those after it are right', async (t) => {
  const { broker, client } = await aPair(t);
  client.send('a');
  client.send('b', { name: 'FindCoordinator', body: { key: 'g' } });
  await seen(broker, 2);

  client.connection.abandonInflight(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ({ name }) => name === 'Metadata');
  const [first, second] = broker.requests;
  broker.last.socket.write(metadata(first?.correlationId as number));
  if (second !== undefined) broker.last.respond(second, 'FindCoordinator', { host: 'h', port: 7 });
  await client.done(2);

  expect(client.ended).toEqual(['a: _PURGE_INFLIGHT', 'b: NO_ERROR']);
  expect(client.outcomes[1]?.response).toMatchObject({ host: 'h', port: 7 });
});

test('throttle times are told, and once when they are over', async (t) => {
  const { broker, client } = await aPair(t);
  const times = [0, 120, 30, 0, 0];
  broker.onRequest = (request, peer) =>
    peer.respond(request, 'Metadata', { throttleTimeMs: times.shift(), brokers: [], topics: [] });

  for (const label of ['a', 'b', 'c', 'd', 'e']) client.send(label);
  await client.done(5);

  expect(client.throttles).toEqual([120, 30, 0]);
});

test('an answer that nobody waits for any more says nothing of throttling', async (t) => {
  const { broker, client, clock } = await aPair(t, { 'socket.max.fails': 0, 'socket.timeout.ms': 1000 });
  const respond = (throttleTimeMs: number): void => {
    const request = broker.requests.at(-1)!;
    broker.last.respond(request, 'Metadata', { throttleTimeMs, brokers: [], topics: [] });
  };
  client.send('a');
  await seen(broker, 1);
  respond(50);
  await client.done(1);

  client.send('late');
  await seen(broker, 2);
  clock.advance(1000);
  await client.done(2);
  respond(0);
  client.send('b');
  await seen(broker, 3);
  respond(30);
  await client.done(3);

  expect(client.throttles).toEqual([50, 30]);
});

test('the throttle time of a fetch is told though its frame is handed over as it came', async (t) => {
  const { broker, client } = await aPair(t);
  const times = [120, 0];
  broker.onRequest = (request, peer) =>
    peer.respond(request, 'Fetch', { throttleTimeMs: times.shift(), responses: [] });

  const fetch = { name: 'Fetch', decode: 'frame', body: { topics: [] } } as const;
  client.send('a', fetch);
  client.send('b', fetch);
  await client.done(2);

  expect(client.throttles).toEqual([120, 0]);
});

test('done() may send, disconnect and close', async (t) => {
  const { broker, client } = await aPair(t, { 'reconnect.backoff.ms': 0 });
  broker.onRequest = answerAll;
  const { connection } = client;
  connection.send({
    name: 'Metadata',
    timeoutMs: 0,
    done: () => {
      client.send('b');
      connection.disconnect(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, 'test');
      client.send('c');
      void connection.close();
      client.send('d');
    },
  });

  await client.done(3);

  expect(client.ended.sort()).toEqual(['b: _PURGE_INFLIGHT', 'c: _DESTROY', 'd: _DESTROY']);
});

test('close() ends what is queued and what is in flight with its error, and then all is done', async (t) => {
  const { broker, client } = await aPair(t, { 'max.in.flight.requests.per.connection': 1 });
  client.send('a');
  client.send('b');
  await seen(broker, 1);

  const closed = client.connection.close(RD_KAFKA_RESP_ERR__DESTROY);
  const inside = client.outcomes.length;
  await closed;

  expect(inside).toBe(0);
  expect(client.ended.sort()).toEqual(['a: _DESTROY', 'b: _DESTROY']);
  expect(client.connection.state).toBe('DOWN');
});

test('a request sent after close() is done all the same', async (t) => {
  const { client } = await aPair(t);
  await client.connection.close();

  client.send('a');
  await client.done(1);

  expect(client.ended).toEqual(['a: _DESTROY']);
});

test('counters tell what went over the wire', async (t) => {
  const { broker, client } = await aPair(t);
  broker.onRequest = answerAll;
  client.send('a');
  await client.done(1);

  const frames = broker.last.requests.map(({ frame }) => frame.length + 4);

  expect(client.connection.counters).toMatchObject({ connects: 1, disconnects: 0, tx: 2, rx: 2, req_timeouts: 0 });
  expect(client.connection.counters.txbytes).toBe(frames.reduce((sum, size) => sum + size, 0));
});
