// OffsetFetch v0-9. v2 all topics by a null list, v5 leader epochs, v8 several groups at once, v9 members of KIP-848
// groups. A partition without a committed offset has -1 and no error, as has one that does not exist. @thread mock
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { NO_BYTES } from '../groups/member.ts';
import type { GroupOffsets } from '../groups/offsets.ts';

interface Asked {
  readonly name: string;
  readonly partitionIndexes: readonly number[];
}

interface Answered {
  readonly name: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly metadata: Uint8Array;
    readonly errorCode: number;
  }[];
}

function read(offsets: GroupOffsets | undefined, asked: readonly Asked[] | null, errorCode: number): Answered[] {
  const wanted =
    asked ?? (offsets?.all() ?? []).map((t) => ({ name: t.topic, partitionIndexes: [...t.partitions.keys()] }));
  return wanted.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      const found = offsets?.find(name, partitionIndex);
      return {
        partitionIndex,
        committedOffset: found?.offset ?? -1,
        committedLeaderEpoch: found?.leaderEpoch ?? -1,
        metadata: found?.metadata ?? NO_BYTES,
        errorCode,
      };
    }),
  }));
}

function check(cx: Context, groupId: string, memberId: string | null = null, memberEpoch = -1): number {
  const wrong = cx.error !== E.NONE ? cx.error : cx.cluster.checkCoordinator(cx.broker, groupId);
  const group = cx.cluster.groups.find(groupId);
  return wrong === E.NONE && group?.type === 'consumer' ? group.checkFetch(memberId, memberEpoch) : wrong;
}

export const offsetFetch: Handler<'OffsetFetch'> = (cx, request, answer) => {
  const { groups } = cx.cluster;
  if (cx.version >= 8) {
    const answers = request.groups.map(({ groupId, memberId, memberEpoch, topics }) => {
      const errorCode = check(cx, groupId, memberId, memberEpoch);
      const known = errorCode === E.NONE ? read(groups.find(groupId)?.offsets, topics, E.NONE) : [];
      return { groupId, errorCode, topics: known };
    });
    return answer({ groups: answers });
  }
  const errorCode = check(cx, request.groupId);
  const offsets = errorCode === E.NONE ? groups.find(request.groupId)?.offsets : undefined;
  answer({ errorCode, topics: read(offsets, request.topics, errorCode) });
};
