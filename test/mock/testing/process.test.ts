// A process that has a cluster of rdkafka-ts/testing: what keeps it alive and what does not.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

test('a cluster that nobody closes keeps no process', async () => {
  const child = run(`
    const c = await testing.mock_cluster({ brokers: 2 });
    await c.put('orders', 'x');
    console.log((await c.records('orders')).length);
  `);

  expect(await child.ended).toBe(0);
  expect([child.out(), child.err()]).toEqual(['1\n', '']);
});

test('a closed cluster keeps no process', async () => {
  const child = run(`
    const c = await testing.mock_cluster();
    await c.close();
    console.log(process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap').join());
  `);

  expect(await child.ended).toBe(0);
  expect(child.err()).toBe('');
});

test('a call that waits keeps the process until it settles', async () => {
  const child = run(`
    const c = await testing.mock_cluster();
    c.received('orders', 1, { timeout_ms: 300 }).catch((error) => console.log(error.message));
  `);

  expect(await child.ended).toBe(0);
  expect(child.out()).toMatch(/^received: waited 300 ms for 1 record in topic orders/);
});

test('a failure that nobody hears is an unhandled rejection, with the line that waited', async () => {
  const child = run(`
    const c = await testing.mock_cluster();
    async function forgotten() {
      c.received('orders', 1, { timeout_ms: 50 });
    }
    await forgotten();
    await c.stable('g', 1, { timeout_ms: 60_000 });
  `);

  expect(await child.ended).toBe(1);
  expect(child.err()).toMatch(/Error: received: waited 50 ms[^\n]*\n\s+at forgotten \(file:[^\n]*\.mjs:5:/);
});

test('what a worker thread opens ends with it', async () => {
  const child = run(`
    import { Worker, isMainThread } from 'node:worker_threads';
    import { fileURLToPath } from 'node:url';
    if (isMainThread) {
      const worker = new Worker(fileURLToPath(import.meta.url));
      worker.on('exit', (code) => console.log('worker ended', code, testing.open_handles().length));
    } else {
      const c = await testing.mock_cluster();
      await c.put('orders', 'x');
      console.log('in the worker', testing.open_handles().length);
    }
  `);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('in the worker 1\nworker ended 0 0\n');
});
