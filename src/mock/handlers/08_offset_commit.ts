// OffsetCommit v0-9. v1 member and generation, v6 leader epochs, v7 static members, v9 GROUP_ID_NOT_FOUND and members of
// KIP-848 groups. The retention time of v2-4 is not honoured: the cluster's own applies. @thread mock

import type { OffsetCommitRequest } from '../../protocol/messages.ts';
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';

/** Kafka's offset.metadata.max.bytes. */
const MAX_METADATA = 4096;

function checkGroup(cx: Context, request: OffsetCommitRequest): number {
  if (cx.error !== E.NONE) return cx.error;
  const notHere = cx.cluster.checkCoordinator(cx.broker, request.groupId);
  if (notHere !== E.NONE) return notHere;
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = request;
  const group = cx.cluster.groups.find(request.groupId);
  if (group === undefined) {
    if (generation < 0) return E.NONE;
    return cx.version >= 9 ? E.GROUP_ID_NOT_FOUND : E.ILLEGAL_GENERATION;
  }
  return group.checkCommit(memberId, groupInstanceId, generation, cx.version);
}

export const offsetCommit: Handler<'OffsetCommit'> = (cx, request, answer) => {
  const wrong = checkGroup(cx, request);
  const committedAt = cx.cluster.clock.now();
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
      if (wrong !== E.NONE) return { partitionIndex, errorCode: wrong };
      if (cx.cluster.topics.partition(name, partitionIndex) === undefined) {
        return { partitionIndex, errorCode: E.UNKNOWN_TOPIC_OR_PARTITION };
      }
      if ((committedMetadata?.length ?? 0) > MAX_METADATA) {
        return { partitionIndex, errorCode: E.OFFSET_METADATA_TOO_LARGE };
      }
      const leaderEpoch = committedLeaderEpoch;
      const { offsets } = cx.cluster.groups.get(request.groupId);
      offsets.commit(name, partitionIndex, {
        offset: committedOffset,
        leaderEpoch,
        // A copy: the request's memory is used again.
        metadata: committedMetadata?.slice() ?? null,
        committedAt,
      });
      return { partitionIndex, errorCode: E.NONE };
    }),
  }));
  answer({ topics });
};
