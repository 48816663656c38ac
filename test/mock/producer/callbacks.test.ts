import { expect, onTestFinished, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import { appThread } from '../../../src/app/thread.ts';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { whatIsLeft } from '../../kit/nothing_left.ts';
import { outcomes, type Producing, pollUntil, produceNumbers, reportFaults } from '../../kit/producing.ts';
import { until } from '../../kit/until.ts';
import { aMock, type MockEnv, sleepUntilReported } from './kit.ts';

/** A turn of the event loop comes for what it is woken for; the look at the workers' hearts, which brings one, too, does not. */
function withoutPulse(): void {
  const thread = appThread() as unknown as { startPulse?: () => void };
  thread.startPulse = () => {};
  onTestFinished(() => {
    delete thread.startPulse;
  });
}

/** Waits until this thread has taken in the reports of `count` messages, by calls that serve another handle. */
function letArrive(env: MockEnv, p: Producing, count: number): void {
  const other = env.producer();
  const { reports } = p.handle as unknown as Handle;
  pollUntil(other, () => reports!.delivered() === count, `${count} reports`);
}

test('a callback that throws: poll throws it, its report counts, the rest is served by the next', () => {
  const p = aMock().producer({ 'linger.ms': '50' });
  p.onReport = (message) => {
    if (message._private % 3 === 1) throw new Error(`no ${message._private}`);
  };
  produceNumbers(p, 't', 30, { partition: 0 });
  const thrown: string[] = [];
  for (let i = 0; i < 400 && rk.outq_len(p.handle) > 0; i++) {
    try {
      rk.poll(p.handle, 50);
    } catch (error) {
      thrown.push((error as Error).message);
    }
  }
  expect(thrown).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28].map((i) => `no ${i}`));
  expect(reportFaults(p.reports, 30)).toBe('');
});

test('a callback that throws in flush: flush throws it and can be called again', () => {
  const p = aMock().producer();
  p.onReport = (message) => {
    if (message._private === 2) throw new Error('two');
  };
  produceNumbers(p, 't', 10, { partition: 0 });
  expect(() => rk.flush(p.handle, 20_000)).toThrow('two');
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(reportFaults(p.reports, 10)).toBe('');
});

