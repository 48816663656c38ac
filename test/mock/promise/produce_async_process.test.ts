// produce_async and the process: what keeps it alive, what it costs, and that nothing of it blocks. All children run with
// --unhandled-rejections=strict.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

/** A broker that accepts and never answers. */
const SILENT = `
import { createServer } from 'node:net';
const server = createServer((socket) => socket.on('error', () => {}).unref());
await new Promise((done) => server.listen(0, '127.0.0.1', done));
server.unref();
const silent = '127.0.0.1:' + server.address().port;
`;

const NO_WAIT = `Atomics.wait = () => { throw new Error('Atomics.wait was called'); };`;

test('without poll and poll_start the process lives until the promise is settled, and then ends by itself', async () => {
  const child = run(`
    const c = cluster();
    const rk = producer(c.bootstrap, null, { 'linger.ms': '300' });
    r.produce_async(rk, { topic: 't', value: 'x' }).then(({ offset }) => console.log('settled', offset));
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('settled 0\n');
  expect(child.err()).toBe('');
});

test('one that waits for room keeps the process as well', async () => {
  const child = run(`
    const c = cluster();
    const rk = producer(c.bootstrap, null, { 'linger.ms': '300', 'queue.buffering.max.messages': '1' });
    for (let i = 0; i < 3; i++) r.produce_async(rk, { topic: 't', partition: 0 }).then(({ offset }) => console.log('settled', offset));
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('settled 0\nsettled 1\nsettled 2\n');
});

test('the process ends by itself when its promises were settled in a blocking call', async () => {
  const child = run(`
    const c = cluster();
    const rk = producer(c.bootstrap, null, { 'linger.ms': '60000' });
    r.produce_async(rk, { topic: 't' }).then(({ offset }) => console.log('settled', offset));
    console.log(k.rd_kafka_flush(rk, 45000));
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('0\nsettled 0\n');
});

test('a program that exits is told of those that wait for room, too', async () => {
  const child = run(`${SILENT}
    const rk = producer(silent, null, { 'queue.buffering.max.messages': '2' });
    for (let i = 0; i < 5; i++) r.produce_async(rk, { topic: 't' });
    process.exit(0);
  `);

  expect(await child.ended).toBe(0);

  expect(child.err()).toMatch(/^rdkafka-ts: rdkafka#producer-1: the process ends with 5 messages not delivered/);
});

for (const end of ['destroy', 'close_async', 'kill'])
  test(`every promise settles once by ${end}, and the process ends`, async () => {
    const child = run(`${SILENT}
      const rk = producer(silent, null, { log_level: '0', 'queue.buffering.max.messages': '50' });
      let settled = 0;
      const sent = [];
      const note = () => void settled++;
      for (let i = 0; i < 100; i++) sent.push(r.produce_async(rk, { topic: 't' }).then(note, note));
      const room = r.room_async(rk).then(() => console.log('room'), (error) => console.log('room', error.type));
      if ('${end}' === 'kill') await rk.main.worker.terminate();
      else if ('${end}' === 'destroy') k.rd_kafka_destroy(rk);
      else console.log(await r.close_async(rk, { timeout_ms: 100 }));
      await Promise.all([...sent, room]);
      console.log(settled);
      await new Promise((turn) => setTimeout(turn, 1));
      console.log(settled);
    `);

    expect(await child.ended).toBe(0);

    const closed = end === 'close_async' ? '{ undelivered: 100, uncommitted: [] }\n' : '';
    expect(child.out()).toContain(closed);
    expect(child.out().replace(closed, '')).toMatch(/^room (_DESTROY|_CRIT_SYS_RESOURCE)\n100\n100\n$/);
    expect(child.err()).toBe('');
  });

test('nothing of it blocks the event loop: not producing, waiting for room, closing', async () => {
  const child = run(`
    const c = cluster();
    ${NO_WAIT}
    const rk = r.producer_new({ 'bootstrap.servers': c.bootstrap, 'queue.buffering.max.messages': 10 });
    const sent = [];
    for (let i = 0; i < 100; i++) sent.push(r.produce_async(rk, { topic: 't', value: 'x' }));
    await r.room_async(rk);
    await Promise.all(sent);
    await r.produce_async(rk, [{ topic: 't' }, { topic: 't' }]);
    console.log(await r.close_async(rk));
    process.exit(0);
  `);

  expect(await child.ended).toBe(0);

  expect(child.out()).toBe('{ undelivered: 0, uncommitted: [] }\n');
  expect(child.err()).toBe('');
});

test('100,000 outstanding promises cost at most 1 KB each, and all settle', async () => {
  const child = run(
    `
    const c = cluster();
    const rk = producer(c.bootstrap, null, { 'linger.ms': '2000', 'queue.buffering.max.messages': '50000' });
    await r.produce_async(rk, [{ topic: 't' }]).then(() => {}, () => {});
    const COUNT = 100000;
    const promises = new Array(COUNT).fill(null);
    const value = Buffer.alloc(100);
    const used = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const before = used();
    for (let i = 0; i < COUNT; i++) promises[i] = r.produce_async(rk, { topic: 't', value });
    console.log('each', Math.round((used() - before) / COUNT));
    const flushed = r.flush_async(rk, 110000);
    let offsets = 0;
    for (const promise of promises) if ((await promise).offset >= 0) offsets++;
    await flushed;
    console.log('settled', offsets);
  `,
    { flags: ['--expose-gc'] },
  );

  expect(await child.ended).toBe(0);

  const [, each, settled] = /^each (\d+)\nsettled (\d+)\n$/.exec(child.out()) ?? [];
  expect(settled).toBe('100000');
  expect(Number(each)).toBeLessThanOrEqual(1024);
  expect(Number(each)).toBeGreaterThan(50);
});
