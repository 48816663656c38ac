// librdkafka's 0137.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  pausedAndResumedMeanwhile,
  pausedForTheNext,
  positionAtTheEnd,
  soughtMeanwhile,
  storedByBatch,
} from '../kit/scenarios/0137_barrier_batch_consume.ts';

test('what is sought while a batch waits is in it from there on', async (t) => {
  await soughtMeanwhile(t, aCluster(t, 1));
});

test('what is paused while a batch waits is in the next', async (t) => {
  await pausedForTheNext(t, aCluster(t, 1));
});

test('what is paused and resumed while a batch waits is in it', async (t) => {
  await pausedAndResumedMeanwhile(t, aCluster(t, 1));
});

test('what a batch gave is stored, and nothing more', async (t) => {
  await storedByBatch(t, aCluster(t, 1));
});

test('the position behind the end is where the end was', async (t) => {
  await positionAtTheEnd(t, aCluster(t, 1));
});