test('poll inside a report callback serves the reports that follow, in order', () => {
  const p = aMock().producer({ 'linger.ms': '60000' });
  let depth = 0;
  let deepest = 0;
  p.onReport = () => {
    depth++;
    deepest = Math.max(deepest, depth);
    if (depth < 5) rk.poll(p.handle, 0);
    depth--;
  };
  produceNumbers(p, 't', 100, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(deepest).toBe(5);
  expect(reportFaults(p.reports, 100)).toBe('');
});

test('flush inside a report callback waits for the other messages', () => {
  const p = aMock().producer({ 'linger.ms': '5' });
  let nested: number | null = null;
  p.onReport = () => {
    if (nested === null) {
      nested = -1;
      nested = rk.flush(p.handle, 15_000);
    }
  };
  produceNumbers(p, 't', 200, { key: (i) => `${i}` });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(nested).toBe(0);
  expect(p.reports.length).toBe(200);
});

test('produce inside a report callback is accepted and delivered', () => {
  const p = aMock().producer();
  p.onReport = (message) => {
    if (message._private < 50)
      expect(rk.producev(p.handle, { topic: 't', partition: 0, value: 'x', opaque: message._private + 10 })).toBe(0);
  };
  produceNumbers(p, 't', 10, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('ok x 60');
});

test('a message shows its own bytes while its callback runs, whatever is produced and served meanwhile', () => {
  const p = aMock().producer();
  // From here on batches go straight to their partition, and their memory comes back with the last report.
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  const seen: string[] = [];
  p.onReport = (message) => {
    if (message._private === 'first') {
      // The only record of its batch: for the nested call the batch is over.
      rk.poll(p.handle, 0);
      rk.producev(p.handle, { topic: 't', partition: 0, value: 'other!', opaque: 'other' });
    }
    seen.push(`${message._private}:${message.payload?.toString()}`);
  };
  rk.producev(p.handle, { topic: 't', partition: 0, value: 'first!', opaque: 'first' });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(seen).toEqual(['first:first!', 'other:other!']);
});

test('yield_ inside a callback ends poll behind it', () => {
  const env = aMock();
  const p = env.producer({ 'linger.ms': '50' });
  p.onReport = () => rk.yield_(p.handle);
  produceNumbers(p, 't', 5, { partition: 0 });
  pollUntil(p, () => p.reports.length > 0, 'a report');
  letArrive(env, p, 4);
  expect(p.reports.length).toBe(1);
  expect(rk.poll(p.handle, 0)).toBe(1);
  expect(p.reports.length).toBe(2);
  p.onReport = null;
  expect(rk.poll(p.handle, 0)).toBe(3);
});

test('what was not read inside the callback says so afterwards, what was read stays', () => {
  const p = aMock().producer();
  const kept: rk.rd_kafka_message_t[] = [];
  p.onReport = (message) => {
    kept.push(message);
    if (kept.length === 1) expect(message.payload?.toString()).toBe('0');
  };
  produceNumbers(p, 't', 2, { partition: 0, key: (i) => `k${i}` });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(kept[0]!.payload?.toString()).toBe('0');
  expect(() => kept[0]!.key).toThrow(/inside the callback/);
  expect(() => kept[1]!.payload).toThrow(/inside the callback/);
  expect(kept[1]!.len).toBe(1);
});

test('destroy inside a callback takes effect when the outermost call returns', () => {
  const p = aMock().producer({ 'linger.ms': '20' });
  p.onReport = (message) => {
    if (message._private === 0) rk.destroy(p.handle);
  };
  produceNumbers(p, 't', 500, { key: (i) => (i < 250 ? 'a' : 'b') });
  rk.flush(p.handle, -1);
  expect(() => rk.name(p.handle)).toThrow(/destroyed/);
  expect(reportFaults(p.reports, 500)).toBe('');
});

test('destroy inside a callback that also throws: the error comes through, the handle is gone', () => {
  const p = aMock().producer();
  p.onReport = (message) => {
    if (message._private !== 0) return;
    rk.destroy(p.handle);
    throw new Error('after destroy');
  };
  produceNumbers(p, 't', 5, { partition: 0 });
  expect(() => rk.flush(p.handle, 20_000)).toThrow('after destroy');
  expect(() => rk.name(p.handle)).toThrow(/destroyed/);
  expect(reportFaults(p.reports, 5)).toBe('');
});

test('callbacks that throw, yield or produce inside destroy keep it from nothing', () => {
  const p = aMock().producer({ 'linger.ms': '60000' });
  let refused = 0;
  p.onReport = (message) => {
    rk.yield_(p.handle);
    if (rk.producev(p.handle, { topic: 't', value: 'again' }) === rk.RD_KAFKA_RESP_ERR__DESTROY) refused++;
    if (message._private % 2 === 0) throw new Error('in destroy');
  };
  produceNumbers(p, 't', 10);
  expect(() => rk.destroy(p.handle)).toThrow('in destroy');
  expect(refused).toBe(10);
  expect(reportFaults(p.reports, 10)).toBe('');
  expect(() => rk.name(p.handle)).toThrow(/destroyed/);
});

test('without a report callback everything is delivered and outq_len falls by itself', async () => {
  const env = aMock();
  const p = env.producer({ 'queue.buffering.max.messages': '1000' }, { reports: false });
  let sent = 0;
  while (sent < 20_000) {
    const err = rk.producev(p.handle, { topic: 't', value: `${sent}` });
    if (err === 0) sent++;
    // Nobody polls: a full queue makes room by itself.
    else expect(err).toBe(rk.RD_KAFKA_RESP_ERR__QUEUE_FULL);
  }
  await until(() => rk.outq_len(p.handle) === 0);
  expect(p.reports.length).toBe(0);
});

test('without a report callback flush and F_BLOCK work', () => {
  const p = aMock().producer({ 'queue.buffering.max.messages': '100' }, { reports: false });
  const topic = rk.topic_new(p.handle, 't', null)!;
  for (let i = 0; i < 2000; i++) expect(rk.produce(topic, -1, rk.RD_KAFKA_MSG_F_BLOCK, 'x', null)).toBe(0);
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(rk.outq_len(p.handle)).toBe(0);
});

test('poll_start serves reports from the event loop', async () => {
  const p = aMock().producer({ 'linger.ms': '5' });
  using _serving = rk.poll_start(p.handle);
  produceNumbers(p, 't', 1000, { key: (i) => `${i}` });
  await until(() => p.reports.length === 1000);
  expect(reportFaults(p.reports, 1000)).toBe('');
});

test('poll_start runs no callback itself: what is there is served in the next turn', async () => {
  const p = aMock().producer();
  produceNumbers(p, 't', 1, { partition: 0 });
  sleepUntilReported(p.handle);
  withoutPulse();
  using _serving = rk.poll_start(p.handle);
  expect(rk.outq_len(p.handle)).toBe(1);
  await until(() => p.reports.length === 1);
});

test('poll_start: reports that a blocking call of another handle has taken in are served', async () => {
  const env = aMock();
  const p = env.producer();
  withoutPulse();
  using _serving = rk.poll_start(p.handle);
  produceNumbers(p, 't', 10, { partition: 0 });
  letArrive(env, p, 10);
  expect(p.reports.length).toBe(0);
  await until(() => p.reports.length === 10);
});

test('poll_start: what a callback throws is an uncaught exception, and the rest is served', async () => {
  const p = aMock().producer({ 'linger.ms': '20' });
  const uncaught: string[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const note = (error: Error): void => void uncaught.push(error.message);
  process.on('uncaughtException', note);
  try {
    p.onReport = (message) => {
      if (message._private % 10 === 0) throw new Error(`${message._private}`);
    };
    using _serving = rk.poll_start(p.handle);
    produceNumbers(p, 't', 50, { partition: 0 });
    await until(() => p.reports.length === 50 && uncaught.length === 5);
  } finally {
    process.removeListener('uncaughtException', note);
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  expect(uncaught).toEqual(['0', '10', '20', '30', '40']);
  expect(reportFaults(p.reports, 50)).toBe('');
});

test('poll_start: destroy inside a callback ends the handle', async () => {
  const p = aMock().producer();
  p.onReport = () => rk.destroy(p.handle);
  rk.poll_start(p.handle);
  produceNumbers(p, 't', 1, { partition: 0 });
  await until(() => p.reports.length === 1);
  expect(() => rk.name(p.handle)).toThrow(/destroyed/);
});

test('poll_start: destroy_async inside a callback ends the handle', async () => {
  const p = aMock().producer();
  let ended: Promise<void> | null = null;
  p.onReport = () => {
    ended ??= rk.destroy_async(p.handle);
  };
  rk.poll_start(p.handle);
  produceNumbers(p, 't', 100, { key: (i) => `${i}` });
  await until(() => ended !== null);
  await ended;
  expect(() => rk.name(p.handle)).toThrow(/destroyed/);
  expect(reportFaults(p.reports, 100)).toBe('');
});

/** Runs `use` while any blocking wait of this thread throws. */
async function withoutBlocking(use: () => Promise<void>): Promise<void> {
  const { wait } = Atomics;
  (Atomics as { wait: unknown }).wait = () => {
    throw new Error('this would block');
  };
  try {
    await use();
  } finally {
    Atomics.wait = wait;
  }
}

test('the twins never block: new, produce, flush, poll, purge, destroy', async () => {
  const env = aMock();
  await withoutBlocking(async () => {
    const p = env.producer({ 'linger.ms': '5' });
    produceNumbers(p, 't', 1000, { key: (i) => `${i}` });
    await rk.flush_async(p.handle, 15_000);
    expect(outcomes(p.reports)).toBe('ok x 1000');
    produceNumbers(p, 't', 1, { first: 1000 });
    while (p.reports.length < 1001) await rk.poll_async(p.handle, 5000);
    produceNumbers(p, 't', 100, { first: 1001 });
    await rk.purge_async(p.handle, rk.RD_KAFKA_PURGE_F_QUEUE | rk.RD_KAFKA_PURGE_F_INFLIGHT);
    await rk.flush_async(p.handle, 15_000);
    await rk.destroy_async(p.handle);
    expect(reportFaults(p.reports, 1101)).toBe('');
  });
});

test('flush_async rejects with _TIMED_OUT and leaves the messages', async () => {
  const env = aMock();
  mock.rd_kafka_mock_broker_set_down(env.mock, 1);
  const p = env.producer();
  // The errors come first: what waits for error_cb is counted, too.
  pollUntil(p, () => p.errors.some(({ err }) => err === rk.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN), 'the errors');
  produceNumbers(p, 't', 5);
  await expect(rk.flush_async(p.handle, 50)).rejects.toMatchObject({ code: rk.RD_KAFKA_RESP_ERR__TIMED_OUT });
  expect(rk.outq_len(p.handle)).toBe(5);
});

test('a callback that throws rejects the twin that served it', async () => {
  const p = aMock().producer();
  p.onReport = () => {
    throw new Error('in a twin');
  };
  produceNumbers(p, 't', 1);
  await expect(rk.flush_async(p.handle, 15_000)).rejects.toThrow('in a twin');
  await rk.flush_async(p.handle, 15_000);
});

test('an abort ends the waiting, not the messages', async () => {
  const p = aMock().producer({ 'linger.ms': '60000' });
  const abort = new AbortController();
  produceNumbers(p, 't', 5);
  const polled = rk.poll_async(p.handle, -1, { signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(polled).rejects.toThrow('enough');
  await rk.flush_async(p.handle, 15_000);
  expect(outcomes(p.reports)).toBe('ok x 5');
});

test('promises that are pending when the handle ends reject with _DESTROY', async () => {
  const p = aMock().producer({ 'linger.ms': '60000' });
  const polled = rk.poll_async(p.handle, -1);
  const rejected = expect(polled).rejects.toMatchObject({ code: rk.RD_KAFKA_RESP_ERR__DESTROY });
  rk.destroy(p.handle);
  await rejected;
  expect(whatIsLeft()).not.toContain('promises');
});

test('destroy inside a callback of a twin ends the handle', async () => {
  const p = aMock().producer();
  p.onReport = () => rk.destroy(p.handle);
  produceNumbers(p, 't', 3, { partition: 0 });
  await rk.flush_async(p.handle, 15_000).catch((error: rk.KafkaError) => {
    expect([rk.RD_KAFKA_RESP_ERR__TIMED_OUT, rk.RD_KAFKA_RESP_ERR__DESTROY]).toContain(error.code);
  });
  expect(() => rk.name(p.handle)).toThrow(/destroyed/);
  expect(reportFaults(p.reports, 3)).toBe('');
});
