// librdkafka's scenarios that need no control over their cluster, on a real Kafka.
import { describe, inject, test } from 'vitest';
import { producersOneAfterTheOther } from '../kit/scenarios/0001_multiobj.ts';
import { unknownPartition } from '../kit/scenarios/0002_unkpart.ts';
import { messageMaxBytes } from '../kit/scenarios/0003_msgmaxsize.ts';
import { reportsInOrder } from '../kit/scenarios/0005_order.ts';
import { topicMadeByProducing } from '../kit/scenarios/0007_autotopic.ts';
import { requiredAcks } from '../kit/scenarios/0008_reqacks.ts';
import { produceAndConsume } from '../kit/scenarios/0009_mock_cluster.ts';
import {
  byPartitioner,
  eachToItsOwn,
  ownPartitionIgnored,
  recordsRefused,
  toOnePartition,
} from '../kit/scenarios/0011_produce_batch.ts';
import { nullPayloads } from '../kit/scenarios/0013_null_msgs.ts';
import { CODECS, throughCodec } from '../kit/scenarios/0017_compression.ts';
import { groupsWithMembers } from '../kit/scenarios/0019_list_groups.ts';
import { committedOfMissingPartition, producerWithGroupId } from '../kit/scenarios/0020_destroy_hang.ts';
import { assignedAtOffsets } from '../kit/scenarios/0029_assign_offset.ts';
import {
  COMMIT_CASES,
  commitOfMissingPartitions,
  commitOfNothing,
  commitsAsConfigured,
} from '../kit/scenarios/0030_offset_commit.ts';
import { askedAndHeard } from '../kit/scenarios/0031_get_offsets.ts';
import { RESETS, resetsTo } from '../kit/scenarios/0034_offset_reset.ts';
import { partialFetches } from '../kit/scenarios/0036_partial_fetch.ts';
import { largerThanAFetch } from '../kit/scenarios/0041_fetch_max_bytes.ts';
import { grownWhileProducing, newPartitionsAreUsed } from '../kit/scenarios/0044_partition_cnt.ts';
import { topicHandleAsCache } from '../kit/scenarios/0046_rkt_cache.ts';
import { builtInPartitioner, HASHES, partitionerOutOfRange } from '../kit/scenarios/0048_partitioner.ts';
import { connectionsBreak } from '../kit/scenarios/0049_consume_conn_close.ts';
import { timestampsOf } from '../kit/scenarios/0052_msg_timestamps.ts';
import { offsetsByTime } from '../kit/scenarios/0054_offset_time.ts';
import { LATENCY_CASES, oneAfterTheOther } from '../kit/scenarios/0055_producer_latency.ts';
import { invalidTopic } from '../kit/scenarios/0057_invalid_topic.ts';
import { clusterId, controllerId } from '../kit/scenarios/0063_clusterid.ts';
import { reportsPerPoll } from '../kit/scenarios/0065_yield.ts';
import { silentBroker } from '../kit/scenarios/0068_produce_timeout.ts';
import { nullAndEmpty } from '../kit/scenarios/0070_null_empty.ts';
import { detachedHeadersComeAgain, headersThereAndBack } from '../kit/scenarios/0073_headers.ts';
import {
  DISCONNECT_CASES,
  disconnected,
  LOSSES,
  nobodyAnswers,
  SILENCE_CASES,
} from '../kit/scenarios/0076_produce_retry.ts';
import { fetchMaxBytes } from '../kit/scenarios/0082_fetch_max_bytes.ts';
import { DESTROY_CASES, DESTROY_FLAGS, destroyFlags } from '../kit/scenarios/0084_destroy_flags.ts';
import { goesOnAfterPurge, PURGE_REMOTES, purgeRemote } from '../kit/scenarios/0086_purge.ts';
import { outlivesMetadata } from '../kit/scenarios/0088_produce_metadata_timeout.ts';
import { answersLost, WINDOW } from '../kit/scenarios/0090_idempotence.ts';
import { timedOutWhileHeld } from '../kit/scenarios/0094_idempotence_msg_timeout.ts';
import { metadataThereAndBack } from '../kit/scenarios/0099_commit_metadata.ts';
import { batchSizeBounds } from '../kit/scenarios/0110_batch_size.ts';
import { longStays, shortMoves, zeroScatters } from '../kit/scenarios/0114_sticky_partitioning.ts';
import { flushOverridesLinger, lingersWithoutFlush } from '../kit/scenarios/0125_immediate_flush.ts';
import { BACKOFFS, queueOfOne } from '../kit/scenarios/0127_fetch_queue_backoff.ts';
import { storeAndCommit, storeMessages } from '../kit/scenarios/0130_store_offsets.ts';
import { cacheOutlivesFullRefresh, metadataBeforeJoin } from '../kit/scenarios/0146_metadata_mock.ts';

