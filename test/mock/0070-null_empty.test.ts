// librdkafka's 0070 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { nullAndEmpty } from '../kit/scenarios/0070_null_empty.ts';

for (const apiVersions of [true, false])
  test(`null and empty keys and values stay what they are, api.version.request=${apiVersions}`, async (t) => {
    await nullAndEmpty(t, aCluster(t, 1), apiVersions);
  });
