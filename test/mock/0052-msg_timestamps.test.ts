// librdkafka's 0052 on the mock cluster, which has no LogAppendTime.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { timestampsOf } from '../kit/scenarios/0052_msg_timestamps.ts';

for (const codec of ['none', 'gzip'] as const)
  test(`CreateTime, codec ${codec}: messages are consumed with the timestamps of their producer`, async (t) => {
    await timestampsOf(t, aCluster(t, 1), 'CreateTime', codec);
  });
