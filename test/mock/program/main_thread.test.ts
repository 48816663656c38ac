// Signals on a main thread that blocks without `program`: SIGINT gets through, the rest is told once.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

const INTR = -163;

/** A consumer without a cluster, that keeps its log lines. */
const LONELY = `
  const conf = k.rd_kafka_conf_new();
  k.rd_kafka_conf_set(conf, 'group.id', 'g');
  const lines = [];
  k.rd_kafka_conf_set_log_cb(conf, (rk, level, fac, text) => { if (fac === 'SIGNAL') lines.push(level + ' ' + text); });
  const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
`;

/**
 * Runs a script that says `ready` and sends it SIGINT until it says more. A signal that comes between two waits is lost;
 * one that comes while vm exchanges the handlers, which takes some 0.3 ms a wait, kills: then it is run again.
 */
async function interrupted(script: string): Promise<{ code: number | string; out: string }> {
  for (let tries = 1; ; tries++) {
    const child = run(script);
    await child.says(/ready\n/);
    const again = setInterval(() => child.process.kill('SIGINT'), 200);
    await child.says(/ready\n./).catch(() => {});
    clearInterval(again);
    const code = await child.ended;
    if (code !== 'SIGINT' || tries === 3) return { code, out: child.out() };
  }
}

test('a listener of SIGINT is called inside the call that is blocked, which then returns', async () => {
  const { code, out } = await interrupted(`
    ${LONELY}
    let inside = false, run = true;
    process.on('SIGINT', (name, number) => { console.log(name, number, inside); run = false; });
    console.log('ready');
    while (run) {
      inside = true;
      const message = k.rd_kafka_consumer_poll(rk, -1);
      inside = false;
      console.log(message, k.rd_kafka_last_error());
    }
    k.rd_kafka_destroy(rk);
  `);

  expect(code).toBe(0);
  // One more may come while it ends.
  expect(out).toMatch(new RegExp(`^ready\nSIGINT 2 true\nnull ${INTR}\n`));
});

test('signal without a program is process.on, and a second call replaces the first', async () => {
  const { code, out } = await interrupted(`
    ${LONELY}
    const first = () => console.log('first');
    console.log(signal('SIGINT', first), signal('SIGINT', () => { console.log('second'); process.exit(6); }) === first);
    console.log('ready');
    while (true) k.rd_kafka_consumer_poll(rk, 1000);
  `);

  expect(code).toBe(6);
  expect(out).toBe('null true\nready\nsecond\n');
});

test('what a listener throws comes out of the call', async () => {
  const { code, out } = await interrupted(`
    ${LONELY}
    process.on('SIGINT', () => { throw new Error('no more'); });
    console.log('ready');
    try { k.rd_kafka_consumer_poll(rk, -1); } catch (error) { console.log(error.message); process.exit(6); }
  `);

  expect(code).toBe(6);
  expect(out).toBe('ready\nno more\n');
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
