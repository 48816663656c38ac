// librdkafka's 0008 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { requiredAcks } from '../kit/scenarios/0008_reqacks.ts';

for (const acks of [-1, 0, 1] as const)
  test(`with request.required.acks=${acks} all are reported in order, with the status that fits`, async (t) => {
    await requiredAcks(t, aCluster(t, 3), acks);
  });
