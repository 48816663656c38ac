// librdkafka's 0073 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { detachedHeadersComeAgain, headersThereAndBack } from '../kit/scenarios/0073_headers.ts';

test('headers are reported and consumed as they were produced', async (t) => {
  await headersThereAndBack(t, aCluster(t));
});

test('a consumed message gives its headers again when they were detached', async (t) => {
  await detachedHeadersComeAgain(t, aCluster(t));
});
