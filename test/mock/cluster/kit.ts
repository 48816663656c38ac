// A mock cluster inside the test's own process, and raw requests to its brokers.
import { onTestFinished } from 'vitest';
import { MockCluster, type MockClusterOptions } from '../../../src/mock/cluster.ts';
import { COMMANDS } from '../../../src/mock/commands.ts';
import { systemClock } from '../../../src/rd/clock.ts';
import { RawClient } from '../../kit/raw_client.ts';

export type { RawClient };

export interface TestCluster {
  readonly cluster: MockCluster;
  readonly bootstrap: string;
  /** What was logged at level 5 or worse. */
  readonly complaints: string[];
  readonly commands: typeof COMMANDS;
}

/** A started cluster that closes with the test; groups do not wait for more members. */
export async function aMockCluster(options: Partial<MockClusterOptions> = {}): Promise<TestCluster> {
  const complaints: string[] = [];
  const cluster = new MockCluster({
    brokers: 1,
    groupInitialRebalanceDelayMs: 0,
    clock: systemClock,
    log: (level, _fac, text) => {
      if (level <= 5) complaints.push(text);
      if (process.env.TEST_DEBUG !== undefined) console.log(level, text);
    },
    ...options,
  });
  await cluster.start();
  onTestFinished(() => cluster.close());
  return { cluster, bootstrap: cluster.bootstraps(), complaints, commands: COMMANDS };
}

/** A connection to a port of this machine that closes with the test. */
export function rawClientAt(port: number): RawClient {
  const client = new RawClient(port);
  onTestFinished(() => client.close());
  return client;
}

/** A connection to broker `id`. */
export function rawClient({ cluster }: TestCluster, id = 1): RawClient {
  return rawClientAt(cluster.broker(id)?.port as number);
}
