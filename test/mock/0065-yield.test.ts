// librdkafka's 0065 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { reportsPerPoll } from '../kit/scenarios/0065_yield.ts';

test('a report callback that yields ends the poll that called it', async (t) => {
  await reportsPerPoll(t, aCluster(t), true);
});

test('without yield one poll serves all reports of a batch', async (t) => {
  await reportsPerPoll(t, aCluster(t), false);
});
