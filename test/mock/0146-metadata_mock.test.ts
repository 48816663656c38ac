// librdkafka's 0146.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  cacheOutlivesFullRefresh,
  consumerFollowsLeaders,
  fastRefreshGoesOn,
  fastRefreshStops,
  metadataBeforeJoin,
  producerFollowsLeaders,
  staleLeaderIgnored,
} from '../kit/scenarios/0146_metadata_mock.ts';

test('a subscribed topic stays known through a call for all metadata', async (t) => {
  await cacheOutlivesFullRefresh(t, aCluster(t, 3), 'range');
});

test('a metadata call right after subscribe makes no topic unknown', async (t) => {
  await metadataBeforeJoin(t, aCluster(t, 3));
});

test('after an error that moved no leader metadata is asked for again only once', (t) => {
  fastRefreshStops(t, aCluster(t, 3));
});

test('while metadata has an error for a topic it is asked for again and again', (t) => {
  fastRefreshGoesOn(t, aCluster(t, 3));
});

test('a stale leader in a metadata answer moves no partition back', (t) => {
  staleLeaderIgnored(t, aCluster(t, 3));
});

for (const both of [false, true]) {
  const moves = both ? 'both leaders move' : 'one leader moves';

  test(`a producer follows when ${moves}`, (t) => {
    producerFollowsLeaders(t, aCluster(t, 4), both);
  });

  test(`a consumer follows when ${moves}`, (t) => {
    consumerFollowsLeaders(t, aCluster(t, 4), both);
  });
}
