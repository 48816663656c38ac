// Signals on a main thread that blocks without `program`: SIGINT gets through, the rest is told once.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

const INTR = -163;

/** A consumer of nothing in particular, on no broker, that keeps its log lines. */
const LONELY = `
  const conf = k.rd_kafka_conf_new();
  k.rd_kafka_conf_set(conf, 'bootstrap.servers', '127.0.0.1:1'); k.rd_kafka_conf_set(conf, 'group.id', 'g');
  const lines = [];
  k.rd_kafka_conf_set_log_cb(conf, (rk, level, fac, text) => { if (fac === 'SIGNAL') lines.push(level + ' ' + text); });
  const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
`;

test('a listener of SIGINT is called inside the call that is blocked, which then returns', async () => {
  const child = run(`
    ${LONELY}
    let inside = false, run = true;
    process.on('SIGINT', (name, number) => { console.log(name, number, inside); run = false; });
    console.log('polling');
    while (run) {
      inside = true;
      const message = k.rd_kafka_consumer_poll(rk, -1);
      inside = false;
      console.log(message, k.rd_kafka_last_error());
    }
    k.rd_kafka_destroy(rk);
  `);
  await child.says(/polling/);
  // What comes outside the wait is for the event loop: a user presses again.
  const again = setInterval(() => child.process.kill('SIGINT'), 200);

  const code = await child.ended;
  clearInterval(again);

  expect(code).toBe(0);
  // One more may come while it ends.
  expect(child.out()).toMatch(new RegExp(`^polling\nSIGINT 2 true\nnull ${INTR}\n`));
});

test('signal without a program is process.on, and a second call replaces the first', async () => {
  const child = run(`
    ${LONELY}
    const first = () => console.log('first');
    console.log(signal('SIGINT', first), signal('SIGINT', () => { console.log('second'); process.exit(6); }) === first);
    while (true) k.rd_kafka_consumer_poll(rk, 1000);
  `);
  await child.says(/null true/);
  const again = setInterval(() => child.process.kill('SIGINT'), 200);

  const code = await child.ended;
  clearInterval(again);

  expect(code).toBe(6);
  expect(child.out()).toBe('null true\nsecond\n');
});

test('what a listener throws comes out of the call', async () => {
  const child = run(`
    ${LONELY}
    process.on('SIGINT', () => { throw new Error('no more'); });
    console.log('polling');
    try { k.rd_kafka_consumer_poll(rk, -1); } catch (error) { console.log(error.message); process.exit(6); }
  `);
  await child.says(/polling/);
  const again = setInterval(() => child.process.kill('SIGINT'), 200);

  const code = await child.ended;
  clearInterval(again);

  expect(code).toBe(6);
  expect(child.out()).toBe('polling\nno more\n');
});

test.each(['SIGINT', 'SIGTERM'] as const)('without a listener %s kills a blocked process', async (name) => {
  const child = run(`
    ${LONELY}
    process.on(${name === 'SIGINT' ? "'SIGTERM'" : "'SIGINT'"}, () => {});
    console.log('polling');
    k.rd_kafka_consumer_poll(rk, -1);
  `);
  await child.says(/polling/);

  child.process.kill(name);

  expect(await child.ended).toBe(name);
});

test('a thread with listeners that stays in calls for 5 s says so once', async () => {
  const child = run(`
    ${LONELY}
    process.on('SIGTERM', () => {});
    const now = performance.now.bind(performance);
    for (const end = now() + 5500; now() < end && lines.length === 0; ) k.rd_kafka_consumer_poll(rk, 100);
    for (const end = now() + 300; now() < end; ) k.rd_kafka_consumer_poll(rk, 100);
    console.log(lines.length, lines[0]);
    k.rd_kafka_destroy(rk);
  `);

  expect(await child.ended).toBe(0);
  expect(child.out()).toMatch(/^1 4 .*this thread has listeners for signals, and has been in calls .* for 5 seconds/);
});
