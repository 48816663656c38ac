// Collecting by hand in several threads at once: V8's flags are the whole process's.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { bundled } from '../../kit/bundle.ts';

test('threads that collect at the same time do not take gc away from one another', async () => {
  const text = await bundled(new URL('../../../src/ops/collect.ts', import.meta.url));
  const loop = `${text}\nfor (let i = 0; i < 200; i++) module.exports.collect();`;
  const workers = Array.from({ length: 4 }, () => new Worker(loop, { eval: true }));

  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0] as number));

  expect(codes).toEqual([0, 0, 0, 0]);
});
