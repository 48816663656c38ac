// librdkafka's 0026.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  pausedAndAssignedAnew,
  pausedInRebalance,
  pausesInGroup,
  soughtAndPaused,
} from '../kit/scenarios/0026_consume_pause.ts';

test('pauses of a member lose and repeat nothing', async (t) => {
  await pausesInGroup(t, aCluster(t, 1));
});

test('a new assignment begins at the committed offset, not where it was paused', async (t) => {
  await pausedAndAssignedAnew(t, aCluster(t, 1));
});

test('a pause in the rebalance callback leaves the offset that was given there', async (t) => {
  await pausedInRebalance(t, aCluster(t, 1));
});

test('a pause after a seek leaves the seek in force', async (t) => {
  await soughtAndPaused(t, aCluster(t, 1));
});
