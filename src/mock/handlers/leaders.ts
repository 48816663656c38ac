// The hints on a moved leader that Produce (v10 on) and Fetch (v12, v16 on) answers carry. @thread mock
import type { Broker } from '../broker.ts';
import type { MockCluster } from '../cluster.ts';
import { E } from '../codes.ts';
import type { Partition } from '../topics.ts';

export interface Leader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface Endpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** Whether an answer with this error says who leads. */
export function tellsLeader(errorCode: number): boolean {
  return (
    errorCode === E.NOT_LEADER_OR_FOLLOWER ||
    errorCode === E.FENCED_LEADER_EPOCH ||
    errorCode === E.UNKNOWN_LEADER_EPOCH
  );
}

/** The leader to tell; one pushed by the test goes first, once. */
export function currentLeader(partition: Partition): Leader {
  const { leaderId, leaderEpoch } = partition;
  return partition.leaderResponses.shift() ?? { leaderId, leaderEpoch };
}

/** Where brokers live that were named as leaders, each once. */
export function endpoints(cluster: MockCluster, leaderIds: readonly number[]): Endpoint[] {
  const found = [...new Set(leaderIds)].map((id) => cluster.broker(id)).filter((b): b is Broker => b !== undefined);
  return found.map((b) => ({ nodeId: b.id, host: b.advertisedHost, port: b.advertisedPort, rack: b.rack }));
}
