// librdkafka's 0045.
import { describe, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  laterAndLarger,
  leaderWithoutRack,
  manyNewTopics,
  manyUpdates,
  movedRacks,
  newTopics,
  removedTopics,
  resubscribed,
} from '../kit/scenarios/0045_subscribe_update.ts';

test('a subscribed topic is made later, and grows', async (t) => {
  await laterAndLarger(t, aCluster(t, 3));
});

test('new topics that match are consumed, others are not', async (t) => {
  await newTopics(t, aCluster(t, 3));
});

test('deleted topics are given up', async (t) => {
  await removedTopics(t, aCluster(t, 3));
});

test('names and patterns take turns', async (t) => {
  await resubscribed(t, aCluster(t, 3));
});

for (const callback of [false, true])
  test(`many subscriptions in quick succession ${callback ? 'with' : 'without'} callback`, async (t) => {
    await manyUpdates(t, aCluster(t, 3), callback);
  });

describe('many new topics that match', () => {
  for (const [strategy, count] of [
    ['range', 50],
    ['cooperative-sticky', 50],
    ['cooperative-sticky', 300],
  ] as const)
    test(`${count} with ${strategy}`, (t) => {
      manyNewTopics(t, aCluster(t, 3), strategy, count);
    });
});

describe('racks', () => {
  for (const strategy of ['range', 'cooperative-sticky'])
    for (const client of [false, true])
      for (const replicas of [false, true])
        test(`that change, with ${strategy}, client.rack ${client}, broker.rack ${replicas}`, (t) => {
          movedRacks(t, aCluster(t, 3), { strategy, client, replicas });
        });

  test('of others count for a leader without one', (t) => {
    leaderWithoutRack(t, aCluster(t, 2));
  });
});
