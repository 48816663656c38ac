// librdkafka's 0116.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { CLOSE_CASES, closed } from '../kit/scenarios/0116_kafkaconsumer_close.ts';

for (const how of CLOSE_CASES)
  test(`a consumer ends: ${JSON.stringify(how)}`, async (t) => {
    await closed(t, aCluster(t, 3), how);
  });
