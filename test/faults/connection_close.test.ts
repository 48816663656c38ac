// close() in every state a connection can be in: nothing of it is left in the process.
import { createServer } from 'node:net';
import { expect, type TestContext, test } from 'vitest';
import { until } from '../kit/until.ts';
import { Client, handles } from './connection_kit.ts';
import { NOBODY, RawBroker } from './raw_broker.ts';

interface Case {
  state: string;
  /** Brings a client into the state. */
  arrange: (t: TestContext) => Promise<{ client: Client; broker: RawBroker }>;
}

async function aPair(t: TestContext, settings = {}): Promise<{ client: Client; broker: RawBroker }> {
  const broker = await new RawBroker().listen(t);
  return { broker, client: new Client(broker.port, settings) };
}

const CASES: Case[] = [
  { state: 'INIT', arrange: (t) => aPair(t) },
  {
    state: 'TRY_CONNECT',
    arrange: async (t) => {
      const { broker } = await aPair(t);
      const client = new Client(NOBODY);
      client.send('a');
      await until(() => client.connection.state === 'TRY_CONNECT', { what: 'the backoff' });
      return { client, broker };
    },
  },
  {
    state: 'CONNECT',
    arrange: async (t) => {
      const pair = await aPair(t);
      pair.client.send('a');
      return pair;
    },
  },
  {
    state: 'APIVERSION_QUERY',
    arrange: async (t) => {
      const pair = await aPair(t);
      pair.broker.onRequest = () => {};
      pair.client.send('a');
      await until(() => pair.broker.queries.length > 0, { what: 'the query' });
      return pair;
    },
  },
  {
    state: 'UP',
    arrange: async (t) => {
      const pair = await aPair(t, { 'connections.max.idle.ms': 60_000 });
      await pair.client.up();
      pair.client.send('a');
      await until(() => pair.broker.requests.length > 0, { what: 'the request' });
      return pair;
    },
  },
  {
    state: 'UP with a write pending',
    arrange: async (t) => {
      const pair = await aPair(t);
      await pair.client.up();
      pair.broker.last.socket.pause();
      const frame = () => [new Uint8Array(new SharedArrayBuffer(32 << 20))];
      pair.client.send('a', { name: 'Produce', frame });
      return pair;
    },
  },
  {
    state: 'DOWN',
    arrange: async (t) => {
      const pair = await aPair(t);
      await pair.client.up();
      await pair.client.connection.close();
      pair.client.send('a');
      return pair;
    },
  },
];

test.for(CASES)(
  'close() in state $state ends every request and leaves no socket and no timer',
  async ({ state, arrange }, t) => {
    // The first server of a process may leave handles of its own behind.
    await new Promise<void>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => server.close(() => resolve()));
    });
    const before = handles();
    const { client, broker } = await arrange(t);
    const reached = client.connection.state;

    await client.connection.close();
    if (client.outcomes.length === 0 && state !== 'INIT') await client.done(1);
    await broker.stop();

    expect(state).toMatch(new RegExp(`^${reached}`));
    expect(client.ended).toEqual(state === 'INIT' ? [] : ['a: _DESTROY']);
    await until(() => handles().length <= before.length, { what: () => handles().join() });
  },
);
