// librdkafka's 0041.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { largerThanAFetch } from '../kit/scenarios/0041_fetch_max_bytes.ts';

test('messages larger than fetch.message.max.bytes come, too', async (t) => {
  // A mock partition keeps 5 MiB.
  await largerThanAFetch(t, aCluster(t), 9);
});
