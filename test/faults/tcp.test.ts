// The TCP transport against real sockets.
import { createServer, type Server, type Socket } from 'node:net';
import { expect, type TestContext, test } from 'vitest';
import { systemClock } from '../../src/rd/clock.ts';
import type { Lookup } from '../../src/transport/addresses.ts';
import { TcpDialer, type TcpSettings } from '../../src/transport/tcp.ts';
import type { Transport, TransportEvents } from '../../src/transport/transport.ts';
import { until } from '../kit/until.ts';

const SETTINGS: TcpSettings = {
  'broker.address.family': 'any',
  // No test is so slow that it has to look up a name again.
  'broker.address.ttl': 600_000,
  'socket.keepalive.enable': true,
  'socket.nagle.disable': true,
};

/** All events of one transport, as words. */
class Ear implements TransportEvents {
  readonly events: string[] = [];
  readonly bytes: Buffer[] = [];

  connected(): void {
    this.events.push('connected');
  }

  data(chunk: Uint8Array): void {
    this.bytes.push(Buffer.from(chunk));
  }

  failed(kind: string, reason: string): void {
    this.events.push(`${kind}: ${reason}`);
  }

  closed(): void {
    this.events.push('closed');
  }

  async hears(event: string): Promise<void> {
    await until(() => this.events.some((one) => one.startsWith(event)), { what: `${event} in ${this.events}` });
  }
}

async function aServer(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

function dial(host: string, port: number, lookup?: Lookup): { ear: Ear; transport: Transport; dialer: TcpDialer } {
  const ear = new Ear();
  const dialer = new TcpDialer(SETTINGS, systemClock, lookup);
  return { ear, dialer, transport: dialer.dial(host, port, ear) };
}

test('what is written arrives, and what is answered is heard', async (t) => {
  const port = await aServer(t, (socket) => socket.on('data', (chunk) => socket.write(`<${chunk}>`)));
  const { ear, transport } = dial('127.0.0.1', port);
  await ear.hears('connected');
  let written = 0;

  transport.write([Buffer.from('a'), Buffer.from('bc'), new Uint8Array(0)], () => written++);
  await until(() => Buffer.concat(ear.bytes).length >= 5, { what: 'the echo' });
  transport.destroy();
  await ear.hears('closed');

  expect(Buffer.concat(ear.bytes).toString()).toBe('<abc>');
  expect(written).toBe(1);
  expect(ear.events).toEqual(['connected', 'closed']);
});

test('writing is not confirmed when the socket is destroyed over it', async (t) => {
  const port = await aServer(t, (socket) => socket.pause());
  const { ear, transport } = dial('127.0.0.1', port);
  await ear.hears('connected');
  let written = 0;

  transport.write([new Uint8Array(new SharedArrayBuffer(32 << 20))], () => written++);
  transport.write([new Uint8Array(10)], () => written++);
  const pending = transport.bytesPending;
  transport.destroy();
  await ear.hears('closed');

  expect([written, pending > 0]).toEqual([0, true]);
});

test('a peer that hangs up is told with what it said before, then the socket is closed', async (t) => {
  const port = await aServer(t, (socket) => socket.end('bye'));
  const { ear } = dial('127.0.0.1', port);

  await ear.hears('closed');

  expect(Buffer.concat(ear.bytes).toString()).toBe('bye');
  expect(ear.events).toEqual(['connected', 'lost: Disconnected', 'closed']);
});

test('a peer that resets is told', async (t) => {
  const port = await aServer(t, (socket) => socket.on('data', () => socket.resetAndDestroy()));
  const { ear, transport } = dial('127.0.0.1', port);
  await ear.hears('connected');

  transport.write([new Uint8Array(1)], () => {});
  await ear.hears('closed');

  expect(ear.events).toEqual(['connected', 'lost: Disconnected: connection reset by peer', 'closed']);
});

test('destroy() while a name is looked up leads to closed and to no connection', async (t) => {
  let accepted = 0;
  const port = await aServer(t, () => accepted++);
  let found: Parameters<Lookup>[2] = () => {};
  const { ear, transport } = dial('kafka', port, (_host, _family, callback) => {
    found = callback;
  });

  transport.destroy();
  found(null, [{ address: '127.0.0.1', family: 4 }]);
  await ear.hears('closed');
  const second = dial('127.0.0.1', port);
  await second.ear.hears('connected');
  await until(() => accepted > 0, { what: 'the second connection' });
  second.transport.destroy();

  expect(ear.events).toEqual(['closed']);
  expect(accepted).toBe(1);
});

test('a peer that hangs up without reading what is still being written is told', async (t) => {
  const port = await aServer(t, (socket) => {
    socket.pause();
    socket.end();
  });
  const { ear, transport } = dial('127.0.0.1', port);
  await ear.hears('connected');

  transport.write([new Uint8Array(32 << 20)], () => {});
  await ear.hears('closed');

  expect(ear.events).toEqual(['connected', 'lost: Disconnected', 'closed']);
});

test('once an address works the others of the name need not be tried in a hurry', async (t) => {
  const port = await aServer(t, () => {});
  const list = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const { ear, dialer, transport } = dial('kafka', port, (_host, _family, callback) =>
    setImmediate(() => callback(null, list)),
  );

  await ear.hears('connected');
  transport.destroy();

  expect(dialer.moreAddresses).toBe(false);
});

test('a name that cannot be resolved is told as such', async () => {
  const error = Object.assign(new Error('x'), { code: 'ENOTFOUND', errno: -3008 });
  const { ear } = dial('kafka', 1, (_host, _family, callback) => setImmediate(() => callback(error, [])));

  await ear.hears('closed');

  expect(ear.events).toEqual(["resolve: Failed to resolve 'kafka': no such host", 'closed']);
});

test('all addresses of a name are tried in turn', async (t) => {
  const port = await aServer(t, () => {});
  const list = [
    { address: '127.0.0.2', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  const { ear, dialer } = dial('kafka', port, (_host, _family, callback) => setImmediate(() => callback(null, list)));
  await ear.hears('closed');
  const more = dialer.moreAddresses;

  const second = new Ear();
  const transport = dialer.dial('kafka', port, second);
  await second.hears('connected');
  transport.destroy();

  expect(ear.events[0]).toBe(`connect: Connect to 127.0.0.2:${port} failed: connection refused`);
  expect([more, dialer.moreAddresses]).toEqual([true, false]);
});
