// Groups as tests see them (command `group_state`). @thread mock
import type { MockCluster } from './cluster.ts';
import type { ConsumerGroup } from './groups/consumer_group.ts';
import { writeAssignment } from './groups/embedded.ts';
import type { Group } from './groups/group.ts';

export interface GroupView {
  readonly type: 'classic' | 'consumer';
  readonly state: string;
  /** Generation or group epoch. */
  readonly generation: number;
  /** Assignor, null as long as there is none. */
  readonly protocol: string | null;
  /** Always null in a KIP-848 group. */
  readonly leader: string | null;
  readonly members: readonly {
    readonly member_id: string;
    readonly group_instance_id: string | null;
    readonly client_id: string;
    /** As a classic member would get it. */
    readonly assignment: Uint8Array;
  }[];
}

export function groupView(cluster: MockCluster, group: Group | ConsumerGroup): GroupView {
  return group.type === 'classic' ? classicView(group) : consumerView(cluster, group);
}

function classicView(group: Group): GroupView {
  const members = group.members().map((member) => ({
    member_id: member.memberId,
    group_instance_id: member.groupInstanceId,
    client_id: member.clientId,
    assignment: member.assignment.slice(),
  }));
  const { type, state, generationId: generation, protocolName: protocol, leader } = group;
  return { type, state, generation, protocol, leader, members };
}

function consumerView(cluster: MockCluster, group: ConsumerGroup): GroupView {
  const members = group.members().map(({ memberId, face, assigned }) => ({
    member_id: memberId,
    group_instance_id: face.instanceId,
    client_id: face.clientId,
    assignment: writeAssignment(0, assigned, cluster.topics).slice(),
  }));
  const { type, state, groupEpoch: generation, assignor: protocol } = group;
  return { type, state, generation, protocol, leader: null, members };
}
