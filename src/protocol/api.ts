// All messages that we have a schema for, by name and by key.
// @thread any
import type { ApiName } from '../defs/api_name.ts';
import { API_KEYS } from './api_keys.ts';
import { type Api, api, type Struct } from './schema.ts';
import { API_VERSIONS } from './schemas/api_versions.ts';
import { CONSUMER_GROUP_DESCRIBE } from './schemas/consumer_group_describe.ts';
import { CONSUMER_GROUP_HEARTBEAT } from './schemas/consumer_group_heartbeat.ts';
import { CONSUMER_PROTOCOL_ASSIGNMENT, CONSUMER_PROTOCOL_SUBSCRIPTION } from './schemas/consumer_protocol.ts';
import { CREATE_PARTITIONS } from './schemas/create_partitions.ts';
import { CREATE_TOPICS } from './schemas/create_topics.ts';
import { DELETE_RECORDS } from './schemas/delete_records.ts';
import { DELETE_TOPICS } from './schemas/delete_topics.ts';
import { DESCRIBE_CLUSTER } from './schemas/describe_cluster.ts';
import { DESCRIBE_CONFIGS } from './schemas/describe_configs.ts';
import { DESCRIBE_GROUPS } from './schemas/describe_groups.ts';
import { FETCH } from './schemas/fetch.ts';
import { FIND_COORDINATOR } from './schemas/find_coordinator.ts';
import { HEARTBEAT } from './schemas/heartbeat.ts';
import { INIT_PRODUCER_ID } from './schemas/init_producer_id.ts';
import { JOIN_GROUP } from './schemas/join_group.ts';
import { LEAVE_GROUP } from './schemas/leave_group.ts';
import { LIST_GROUPS } from './schemas/list_groups.ts';
import { LIST_OFFSETS } from './schemas/list_offsets.ts';
import { METADATA } from './schemas/metadata.ts';
import { OFFSET_COMMIT } from './schemas/offset_commit.ts';
import { OFFSET_FETCH } from './schemas/offset_fetch.ts';
import { OFFSET_FOR_LEADER_EPOCH } from './schemas/offset_for_leader_epoch.ts';
import { PRODUCE } from './schemas/produce.ts';
import { SASL_AUTHENTICATE } from './schemas/sasl_authenticate.ts';
import { SASL_HANDSHAKE } from './schemas/sasl_handshake.ts';
import { SYNC_GROUP } from './schemas/sync_group.ts';

export type { Api, Field, Struct } from './schema.ts';

const described: readonly Api[] = [
  PRODUCE,
  FETCH,
  LIST_OFFSETS,
  METADATA,
  OFFSET_COMMIT,
  OFFSET_FETCH,
  FIND_COORDINATOR,
  JOIN_GROUP,
  HEARTBEAT,
  LEAVE_GROUP,
  SYNC_GROUP,
  DESCRIBE_GROUPS,
  LIST_GROUPS,
  API_VERSIONS,
  CREATE_TOPICS,
  DELETE_TOPICS,
  INIT_PRODUCER_ID,
  OFFSET_FOR_LEADER_EPOCH,
  CREATE_PARTITIONS,
  SASL_HANDSHAKE,
  SASL_AUTHENTICATE,
  DESCRIBE_CLUSTER,
  DESCRIBE_CONFIGS,
  DELETE_RECORDS,
  CONSUMER_GROUP_HEARTBEAT,
  CONSUMER_GROUP_DESCRIBE,
];

/** An API that we know by name only: no version of it is spoken (`max` is -1). */
function unspoken(name: ApiName): Api {
  const [key, flexible] = API_KEYS[name];
  const none = { name, versions: { from: 0, to: -1 }, flexible, fields: [], codecs: [] };
  return { ...api(key, name, '0', flexible, [], []), max: -1, latest: -1, request: none, response: none };
}

const names = Object.keys(API_KEYS) as ApiName[];

/** Every API of Kafka by name; `max` is -1 for those that have no schema (yet). */
export const APIS: Readonly<Record<ApiName, Api>> = Object.fromEntries(
  names.map((name) => [name, described.find((one) => one.name === name) ?? unspoken(name)]),
) as Record<ApiName, Api>;

const byKey: readonly Api[] = names.map((name) => APIS[name]).sort((a, b) => a.key - b.key);

/** The API of a key (as it came from the network), also one that we do not speak; undefined if Kafka has none. */
export function apiByKey(key: number): Api | undefined {
  const found = byKey[key];
  return found?.key === key ? found : byKey.find((one) => one.key === key);
}

/** Structs that travel inside bytes fields, by name. */
export const STRUCTS: Readonly<Record<'ConsumerProtocolSubscription' | 'ConsumerProtocolAssignment', Struct>> = {
  ConsumerProtocolSubscription: CONSUMER_PROTOCOL_SUBSCRIPTION,
  ConsumerProtocolAssignment: CONSUMER_PROTOCOL_ASSIGNMENT,
};
