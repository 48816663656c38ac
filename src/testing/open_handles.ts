// What a test has left open. @thread app
import { birthplace } from '../app/birth.ts';
import type { Handle } from '../app/handle.ts';
import type { MockCluster as Control } from '../app/mock_control.ts';
import { registry } from '../app/registry.ts';
import type { AppThread } from '../app/thread.ts';

/**
 * All clients of this thread that are not destroyed and all mock clusters that are not closed, those of `mock_cluster`
 * and `suite_cluster` too: their names, and the line of the program that made each ('' when nobody knows it). Never
 * blocks. `expect(open_handles()).toEqual([])`
 */
export function open_handles(): readonly { name: string; created_at: string }[] {
  const { handles, workers } = registry();
  const clients = [...handles] as Handle[];
  // Clients are members of the thread, too; a client's own cluster ends with it.
  const members = [...((workers as AppThread | undefined)?.members ?? [])] as unknown as (Handle | Control)[];
  const clusters = members.filter(isCluster).filter((cluster) => cluster.rk?.ownMock !== cluster);
  return [
    ...clients.map(({ name, born }) => ({ name, created_at: birthplace(born) })),
    ...clusters.map((cluster) => ({
      name: `mock cluster of ${cluster.brokers} ${cluster.brokers === 1 ? 'broker' : 'brokers'} (${cluster.bootstraps})`,
      created_at: birthplace(cluster.born),
    })),
  ];
}

function isCluster(member: Handle | Control): member is Control {
  return member['~type'] === 'rd_kafka_mock_cluster_t';
}
