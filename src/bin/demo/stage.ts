// Where the demo plays: a mock cluster whose broker it takes down, or somebody's cluster that it leaves alone.
// @thread app

import { mock_coordinator_set_async } from '../../api/mock.ts';
import { mock_broker_set_down_async, mock_broker_set_up_async } from '../../api/mock_brokers.ts';
import { mock_partition_set_leader_async } from '../../api/mock_topics.ts';
import { type MockCluster, openMock } from '../../app/mock_control.ts';
import { runAsync } from '../../app/steps.ts';

const BROKERS = 3;
/** What the mock gives a topic that it makes by itself. */
const PARTITIONS = 4;
const VICTIM = 2;
const COORDINATOR = 1;
/** Everything that is sent stays, so that the demo does not count as lost what the mock threw away. */
const LIMITS = { maxBytes: 2 ** 31, maxBatches: 10_000_000 } as const;

export interface Stage {
  readonly bootstrap: string;
  readonly what: string;
  /** The broker that goes down, null when this is not our cluster. */
  readonly victim: number | null;
  /** The broker stops; what it led is led by the others from now on. */
  breakDown(topic: string): Promise<void>;
  /** It starts again and leads again what it led. */
  comeBack(topic: string): Promise<void>;
  close(): Promise<void>;
}

/** A mock cluster of three brokers, in a worker of this process. */
export async function mockStage(group: string): Promise<Stage> {
  const cluster = openMock(null, { brokers: BROKERS, groupInitialRebalanceDelayMs: 0, logLimits: LIMITS });
  await runAsync(cluster.thread, cluster.port, cluster.opened());
  await mock_coordinator_set_async(cluster, 'group', group, COORDINATOR);
  return {
    bootstrap: cluster.bootstraps,
    what: `a mock cluster of ${BROKERS} brokers in this process`,
    victim: VICTIM,
    breakDown: async (topic) => {
      await mock_broker_set_down_async(cluster, VICTIM);
      await lead(cluster, topic, (partition) => (partition % 2 === 0 ? 1 : BROKERS));
    },
    comeBack: async (topic) => {
      await mock_broker_set_up_async(cluster, VICTIM);
      await lead(cluster, topic, (partition) => 1 + (partition % BROKERS));
    },
    close: () => runAsync(cluster.thread, cluster.port, cluster.closeSteps()),
  };
}

async function lead(cluster: MockCluster, topic: string, leader: (partition: number) => number): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++)
    await mock_partition_set_leader_async(cluster, topic, partition, leader(partition));
}

/** A cluster that others use: nothing is done to its brokers. */
export function realStage(bootstrap: string): Stage {
  const nothing = async (): Promise<void> => {};
  return {
    bootstrap,
    what: `the cluster at ${bootstrap}`,
    victim: null,
    breakDown: nothing,
    comeBack: nothing,
    close: nothing,
  };
}
