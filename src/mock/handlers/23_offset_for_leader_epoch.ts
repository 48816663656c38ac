// OffsetForLeaderEpoch v0-4: where a leader epoch ends. v2 checks the client's own epoch. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';

export const offsetForLeaderEpoch: Handler<'OffsetForLeaderEpoch'> = (cx, request, answer) => {
  const topics = request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
      const no = (errorCode: number) => ({ errorCode, partition: index });
      const partition = cx.cluster.topics.partition(topic, index);
      if (cx.error !== E.NONE) return no(cx.error);
      if (partition === undefined) return no(E.UNKNOWN_TOPIC_OR_PARTITION);
      if (partition.leaderId !== cx.broker.id) return no(E.NOT_LEADER_OR_FOLLOWER);
      const wrong = partition.checkEpoch(currentLeaderEpoch);
      if (wrong !== E.NONE) return no(wrong);
      return { ...no(E.NONE), ...partition.log.epochEnd(leaderEpoch, partition.leaderEpoch) };
    }),
  }));
  answer({ topics });
};
