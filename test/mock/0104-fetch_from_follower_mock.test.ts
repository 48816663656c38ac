// librdkafka's 0104.
import { test } from 'vitest';
import { rd_kafka_err2name } from '../../src/rdkafka.ts';
import { aCluster } from '../kit/builders.ts';
import {
  followerDown,
  LEADER_ERRORS,
  leaderError,
  notLeaderOrFollower,
  offsetReset,
  offsetResetLag,
  seekWithOldEpoch,
  unknownFollower,
} from '../kit/scenarios/0104_fetch_from_follower_mock.ts';

for (const policy of ['earliest', 'latest'] as const)
  test(`out of range at a follower resets to ${policy}, and what comes later is read`, (t) => {
    offsetReset(t, aCluster(t, 3), policy);
  });

test('a follower that lags behind is waited for', (t) => {
  offsetResetLag(t, aCluster(t, 3));
});

test('a follower that nobody knows is left as soon as the leader names another', (t) => {
  unknownFollower(t, aCluster(t, 3));
});

for (const err of LEADER_ERRORS)
  test(`a leader that answers ${rd_kafka_err2name(err)} is left as soon as there is another`, (t) => {
    leaderError(t, aCluster(t, 3), err);
  });

test('a follower that is none any more is left for the leader', (t) => {
  notLeaderOrFollower(t, aCluster(t, 3));
});

test('a follower that goes down is left for the one that the leader names then', (t) => {
  followerDown(t, aCluster(t, 3));
});

test('a seek with an old leader epoch goes on where that epoch ended', (t) => {
  seekWithOldEpoch(t, aCluster(t, 3));
});
