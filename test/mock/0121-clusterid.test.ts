// librdkafka's 0121.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { twoClusters } from '../kit/scenarios/0121_clusterid.ts';

test('bootstrap servers of two clusters are warned about', (t) => {
  twoClusters(t, aCluster(t, 1), aCluster(t, 1));
});
