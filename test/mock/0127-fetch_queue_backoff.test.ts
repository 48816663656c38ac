// librdkafka's 0127.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { BACKOFFS, queueOfOne } from '../kit/scenarios/0127_fetch_queue_backoff.ts';

for (const backoff of BACKOFFS)
  test(`a queue of one message is filled again with fetch.queue.backoff.ms ${backoff ?? 'by default'}`, async (t) => {
    await queueOfOne(t, aCluster(t), backoff);
  });
