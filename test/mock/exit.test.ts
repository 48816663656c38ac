// The end of the process: what keeps it alive, and what it says about messages that it takes along.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

/** Accepts connections and never answers. */
const SILENT = `
import { createServer } from 'node:net';
let accepted;
const connected = new Promise((done) => (accepted = done));
const server = createServer((socket) => accepted(socket.on('error', () => {}).unref()));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
server.unref();
const silent = '127.0.0.1:' + server.address().port;
/** Resolves when the handle's threads run: they have connected. */
async function running() {
  server.ref();
  await connected;
  server.unref();
}
`;

test('after poll_start the process stays until every message is reported, and then ends by itself', async () => {
  const child = run(`
    const c = cluster();
    let reports = 0;
    const rk = producer(c.bootstrap, (err) => { reports++; console.log('report', err); }, { 'linger.ms': '50' });
    poll_start(rk);
    for (let i = 0; i < 3; i++) k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x' + i));
    process.on('exit', () => console.log('exit', reports));
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('report 0\nreport 0\nreport 0\nexit 3\n');
  expect(child.err()).toBe('');
});

test('a report that produces another message keeps the process for that one, too', async () => {
  const child = run(`
    const c = cluster();
    let left = 3;
    const send = () => k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    const rk = producer(c.bootstrap, () => { console.log('report'); if (--left > 0) send(); });
    poll_start(rk);
    send();
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('report\nreport\nreport\n');
});

test('poll_start with nothing on its way keeps no process', async () => {
  const child = run(`poll_start(producer('127.0.0.1:1'));`);

  expect(await child.ended).toBe(0);
});

test('after stop() messages on their way keep no process, and the last line says how many there were', async () => {
  const child = run(`${SILENT}
    const rk = producer(silent);
    poll_start(rk).stop();
    for (let i = 0; i < 2; i++) k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
  `);

  expect(await child.ended).toBe(0);

  expect(child.err()).toMatch(/^rdkafka-ts: rdkafka#producer-1: the process ends with 2 messages not delivered.*\n$/);
});

test('one line for each handle with messages that are not delivered', async () => {
  const child = run(`${SILENT}
    for (const id of ['a', 'b', 'idle']) {
      const rk = producer(silent, null, { 'client.id': id });
      if (id !== 'idle') k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    }
    process.exit(7);
  `);

  expect(await child.ended).toBe(7);

  expect(child.err().trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^rdkafka-ts: a#producer-1: the process ends with 1 message not delivered/),
    expect.stringMatching(/^rdkafka-ts: b#producer-2: the process ends with 1 message not delivered/),
  ]);
});

test('nothing is said about messages that were delivered and not polled for', async () => {
  const child = run(`
    const c = cluster();
    const rk = producer(c.bootstrap, () => {});
    const other = producer(c.bootstrap);
    k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    for (let i = 0; i < 900 && rk.reports.delivered() === 0; i++) k.rd_kafka_poll(other, 50);
    console.log(rk.reports.delivered());
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('1\n');
  expect(child.err()).toBe('');
});

test('nothing is said of a handle that was destroyed, which reported its messages as purged', async () => {
  const child = run(`${SILENT}
    const rk = producer(silent, (err) => console.log(err), { log_level: '0' });
    k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    await running();
    k.rd_kafka_destroy(rk);
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('-152\n');
  expect(child.err()).toBe('');
});

test('the line is written when an uncaught exception ends the process', async () => {
  const child = run(`${SILENT}
    const rk = producer(silent);
    k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    throw new Error('mine');
  `);

  expect(await child.ended).toBe(1);

  expect(child.err()).toContain('Error: mine');
  expect(child.err()).toContain('the process ends with 1 message not delivered');
});
