// What needs a network that does exactly this, now: order of events that real sockets give only by chance.
import { expect, test } from 'vitest';
import { RD_KAFKA_RESP_ERR__PURGE_INFLIGHT as PURGED } from '../../../src/defs/enums.generated.ts';
import type { ConnectionSettings } from '../../../src/wire/settings.ts';
import { Client } from '../../faults/connection_kit.ts';
import { apiVersionsBody } from '../../faults/raw_broker.ts';
import { FakeClock } from '../../kit/fake_clock.ts';
import { FakeDialer } from './fake_transport.ts';

function aClient(settings: Partial<ConnectionSettings> = {}): { client: Client; dialer: FakeDialer; clock: FakeClock } {
  const dialer = new FakeDialer();
  const clock = new FakeClock();
  const client = new Client(9092, settings, { clock, createDialer: () => dialer });
  return { client, dialer, clock };
}

/** A client that is UP; its ApiVersions request is confirmed. */
function anUpClient(settings: Partial<ConnectionSettings> = {}): ReturnType<typeof aClient> {
  const made = aClient(settings);
  made.client.connection.connect();
  made.dialer.last.events.connected();
  made.dialer.last.confirm();
  made.dialer.last.answer(0, 'ApiVersions', apiVersionsBody());
  return made;
}

