// kafkajs for tests: clients that end with the test, quick to retry, and an assigner that other clients understand.
import { type Assigner, AssignerProtocol, Kafka, type KafkaConfig, logLevel, type PartitionAssigner } from 'kafkajs';

/** What vitest hands to a test: the kit closes its clients when the test is over. */
export interface Finished {
  onTestFinished(fn: () => Promise<void>): void;
}

/** A kafkajs client of `bootstrap` (`host:port,...`) with short retries and no log. */
export function aKafkajs(bootstrap: string, config: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    clientId: 'kafkajs',
    brokers: bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 500, retries: 12 },
    ...config,
  });
}

/**
 * The assigner named `roundrobin` (kafkajs's own is `RoundRobinAssigner`, which no other client has): partitions of all
 * topics in order, dealt out to the members in the order of their ids.
 */
export const roundrobin: PartitionAssigner = ({ cluster }): Assigner => ({
  name: 'roundrobin',
  version: 0,
  async assign({ members, topics }) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const dealt = new Map<string, Record<string, number[]>>(ids.map((id) => [id, {}]));
    let turn = 0;
    for (const topic of [...topics].sort()) {
      const count = cluster.findTopicPartitionMetadata(topic).length;
      for (let partition = 0; partition < count; partition++) {
        const assignment = dealt.get(ids[turn++ % ids.length]) as Record<string, number[]>;
        (assignment[topic] ??= []).push(partition);
      }
    }
    return ids.map((memberId) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: dealt.get(memberId) as Record<string, number[]>,
        userData: Buffer.alloc(0),
      }),
    }));
  },
  protocol({ topics }) {
    return {
      name: 'roundrobin',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
    };
  },
});
