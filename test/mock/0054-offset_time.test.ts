// librdkafka's 0054.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { offsetsByTime } from '../kit/scenarios/0054_offset_time.ts';

test('offsets by time are those of the first messages at or after it, from all leaders', async (t) => {
  await offsetsByTime(t, aCluster(t, 3));
});
