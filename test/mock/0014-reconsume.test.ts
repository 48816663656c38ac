// librdkafka's 0014.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { startedAgain, startedTwice } from '../kit/scenarios/0014_reconsume.ts';

test('a partition that is started and stopped again begins where it is told to', async (t) => {
  await startedAgain(t, aCluster(t, 1));
});

test('a start of what is started takes it elsewhere', async (t) => {
  await startedTwice(t, aCluster(t, 1));
});
