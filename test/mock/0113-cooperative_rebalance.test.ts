// librdkafka's 0113.
import { describe, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { assignedInSteps, assignedRapidly } from '../kit/scenarios/0113_assign.ts';
import {
  addedPartition,
  assignInCooperative,
  changedSubscription,
  deletedOnlyTopic,
  deletedTopic,
  incrementalInEager,
  notPolled,
  secondMember,
  secondMemberWithoutCallback,
  stickiness,
  subscribedAgainAtOnce,
  unsubscribed,
  unsubscribedAlone,
  wildcard,
} from '../kit/scenarios/0113_cooperative_rebalance.ts';
import {
  closedBeforeFirstSync,
  commitsWhileRebalancing,
  lostByCommit,
  lostByHeartbeat,
  lostByJoin,
} from '../kit/scenarios/0113_lost.ts';
import { manyChanges } from '../kit/scenarios/0113_playbook.ts';

describe('without a group', () => {
  test('partitions are assigned in steps, and refused where they are or are not assigned', async (t) => {
    await assignedInSteps(t, aCluster(t, 3));
  });

  test('a partition assigned anew starts where it was committed last', async (t) => {
    await assignedRapidly(t, aCluster(t, 3));
  });
});

describe('a second member gets what the first gives back', () => {
  test('and both close', async (t) => {
    await secondMember(t, aCluster(t, 3), true);
  });

  test('and both are destroyed', async (t) => {
    await secondMember(t, aCluster(t, 3), false);
  });

  test('without callbacks, and both close', async (t) => {
    await secondMemberWithoutCallback(t, aCluster(t, 3), true);
  });

  test('without callbacks, and both are destroyed', async (t) => {
    await secondMemberWithoutCallback(t, aCluster(t, 3), false);
  });
});

describe('a subscription', () => {
  test('gets one topic more', async (t) => {
    await changedSubscription(t, aCluster(t, 3), true);
  });

  test('gets one topic less', async (t) => {
    await changedSubscription(t, aCluster(t, 3), false);
  });

  test('ends, the other member gets all', async (t) => {
    await unsubscribed(t, aCluster(t, 3));
  });

  test('of the only member ends', async (t) => {
    await unsubscribedAlone(t, aCluster(t, 3));
  });

  test('of a pattern follows topics that come and go', async (t) => {
    await wildcard(t, aCluster(t, 3));
  });

  for (const polls of [false, true])
    for (const ends of [false, true])
      test(`${ends ? 'ends' : 'changes again'} ${polls ? 'a moment later' : 'at once'}`, async (t) => {
        await subscribedAgainAtOnce(t, aCluster(t, 3), { polls, ends });
      });
});

describe('calls of the other protocol are refused', () => {
  test('in a cooperative group', async (t) => {
    await assignInCooperative(t, aCluster(t, 3));
  });

  test('in an eager group', async (t) => {
    await incrementalInEager(t, aCluster(t, 3));
  });
});

describe('a topic', () => {
  test('of two is deleted', async (t) => {
    await deletedTopic(t, aCluster(t, 3));
  });

  test('that is the only one is deleted', async (t) => {
    await deletedOnlyTopic(t, aCluster(t, 3), true);
  });

  test('that is the only one is deleted, without callback', async (t) => {
    await deletedOnlyTopic(t, aCluster(t, 3), false);
  });

  test('gets one more partition', async (t) => {
    await addedPartition(t, aCluster(t, 3));
  });
});

describe('a member that is not polled in time loses all', () => {
  for (const how of ['polls', 'closes', 'rejoins'] as const)
    test(`and ${how}`, async (t) => {
      await notPolled(t, aCluster(t, 3), how);
    });
});

test('each new member takes only what it needs', async (t) => {
  await stickiness(t, aCluster(t, 3));
});

describe('a member loses all', () => {
  test('by a heartbeat of an old generation', async (t) => {
    await lostByHeartbeat(t, aCluster(t, 3));
  });

  test('by a join of an old generation', async (t) => {
    await lostByJoin(t, aCluster(t, 3), 'JoinGroup');
  });

  test('by a sync of an old generation', async (t) => {
    await lostByJoin(t, aCluster(t, 3), 'SyncGroup');
  });

  test('by a commit of an old generation', async (t) => {
    await lostByCommit(t, aCluster(t, 3));
  });
});

test('a consumer may be closed before its first sync', async (t) => {
  await closedBeforeFirstSync(t, aCluster(t, 1));
});

describe('commits in the middle of rebalances lose nothing', () => {
  test('with callback, by hand', async (t) => {
    await commitsWhileRebalancing(t, aCluster(t, 3), { callback: true, auto: false });
  });

  test('with callback, automatic', async (t) => {
    await commitsWhileRebalancing(t, aCluster(t, 3), { callback: true, auto: true });
  });

  test('without callback, automatic', async (t) => {
    await commitsWhileRebalancing(t, aCluster(t, 3), { callback: false, auto: true });
  });
});

describe('eight members that change their minds end with what they wanted last', () => {
  for (const callback of [true, false])
    for (const second of ['both', 'other', 'none'] as const)
      test(`${callback ? 'with' : 'without'} callback, second choice: ${second}`, async (t) => {
        await manyChanges(t, aCluster(t, 3), callback, second);
      });
});
