// Which requests the cluster serves, and by what. ApiVersions advertises exactly these. @thread mock
import type { Handler } from '../context.ts';
import { produce } from './00_produce.ts';
import { fetch } from './01_fetch.ts';
import { listOffsets } from './02_list_offsets.ts';
import { metadata } from './03_metadata.ts';
import { offsetCommit } from './08_offset_commit.ts';
import { offsetFetch } from './09_offset_fetch.ts';
import { findCoordinator } from './10_find_coordinator.ts';
import { joinGroup } from './11_join_group.ts';
import { heartbeat } from './12_heartbeat.ts';
import { leaveGroup } from './13_leave_group.ts';
import { syncGroup } from './14_sync_group.ts';
import { describeGroups } from './15_describe_groups.ts';
import { listGroups } from './16_list_groups.ts';
import { apiVersions } from './18_api_versions.ts';
import { createTopics } from './19_create_topics.ts';
import { deleteTopics } from './20_delete_topics.ts';
import { initProducerId } from './22_init_producer_id.ts';
import { offsetForLeaderEpoch } from './23_offset_for_leader_epoch.ts';
import { createPartitions } from './37_create_partitions.ts';
import { consumerGroupHeartbeat } from './68_consumer_group_heartbeat.ts';
import { consumerGroupDescribe } from './69_consumer_group_describe.ts';

/** The names of `HANDLERS`. */
export type HandledName =
  | 'Produce'
  | 'Fetch'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'FindCoordinator'
  | 'JoinGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'SyncGroup'
  | 'DescribeGroups'
  | 'ListGroups'
  | 'ApiVersions'
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'InitProducerId'
  | 'OffsetForLeaderEpoch'
  | 'CreatePartitions'
  | 'ConsumerGroupHeartbeat'
  | 'ConsumerGroupDescribe';

export const HANDLERS: { readonly [N in HandledName]: { readonly handle: Handler<N> } } = {
  Produce: { handle: produce },
  Fetch: { handle: fetch },
  ListOffsets: { handle: listOffsets },
  Metadata: { handle: metadata },
  OffsetCommit: { handle: offsetCommit },
  OffsetFetch: { handle: offsetFetch },
  FindCoordinator: { handle: findCoordinator },
  JoinGroup: { handle: joinGroup },
  Heartbeat: { handle: heartbeat },
  LeaveGroup: { handle: leaveGroup },
  SyncGroup: { handle: syncGroup },
  DescribeGroups: { handle: describeGroups },
  ListGroups: { handle: listGroups },
  ApiVersions: { handle: apiVersions },
  CreateTopics: { handle: createTopics },
  DeleteTopics: { handle: deleteTopics },
  InitProducerId: { handle: initProducerId },
  OffsetForLeaderEpoch: { handle: offsetForLeaderEpoch },
  CreatePartitions: { handle: createPartitions },
  ConsumerGroupHeartbeat: { handle: consumerGroupHeartbeat },
  ConsumerGroupDescribe: { handle: consumerGroupDescribe },
};
