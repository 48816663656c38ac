// CreatePartitions v0-3, taken by any broker. @thread mock
import type { CreatePartitionsRequest } from '../../protocol/messages.ts';
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';

type Asked = CreatePartitionsRequest['topics'][number];
type Assignments = NonNullable<Asked['assignments']>;

interface Verdict {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const YES: Verdict = { errorCode: E.NONE, errorMessage: null };

function judge(cx: Context, asked: Asked, twice: boolean): Verdict {
  const { cluster } = cx;
  const no = (errorCode: number, errorMessage: string | null): Verdict => ({ errorCode, errorMessage });
  if (cx.error !== E.NONE) return no(cx.error, null);
  if (twice) return no(E.INVALID_REQUEST, 'named twice');
  const topic = cluster.topics.get(asked.name);
  if (topic === undefined) return no(E.UNKNOWN_TOPIC_OR_PARTITION, 'no such topic');
  const there = topic.partitions.length;
  if (asked.count <= there) return no(E.INVALID_PARTITIONS, `has ${there} partitions, ${asked.count} are not more`);
  if (!cluster.roomFor(asked.count, there)) return no(E.INVALID_PARTITIONS, `${asked.count} partitions`);
  const { assignments } = asked;
  if (assignments === null || sound(cx, assignments, asked.count - there, topic.replicationFactor)) return YES;
  return no(E.INVALID_REPLICA_ASSIGNMENT, 'not one list of known brokers a new partition');
}

function sound(cx: Context, assignments: Assignments, count: number, replication: number): boolean {
  return (
    assignments.length === count &&
    assignments.every(({ brokerIds }) => {
      const known = brokerIds.every((id) => cx.cluster.broker(id) !== undefined);
      return known && brokerIds.length === replication && new Set(brokerIds).size === replication;
    })
  );
}

export const createPartitions: Handler<'CreatePartitions'> = (cx, request, answer) => {
  const times = new Map<string, number>();
  for (const { name } of request.topics) times.set(name, (times.get(name) ?? 0) + 1);
  const results = request.topics.map((asked) => {
    const { name, count, assignments } = asked;
    const verdict = judge(cx, asked, times.get(name) !== 1);
    if (verdict.errorCode === E.NONE && !request.validateOnly) {
      const added = cx.cluster.addPartitions(name, count);
      assignments?.forEach(({ brokerIds }, i) => {
        added[i].replicas = brokerIds;
        added[i].leaderId = brokerIds[0];
      });
    }
    return { name, ...verdict };
  });
  answer({ results });
};
