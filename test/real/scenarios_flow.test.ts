// librdkafka's scenarios of flow, queues and the simple consumer, on a real Kafka.
import { inject, test } from 'vitest';
import { byPartition, byQueue } from '../kit/scenarios/0012_produce_consume.ts';
import { startedAgain, startedTwice } from '../kit/scenarios/0014_reconsume.ts';
import { dance, seekPartitions } from '../kit/scenarios/0015_offset_seeks.ts';
import { oneThenTheOther } from '../kit/scenarios/0018_cgrp_term.ts';
import { batches, unknownTopic } from '../kit/scenarios/0022_consume_batch.ts';
import {
  pausedAndAssignedAnew,
  pausedInRebalance,
  pausesInGroup,
  soughtAndPaused,
} from '../kit/scenarios/0026_consume_pause.ts';
import { endsAtOnce } from '../kit/scenarios/0037_destroy_hang_local.ts';
import { consumeMany } from '../kit/scenarios/0042_many_topics.ts';
import { assignedMoreAndMore } from '../kit/scenarios/0051_assign_adds.ts';
import { sharedByTwo } from '../kit/scenarios/0056_balanced_group.ts';
import { searchByTimestamp } from '../kit/scenarios/0059_bsearch.ts';
import { commitBeforeMessages } from '../kit/scenarios/0060_op_prio.ts';
import { assigned, simpleConsumer } from '../kit/scenarios/0067_empty_topic.ts';
import { grownWhileClosing } from '../kit/scenarios/0069_consumer_add_parts.ts';
import {
  pollWithConsumeCallback,
  rejoinsByPolling,
  slowMemberLeaves,
} from '../kit/scenarios/0089_max_poll_interval.ts';
import { assignedMayTakeLong, worksBelowInterval } from '../kit/scenarios/0091_max_poll_interval_timeout.ts';
import { assignedBeforeKnown } from '../kit/scenarios/0112_assign_unknown_part.ts';
import { batchAcrossRebalance } from '../kit/scenarios/0122_buffer_cleaning_after_rebalance.ts';
import {
  pausedAndResumedMeanwhile,
  pausedForTheNext,
  positionAtTheEnd,
  soughtMeanwhile,
  storedByBatch,
} from '../kit/scenarios/0137_barrier_batch_consume.ts';
import { resumedForNothing } from '../kit/scenarios/0145_pause_resume_mock.ts';
import * as flow from '../kit/scenarios/flow.ts';

const env = { bootstrap: inject('bootstrap') };

test('0012: what was produced is read back partition by partition', async (t) => {
  await byPartition(t, env);
});

test('0012: what was produced is read back from one queue', async (t) => {
  await byQueue(t, env);
});

test('0014: a partition that is started and stopped again begins where it is told to', async (t) => {
  await startedAgain(t, env);
});

test('0014: a start of what is started takes it elsewhere', async (t) => {
  await startedTwice(t, env);
});

test('0015: a simple consumer seeks back and forth', async (t) => {
  await dance(t, env);
});

for (const timeoutMs of [15_000, -1, 0])
  test(`0015: seek_partitions with timeout ${timeoutMs} moves three partitions`, async (t) => {
    await seekPartitions(t, env, timeoutMs);
  });

for (const byQueue of [false, true])
  test(`0018: members close one after the other, ${byQueue ? 'by a queue' : 'by consumer_close'}`, async (t) => {
    await oneThenTheOther(t, env, byQueue);
  });

test('0022: batches of a queue that four partitions go to have all messages', async (t) => {
  await batches(t, env);
});

test('0026: pauses of a member lose and repeat nothing', async (t) => {
  await pausesInGroup(t, env);
});

test('0026: a new assignment begins at the committed offset, not where it was paused', async (t) => {
  await pausedAndAssignedAnew(t, env);
});

test('0026: a pause in the rebalance callback leaves the offset that was given there', async (t) => {
  await pausedInRebalance(t, env);
});

test('0026: a pause after a seek leaves the seek in force', async (t) => {
  await soughtAndPaused(t, env);
});

for (const how of ['subscribe', 'assign', 'start'] as const)
  test(`0042: twenty topics are consumed by one client: ${how}`, async (t) => {
    await consumeMany(t, env, how);
  });

