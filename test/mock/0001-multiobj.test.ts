// librdkafka's 0001 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { producersOneAfterTheOther } from '../kit/scenarios/0001_multiobj.ts';

test('producers made, used and ended one after the other deliver each time', async (t) => {
  await producersOneAfterTheOther(t, aCluster(t, 3));
});
