// librdkafka's 0018.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { oneThenTheOther, withoutCoordinator } from '../kit/scenarios/0018_cgrp_term.ts';

for (const byQueue of [false, true])
  test(`members close one after the other, ${byQueue ? 'by a queue' : 'by consumer_close'}`, async (t) => {
    await oneThenTheOther(t, aCluster(t, 1), byQueue);
  });

test('a member ends whose coordinator is gone', async (t) => {
  await withoutCoordinator(t, aCluster(t, 2));
});
