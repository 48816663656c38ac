// The struct of rd_kafka_list_groups: a plain object with C's fields, counts included, that knows whether it was destroyed.
// @thread any
import { GONE } from '../rd/check.ts';
import type { rd_kafka_group_info, rd_kafka_group_list, rd_kafka_group_member_info } from './types.ts';

/** What of a DescribeGroups answer the struct shows, and who gave it. */
export interface DescribedGroup {
  readonly broker: { readonly id: number; readonly host: string; readonly port: number };
  readonly group: {
    readonly errorCode: number;
    readonly groupId: string;
    readonly groupState: string;
    readonly protocolType: string;
    readonly protocolData: string;
    readonly members: readonly {
      readonly memberId: string;
      readonly clientId: string;
      readonly clientHost: string;
      readonly memberMetadata: Uint8Array;
      readonly memberAssignment: Uint8Array;
    }[];
  };
}

export function groupListOf(found: readonly DescribedGroup[]): rd_kafka_group_list {
  const groups = found.map(groupOf);
  const list: rd_kafka_group_list = { groups, group_cnt: groups.length };
  // Not enumerable: who prints or compares the struct sees C's fields only.
  Object.defineProperty(list, '~type', { value: 'rd_kafka_group_list' });
  return Object.defineProperty(list, GONE, { value: '', writable: true });
}

/** The struct can't be destroyed again. */
export function endGroupList(list: rd_kafka_group_list): void {
  (list as { [GONE]?: string })[GONE] = 'has been destroyed';
}

function groupOf({ broker, group }: DescribedGroup): rd_kafka_group_info {
  const members = group.members.map((member): rd_kafka_group_member_info => {
    const metadata = bytesOrNull(member.memberMetadata);
    const assignment = bytesOrNull(member.memberAssignment);
    return {
      member_id: member.memberId,
      client_id: member.clientId,
      client_host: member.clientHost,
      member_metadata: metadata,
      member_metadata_size: metadata?.length ?? 0,
      member_assignment: assignment,
      member_assignment_size: assignment?.length ?? 0,
    };
  });
  return {
    broker: { id: broker.id, host: broker.host, port: broker.port },
    group: group.groupId,
    err: group.errorCode,
    state: group.groupState,
    protocol_type: group.protocolType,
    protocol: group.protocolData,
    members,
    member_cnt: members.length,
  };
}

/** A copy: the answer's own bytes hold all of it in memory. */
function bytesOrNull(bytes: Uint8Array): Buffer | null {
  return bytes.length === 0 ? null : Buffer.from(bytes);
}
