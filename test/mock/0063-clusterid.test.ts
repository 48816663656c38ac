// librdkafka's 0063 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { clusterId, controllerId, nobodyTells } from '../kit/scenarios/0063_clusterid.ts';

test('the cluster id is the same, waited for and at hand', async (t) => {
  await clusterId(t, aCluster(t, 1));
});

test('the controller id is the same, waited for and at hand', async (t) => {
  await controllerId(t, aCluster(t, 1));
});

test('where no broker answers there is neither', (t) => {
  nobodyTells(t);
});