/** Lets deferred outcomes come. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an answer that comes before the write callback waits for it', () => {
  const { client, dialer } = anUpClient();
  client.send('a');

  dialer.last.answer(1, 'Metadata');
  const before = [...client.calls];
  dialer.last.confirm();

  expect([before, client.calls]).toEqual([[], ['+a', 'a']]);
  expect(client.ended).toEqual(['a: NO_ERROR']);
});

test('a request that timed out is done after its write callback or the end of its socket only', async () => {
  const { client, dialer, clock } = anUpClient();
  client.send('a', { timeoutMs: 100 });

  clock.advance(100);
  await turn();
  const before = [...client.calls];
  dialer.last.events.closed();
  await turn();

  expect(dialer.last.destroyed).toBe(true);
  expect([before, client.calls, client.ended]).toEqual([[], ['+a', 'a'], ['a: _TIMED_OUT']]);
});

test('requests on a socket that ends are done in their order, though some wait for its close', async () => {
  const { client, dialer } = anUpClient();
  for (const label of ['a', 'b', 'c']) client.send(label);
  client.send('d', { noResponse: true });
  dialer.last.confirm();

  dialer.last.events.failed('lost', 'Disconnected');
  dialer.last.events.closed();
  await turn();

  expect(client.calls.filter((call) => !call.startsWith('+'))).toEqual(['a', 'b', 'c', 'd']);
});

test('an outcome given earlier is told before an answer that comes in the same turn', () => {
  const { client, dialer } = anUpClient();
  client.send('a', { timeoutMs: 7 });
  client.send('b');
  dialer.last.confirm();
  dialer.last.confirm();

  client.connection.abandonInflight(PURGED, ({ timeoutMs }) => timeoutMs === 7);
  dialer.last.answer(1, 'Metadata');
  dialer.last.answer(2, 'Metadata');

  expect(client.ended).toEqual(['a: _PURGE_INFLIGHT', 'b: NO_ERROR']);
});

test('a new connection is made while the old socket is still closing', () => {
  const { client, dialer, clock } = anUpClient();
  client.connection.wanted = true;

  dialer.last.events.failed('lost', 'Disconnected');
  clock.advance(75);

  expect(dialer.transports.length).toBe(2);
});

test('events of an old socket do not touch the new connection', async () => {
  const { client, dialer, clock } = anUpClient();
  const [old] = dialer.transports;
  client.connection.wanted = true;
  client.send('a');
  client.connection.disconnect(PURGED, 'test');
  clock.advance(75);
  dialer.last.events.connected();

  old?.answer(1, 'Metadata');
  old?.events.failed('lost', 'late');
  old?.events.closed();
  await turn();

  expect(client.connection.state).toBe('APIVERSION_QUERY');
  expect(client.ended).toEqual(['a: _PURGE_INFLIGHT']);
});

test('an attempt that neither succeeds nor fails ends after socket.connection.setup.timeout.ms', () => {
  const { client, dialer, clock } = aClient();
  client.connection.connect();

  clock.advance(30_000);

  expect(dialer.transports[0]?.destroyed).toBe(true);
  expect(client.log).toEqual([
    '4 FAIL broker/1: Connection setup timed out in state CONNECT (after 30000ms in state CONNECT)',
  ]);
});

test('further addresses of a host are tried without waiting, then comes the backoff', () => {
  const { client, dialer, clock } = aClient();
  client.connection.connect();
  dialer.moreAddresses = true;

  dialer.last.events.failed('connect', 'Connect to a failed');
  const atOnce = dialer.transports.length;
  dialer.moreAddresses = false;
  dialer.last.events.failed('connect', 'Connect to b failed');

  expect([atOnce, dialer.transports.length, clock.nextTimerIn]).toEqual([2, 2, 75]);
});

test('the backoff counts from the failure, however long the attempt took', () => {
  const { client, dialer, clock } = aClient();
  client.connection.connect();

  clock.advance(5000);
  dialer.last.events.failed('connect', 'Connect to a failed');

  expect([dialer.transports.length, clock.nextTimerIn]).toEqual([1, 75]);
});

test('a broker that the cluster says is alive is tried at once, and its backoff begins anew', () => {
  const { client, dialer, clock } = aClient();
  client.connection.connect();
  dialer.last.events.failed('connect', 'Connect to a failed');

  client.connection.hurry();
  const atOnce = dialer.transports.length;
  dialer.last.events.failed('connect', 'Connect to a failed');

  expect([atOnce, dialer.transports.length, clock.nextTimerIn]).toEqual([2, 2, 75]);
});

test('close() leaves no timer, and waits for the socket to be closed and the requests to be done', async () => {
  const { client, dialer, clock } = anUpClient({ 'connections.max.idle.ms': 60_000 });
  client.send('a');
  let resolved = false;

  const closed = client.connection.close().then(() => {
    resolved = true;
  });
  const timers = clock.timerCount;
  for (let i = 0; i < 5; i++) await turn();
  const before = resolved;
  dialer.last.events.closed();
  await closed;

  expect([timers, before, client.ended]).toEqual([0, false, ['a: _DESTROY']]);
});

test('a request that expired in the queue is not written when there is room', async () => {
  const { client, dialer, clock } = anUpClient({ 'max.in.flight.requests.per.connection': 1 });
  client.send('a');
  client.send('b', { timeoutMs: 100 });
  client.send('c');

  clock.advance(100);
  dialer.last.confirm();
  dialer.last.answer(1, 'Metadata');
  dialer.last.confirm();
  dialer.last.answer(2, 'Metadata');
  await turn();

  expect(client.ended).toEqual(['b: _TIMED_OUT_QUEUE', 'a: NO_ERROR', 'c: NO_ERROR']);
});

test('the answer of an abandoned request is not looked into', () => {
  const { client, dialer } = anUpClient();
  client.send('a');
  client.connection.abandonInflight(PURGED);
  const id = dialer.last.requests[1]?.correlationId as number;

  dialer.last.events.data(Uint8Array.of(0, 0, 0, 9, 0, 0, 0, id, 0, 255, 255, 255, 255));

  expect(client.connection.state).toBe('UP');
});

test('a listener may close the connection from any state', async () => {
  for (const state of ['TRY_CONNECT', 'CONNECT', 'APIVERSION_QUERY', 'UP', 'DOWN', 'INIT']) {
    const dialer = new FakeDialer();
    const client: Client = new Client(
      1,
      {},
      {
        createDialer: () => dialer,
        onState: (entered) => {
          if (entered === state) void client.connection.close();
        },
      },
    );
    client.send('a');
    dialer.transports[0]?.events.connected();
    if (dialer.transports[0]?.requests.length) dialer.transports[0].answer(0, 'ApiVersions', apiVersionsBody());
    dialer.transports[0]?.events.failed('lost', 'Disconnected');
    dialer.transports[0]?.events.closed();
    await client.connection.close();

    expect([state, client.connection.state, client.ended.length]).toEqual([state, 'DOWN', 1]);
  }
});

test('debug lines are made only for the contexts that were asked for', () => {
  const lines: number[] = [];
  const dialer = new FakeDialer();
  const client = new Client(
    1,
    {},
    {
      createDialer: () => dialer,
      debug: 2,
      log: (level, _fac, _text, context) => lines.push(level * 1000 + context),
    },
  );

  client.connection.connect();
  dialer.last.events.connected();

  expect([...new Set(lines)]).toEqual([7002]);
});