const env = { bootstrap: inject('bootstrap') };

test('0001: producers made, used and ended one after the other deliver each time', async (t) => {
  await producersOneAfterTheOther(t, env);
});

test('0002: messages for a partition that the topic has not fail, at once as soon as that is known', async (t) => {
  await unknownPartition(t, env);
});

test('0003: what is larger than message.max.bytes is refused at once, and the rest delivered', async (t) => {
  await messageMaxBytes(t, env);
});

test('0005: 50,000 messages of one partition are reported in the order in which they were produced', async (t) => {
  await reportsInOrder(t, env);
});

test('0007: a topic that is not there is made by producing to it', (t) => {
  topicMadeByProducing(t, env);
});

for (const acks of [-1, 0, 1] as const)
  test(`0008: with request.required.acks=${acks} all are reported in order, with the status that fits`, async (t) => {
    await requiredAcks(t, env, acks);
  });

test('0009: what is produced to four partitions is consumed from them', async (t) => {
  await produceAndConsume(t, env);
});

test('0011: a batch of 100,000 for one partition is delivered there, in order', async (t) => {
  await toOnePartition(t, env);
});

test('0011: a batch of 100,000 is spread by the partitioner', async (t) => {
  await byPartitioner(t, env);
});

test('0011: with RD_KAFKA_MSG_F_PARTITION each message of a batch goes to its own partition', async (t) => {
  await eachToItsOwn(t, env);
});

test('0011: without it the partitioner decides, whatever partition the messages name', async (t) => {
  await ownPartitionIgnored(t, env);
});

test('0011: records that a broker refuses fail the others of their batch by another code', async (t) => {
  await recordsRefused(t, env, true);
});

test('0011: records that a broker refuses leave other batches alone', async (t) => {
  await recordsRefused(t, env, false);
});

test('0013: messages without payload arrive as such, with their keys', async (t) => {
  await nullPayloads(t, env);
});

for (const codec of CODECS)
  for (const where of ['topic', 'handle'] as const)
    test(`0017: with the ${where}'s codec ${codec} messages arrive whole, and compressed where that helps`, async (t) => {
      await throughCodec(t, env, codec, where);
    });

test('0020: a consumer that asked for the offset of a partition that is not there ends', async (t) => {
  await committedOfMissingPartition(t, env);
});

test('0020: a producer with a group.id ends', async (t) => {
  await producerWithGroupId(t, env);
});

test('0019: groups are listed with their members', async (t) => {
  await groupsWithMembers(t, env);
});

test('0029: partitions begin at the offsets that assign gives them, by hand and in rebalance_cb', async (t) => {
  await assignedAtOffsets(t, env);
});

for (const each of COMMIT_CASES)
  test(`0030: ${each.name}: the next consumer goes on where the first had committed`, async (t) => {
    await commitsAsConfigured(t, env, each);
  });

test('0030: a commit with nothing new says so', async (t) => {
  await commitOfNothing(t, env);
});

test('0030: a commit for partitions that are not there tells the error of each', (t) => {
  commitOfMissingPartitions(t, env);
});

test('0031: the ends of a partition are known by asking its leader, and without asking once it is consumed', async (t) => {
  await askedAndHeard(t, env);
});

for (const [reset, first] of Object.entries(RESETS))
  test(`0034: auto.offset.reset=${reset}: without an offset to begin at comes ${first}`, async (t) => {
    await resetsTo(t, env, reset, first);
  });

test('0036: fetches that end amid a message bring all in order', async (t) => {
  await partialFetches(t, env);
});

test('0041: messages larger than fetch.message.max.bytes come, too', async (t) => {
  await largerThanAFetch(t, env, 200);
});

test('0044: every message is delivered while the topic gets more partitions', async (t) => {
  await grownWhileProducing(t, env);
});

test('0044: partitions that are new get messages as soon as metadata has named them', async (t) => {
  await newPartitionsAreUsed(t, env);
});

test('0046: a topic handle that is held is given again by topic_new and stays usable', async (t) => {
  await topicHandleAsCache(t, env);
});

for (const partitioner of Object.keys(HASHES))
  test(`0048: ${partitioner} finds the partitions that librdkafka finds`, async (t) => {
    await builtInPartitioner(t, env, partitioner);
  });

test("0048: a partitioner of the application's that names a partition which is not there makes produce fail", async (t) => {
  await partitionerOutOfRange(t, env);
});

test('0049: connections that break while a consumer reads cost no message', async (t) => {
  await connectionsBreak(t, env);
});

for (const kind of ['CreateTime', 'LogAppendTime'] as const)
  for (const codec of ['none', 'gzip'] as const)
    test(`0052: ${kind}, codec ${codec}: messages are consumed with the timestamps that the topic wants`, async (t) => {
      await timestampsOf(t, env, kind, codec);
    });

