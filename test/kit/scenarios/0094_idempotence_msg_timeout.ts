// 0094: messages that time out while nothing reaches the brokers leave no disorder behind: what is stored is what was
// reported as stored or possibly stored, once, in order; the producer goes on.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
  rd_kafka_fatal_error,
  rd_kafka_flush,
  rd_kafka_poll,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import { aProducer, type Config } from '../builders.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { aProxy } from '../proxy.ts';
import { readTopic } from '../read_topic.ts';
import { queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 4;
/** A batch of some is more than a socket takes at once; a thousand are less than the mock's log keeps (5 MiB each). */
const SIZE = 20_000;
const DEADLINE_MS = 45_000;

/** Polls for the whole of `ms`: a report that comes makes the flow no faster. */
function pollFor(rk: rd_kafka_t, ms: number): void {
  const until = performance.now() + ms;
  for (let left = ms; left > 0; left = until - performance.now()) rd_kafka_poll(rk, Math.ceil(left));
}

/** @param pauseMs between two messages. */
export async function timedOutWhileHeld(t: TestContext, env: Env, pauseMs: number, config: Config = {}): Promise<void> {
  const topic = await freshTopic(env.bootstrap, PARTITIONS);
  const proxy = await aProxy(t, env.bootstrap);
  const p = aProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'enable.idempotence': true,
    'linger.ms': 50,
    'message.timeout.ms': 2000,
    'reconnect.backoff.ms': 50,
    ...config,
  });
  const id = newTestId();
  let count = 0;
  const flowUntil = (what: string, done: () => boolean): void => {
    const deadline = performance.now() + DEADLINE_MS;
    while (!done()) {
      if (performance.now() > deadline) throw new Error(`in vain for: ${what}`);
      queueMessages(p, topic, -1, count++, 1, { id, size: SIZE });
      pollFor(p.rk, pauseMs);
    }
  };
  const { reports } = p;
  const delivered = (): number => reports.all.filter(({ err }) => err === 0).length;

  flowUntil('messages delivered', () => delivered() >= 20);
  proxy.hold('up');
  flowUntil('messages timed out', () => reports.errors.includes('_MSG_TIMED_OUT'));
  proxy.release('up');
  const before = delivered();
  flowUntil('messages delivered again', () => delivered() >= before + 20);
  expect(rd_kafka_flush(p.rk, DEADLINE_MS)).toBe(0);

  expect(reports.errors).toEqual(['_MSG_TIMED_OUT']);
  expect(reports.all).toHaveLength(count);
  expect(rd_kafka_fatal_error(p.rk)).toBe(0);
  const ver = new MsgVer(id).expect(-1, 0, count);
  const { records } = await readTopic(env.bootstrap, topic);
  for (const { value, ...record } of records) ver.add({ topic, ...record, payload: value });
  expect(ver.problems({ missing: true })).toEqual([]);
  const stored = new Set(ver.seen.map(({ seq }) => `${id}/-1/${seq}`));
  const could = reports.all.filter(({ status }) => status >= RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
  expect(reports.all.filter(({ err, opaque }) => err === 0 && !stored.has(opaque as string))).toEqual([]);
  const told = new Set(could.map(({ opaque }) => opaque));
  expect([...stored].filter((opaque) => !told.has(opaque))).toEqual([]);
}
