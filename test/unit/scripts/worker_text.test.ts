import { expect, test } from 'vitest';
import { workerText } from '../../../scripts/worker_text.mjs';

test('workers pause in `npm run soak pauses`, and nowhere else', async () => {
  const [paused, plain] = [await workerText(true), await workerText(false)];

  expect(paused.hash).not.toBe(plain.hash);
  expect([paused.text, plain.text].map((text) => text.includes('Math.random()<.02'))).toEqual([true, false]);
});
