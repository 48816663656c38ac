// The event loop has its turns while messages keep coming, however they are pulled.
import { setImmediate } from 'node:timers';
import { expect, type TestContext, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import { aCluster } from '../../kit/builders.ts';
import { aNewConsumer, aNewProducer } from '../../kit/clients.ts';
import { freshTopic } from '../../kit/topics.ts';

const COUNT = 3000;
/** What a message costs its handler: a turn is due after some twenty of them. */
const WORK_MS = 0.1;

const WAYS: Readonly<Record<string, (consumer: rk.rd_kafka_t, handle: () => boolean) => Promise<void>>> = {
  messages: async (consumer, handle) => {
    for await (const _ of rk.messages(consumer)) if (handle()) break;
  },
  batches: async (consumer, handle) => {
    for await (const batch of rk.batches(consumer, { max_messages: 10 })) if (batch.map(handle).includes(true)) break;
  },
  each: async (consumer, handle) => {
    const enough = new AbortController();
    const handler = (): void => {
      if (handle()) enough.abort();
    };
    await rk.each(consumer, handler, { signal: enough.signal }).catch((error: unknown) => {
      if (error !== enough.signal.reason) throw error;
    });
  },
};

/** All of them in one batch, so that they are fetched in one piece. */
async function filled(t: TestContext, bootstrap: string): Promise<string> {
  const topic = await freshTopic(bootstrap, 1);
  const { rk: producer } = aNewProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 60_000 });
  const sent = rk.produce_async(producer, new Array(COUNT).fill({ topic, value: 'x' }));
  await rk.flush_async(producer, 30_000);
  await sent;
  return topic;
}

for (const [name, way] of Object.entries(WAYS))
  test(`${name}: a turn comes at the latest after a few milliseconds of handling`, async (t) => {
    const { bootstrap } = aCluster(t);
    const topic = await filled(t, bootstrap);
    const { rk: consumer } = aNewConsumer(t, { 'bootstrap.servers': bootstrap, topics: [topic] });
    let seen = 0;
    let sinceTurn = 0;
    let most = 0;
    const next = (): void => {
      sinceTurn = 0;
      if (seen < COUNT) setImmediate(next);
    };
    next();

    await way(consumer, () => {
      for (const end = performance.now() + WORK_MS; performance.now() < end; );
      most = Math.max(most, ++sinceTurn);
      return ++seen >= COUNT;
    });

    expect(seen).toBe(COUNT);
    expect(most).toBeLessThan(200);
  });
