// librdkafka's 0086 on the mock cluster.
import { describe, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { goesOnAfterPurge, PURGE_REMOTES, purgeLocal, purgeRemote } from '../kit/scenarios/0086_purge.ts';

test('without a broker everything is in queues, and is purged by that flag only', (t) => {
  purgeLocal(t);
});

describe.each(PURGE_REMOTES)('idempotence $idempotence, gapless $gapless', (remote) => {
  test('each flag purges its own', async (t) => {
    await purgeRemote(t, aCluster(t), remote);
  });

  test('the producer goes on', async (t) => {
    await goesOnAfterPurge(t, aCluster(t), remote);
  });
});