test('0051: assign calls one after the other give every message once', async (t) => {
  await assignedMoreAndMore(t, env);
});

test('0056: two members share the partitions and all messages', async (t) => {
  await sharedByTwo(t, env);
});

test('0059: a message is found by its timestamp in a few seeks', async (t) => {
  await searchByTimestamp(t, env);
});

for (const to of ['callback', 'queue'] as const)
  test(`0060: the result of a commit comes before the messages that wait: ${to}`, async (t) => {
    await commitBeforeMessages(t, env, to);
  });

test('0067: an empty topic gives a simple consumer its end, once', async (t) => {
  await simpleConsumer(t, env);
});

test('0067: an empty topic gives a consumer that assigns its end, once', async (t) => {
  await assigned(t, env);
});

test('0069: a topic that grows while a member closes is consumed by the other', async (t) => {
  await grownWhileClosing(t, env);
});

test('0089: who does not poll loses its partition, and is told', async (t) => {
  await slowMemberLeaves(t, { ...env, session_ms: 6000 });
});

for (const via of ['its own', 'one that it goes to', 'one that goes to it'] as const)
  test(`0089: a poll of a queue brings it back: ${via}`, async (t) => {
    await rejoinsByPolling(t, { ...env, session_ms: 6000 }, via);
  });

test('0089: poll with consume_cb counts as a poll of the consumer', async (t) => {
  await pollWithConsumeCallback(t, { ...env, session_ms: 6000 });
});

test('0091: work that is longer than the socket timeout costs no partition', async (t) => {
  await worksBelowInterval(t, env);
});

test('0091: who assigns by itself may work as long as it likes', async (t) => {
  await assignedMayTakeLong(t, env);
});

test('0112: a partition that is assigned before it is known is consumed', async (t) => {
  await assignedBeforeKnown(t, env);
});

for (const strategy of ['range', 'cooperative-sticky'])
  test(`0122: a batch has nothing of partitions that went to another member: ${strategy}`, async (t) => {
    await batchAcrossRebalance(t, env, strategy);
  });

test('0137: what is sought while a batch waits is in it from there on', async (t) => {
  await soughtMeanwhile(t, env);
});

test('0137: what is paused while a batch waits is in the next', async (t) => {
  await pausedForTheNext(t, env);
});

test('0137: what is paused and resumed while a batch waits is in it', async (t) => {
  await pausedAndResumedMeanwhile(t, env);
});

test('0137: what a batch gave is stored, and nothing more', async (t) => {
  await storedByBatch(t, env);
});

test('0137: the position behind the end is where the end was', async (t) => {
  await positionAtTheEnd(t, env);
});

for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
  test(`0145: a resume of what is not paused repeats nothing: ${strategy}`, async (t) => {
    await resumedForNothing(t, env, strategy);
  });

test('0022: an unknown topic is told by a message in a batch', (t) => {
  unknownTopic(t, env);
});

for (const how of ['bare', 'topic', 'started'] as const)
  test(`0037: a consumer without a group ends at once: ${how}`, (t) => {
    endsAtOnce(t, env, how);
  });

/** What is fetched ahead is full most of the time, and what a pause sets aside is too much. */
const SMALL = { 'queued.min.messages': 20, 'queued.max.messages.kbytes': 20, 'fetch.message.max.bytes': 3000 };

for (const [what, config] of [
  ['much is fetched ahead', {}],
  ['what is fetched ahead is full', SMALL],
] as const)
  test(`seeks, pauses and resumes lose and repeat nothing: ${what}`, async (t) => {
    const seed = Number(process.env['FLOW_SEED'] ?? what.length);
    await flow.randomFlow(t, env, { seed, steps: 100, config });
  });

test('what a paused partition has waiting does not hold up another', (t) => flow.pausedStarvesNobody(t, env));

test('a seek and a pause before main has taken up the partition hold', (t) => flow.beforeMainSpeaks(t, env));

test('a seek before the first message, and within what was fetched ahead', (t) => flow.seeksEarlyAndNear(t, env));

test('a batch that is aborted has taken nothing', (t) => flow.abortedBatch(t, env));

test("poll serves the consumer's queue when that is forwarded to the main one", (t) => flow.forwardedToMain(t, env));
