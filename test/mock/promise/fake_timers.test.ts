// messages, batches and each go on under a test runner's fake timers (api.md, section 3).
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as k from '../../../src/index.ts';
import { aCluster, aConsumer, aProducer } from '../../kit/builders.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

// Before the builders' cleanup, which waits by timers of its own.
afterEach(() => {
  vi.useRealTimers();
});

test("messages, batches and each go on under vitest's fake timers", async (t) => {
  const { bootstrap } = aCluster(t);
  const { rk: producer } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap });
  const seen: string[] = [];
  for (let i = 0; i < 6; i++) k.producev(producer, { topic: 't', partition: 0, value: `${i}` });
  await k.flush_async(producer, 30_000);
  k.subscribe(rk, ['t']);

  for await (const message of k.messages(rk)) if (seen.push(String(message.value)) === 2) break;
  for await (const batch of k.batches(rk, { max_messages: 2, max_wait_ms: 50 })) {
    seen.push(...batch.map(({ value }) => String(value)));
    if (seen.length >= 4) break;
  }
  let failed = false;
  const running = k.each(
    rk,
    ({ value }) => {
      if (!failed) {
        failed = true;
        throw new Error('once');
      }
      seen.push(String(value));
      if (seen.length === 6) void k.close_async(rk);
    },
    { on_failure: () => ({ retry_after_ms: 10 }) },
  );
  await running;

  expect(seen).toEqual(['0', '1', '2', '3', '4', '5']);
});