test('0054: offsets by time are those of the first messages at or after it', async (t) => {
  await offsetsByTime(t, env);
});

test('0099: metadata of a commit with a NUL in it comes back whole', async (t) => {
  await metadataThereAndBack(t, env, Buffer.from('Hello\0world!'));
});

test('0130: stored offsets are committed with their metadata, and refused where nothing is assigned', async (t) => {
  await storeAndCommit(t, env);
});

test('0130: the offset behind a message is stored, one by one and in lists of which some are refused', async (t) => {
  await storeMessages(t, env);
});

for (const one of LATENCY_CASES)
  test(`0055: with ${one.name} messages are delivered one after the other, without a flush`, async (t) => {
    await oneAfterTheOther(t, env, one);
  });

test('0057: messages for a topic of an invalid name fail with the error of the broker', async (t) => {
  await invalidTopic(t, env);
});

test('0063: the cluster id is the same, waited for and at hand', async (t) => {
  await clusterId(t, env);
});

test('0063: the controller id is the same, waited for and at hand', async (t) => {
  await controllerId(t, env);
});

for (const apiVersions of [true, false])
  test(`0070: null and empty keys and values stay what they are, api.version.request=${apiVersions}`, async (t) => {
    await nullAndEmpty(t, env, apiVersions);
  });

test('0065: a report callback that yields ends the poll that called it', async (t) => {
  await reportsPerPoll(t, env, true);
});

test('0065: without yield one poll serves all reports of a batch', async (t) => {
  await reportsPerPoll(t, env, false);
});

test('0068: messages behind a silent broker time out, and its late answers change nothing', async (t) => {
  await silentBroker(t, env);
});

test('0073: headers are reported and consumed as they were produced', async (t) => {
  await headersThereAndBack(t, env);
});

test('0073: a consumed message gives its headers again when they were detached', async (t) => {
  await detachedHeadersComeAgain(t, env);
});

describe('0076: a request without an answer in time', () => {
  for (const one of SILENCE_CASES) test(`${one.name}: ${one.ends}`, (t) => nobodyAnswers(t, env, one));
});

describe.each(LOSSES)('0076: a connection that goes: %s %s', (direction, action) => {
  for (const one of DISCONNECT_CASES)
    test(`${one.name}: ${one.ends}`, (t) => disconnected(t, env, one, [direction, action]));
});

describe.each(DESTROY_FLAGS)('0084: with flags %i', (flags) => {
  for (const one of DESTROY_CASES)
    test(`${one.name} ends`, async (t) => {
      await destroyFlags(t, env, one, flags);
    });
});

describe.each(PURGE_REMOTES)('0086: idempotence $idempotence, gapless $gapless', (remote) => {
  test('each flag purges its own', async (t) => {
    await purgeRemote(t, env, remote);
  });

  test('the producer goes on', async (t) => {
    await goesOnAfterPurge(t, env, remote);
  });
});

test('0082: fetch.max.bytes below what the partitions may bring brings all of them', async (t) => {
  await fetchMaxBytes(t, env, 10);
});

test('0088: messages survive that brokers are away for longer than metadata is valid', async (t) => {
  await outlivesMetadata(t, env);
});

test('0110: batches stay within batch.size and come near to it', async (t) => {
  await batchSizeBounds(t, env);
});

test('0114: messages without key stay on one partition for a long sticky time', async (t) => {
  await longStays(t, env);
});

test('0114: after a short sticky time they move', async (t) => {
  await shortMoves(t, env);
});

test('0114: without a sticky time each is placed by itself', async (t) => {
  await zeroScatters(t, env);
});

test('0125: flush does not wait for linger.ms', async (t) => {
  await flushOverridesLinger(t, env);
});

test('0125: without flush messages wait for linger.ms', async (t) => {
  await lingersWithoutFlush(t, env);
});

for (const backoff of BACKOFFS)
  test(`0127: a queue of one message is filled again with fetch.queue.backoff.ms ${backoff ?? 'by default'}`, async (t) => {
    await queueOfOne(t, env, backoff);
  });

test('0090: answers lost within what a broker remembers', (t) => answersLost(t, env, WINDOW * 2, WINDOW - 1));

test('0090: answers lost beyond what a broker remembers', (t) => answersLost(t, env, WINDOW + 3, WINDOW + 2));

test('0094: messages time out while nothing reaches the brokers: no disorder', (t) => timedOutWhileHeld(t, env, 10));

test('0146: a subscribed topic stays known through a call for all metadata', async (t) => {
  await cacheOutlivesFullRefresh(t, env, 'range');
});

test('0146: a metadata call right after subscribe makes no topic unknown', async (t) => {
  await metadataBeforeJoin(t, env);
});
