// librdkafka's 0003 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { messageMaxBytes } from '../kit/scenarios/0003_msgmaxsize.ts';

test('what is larger than message.max.bytes is refused at once, and the rest delivered', async (t) => {
  await messageMaxBytes(t, aCluster(t, 1));
});
