// Chapter "mock_group" of rdkafka_mock.h, the part on KIP-848 groups (group.protocol=consumer). @thread app
import { MockTarget } from '../app/mock_target.ts';
import type { rd_kafka_mock_cgrp_consumer_target_assignment_t, rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import { partitionsFrom } from '../defs/partition_list.ts';
import type { TopicPartitions } from '../defs/types.ts';
import { checkArray, checkBrand, checkInt32, checkString } from '../rd/check.ts';
import { checkCluster, done } from './check_mock.ts';

const TYPE = 'rd_kafka_mock_cgrp_consumer_target_assignment_t';

/**
 * rd_kafka_mock_cgrp_consumer_target_assignment_new: what members of a group are to get: `assignment[i]` for the member
 * `member_ids[i]`, so that both are of one length (else RangeError). Lists are copied. The result may be destroyed by
 * mock_cgrp_consumer_target_assignment_destroy. Never blocks.
 */
export function mock_cgrp_consumer_target_assignment_new(
  member_ids: readonly string[],
  assignment: readonly TopicPartitions[],
): rd_kafka_mock_cgrp_consumer_target_assignment_t {
  const fn = 'mock_cgrp_consumer_target_assignment_new';
  const ids = Array.from(checkArray(fn, 'member_ids', member_ids), (id, i) => checkString(fn, `member_ids[${i}]`, id));
  const lists = Array.from(checkArray(fn, 'assignment', assignment), (list, i) =>
    partitionsFrom(fn, `assignment[${i}]`, list),
  );
  if (lists.length !== ids.length) {
    throw new RangeError(`${fn}: assignment has ${lists.length} lists for ${ids.length} members`);
  }
  return new MockTarget(ids, lists);
}

/** rd_kafka_mock_cgrp_consumer_target_assignment_destroy: may be left out; it can't be used afterwards. */
export function mock_cgrp_consumer_target_assignment_destroy(
  target_assignment: rd_kafka_mock_cgrp_consumer_target_assignment_t,
): void {
  checkBrand<MockTarget>(
    'mock_cgrp_consumer_target_assignment_destroy',
    'target_assignment',
    target_assignment,
    TYPE,
  ).destroy();
}

/**
 * rd_kafka_mock_cgrp_consumer_target_assignment: gives the members that it names their next targets, and runs no assignor
 * in that group from now on; null runs one again. Members that are not named keep theirs, ids that are nobody's are
 * overlooked, and nothing happens if there is no such KIP-848 group. Blocks until the cluster's worker has done it.
 */
export function mock_cgrp_consumer_target_assignment(
  mcluster: rd_kafka_mock_cluster_t,
  group_id: string,
  target_assignment: rd_kafka_mock_cgrp_consumer_target_assignment_t | null,
): void {
  const command = 'mock_cgrp_consumer_target_assignment';
  const cluster = checkCluster(command, mcluster);
  const id = checkString(command, 'group_id', group_id);
  const target =
    target_assignment === null || target_assignment === undefined
      ? null
      : checkBrand<MockTarget>(command, 'target_assignment', target_assignment, TYPE).rows;
  done({ cluster, command, args: [id, target] });
}

/**
 * rd_kafka_mock_set_group_consumer_session_timeout_ms: how long a member of a KIP-848 group may be silent (ms, 30,000 at
 * first), from its next heartbeat on. Blocks until the cluster's worker has done it.
 */
export function mock_set_group_consumer_session_timeout_ms(
  mcluster: rd_kafka_mock_cluster_t,
  group_consumer_session_timeout_ms: number,
): void {
  const command = 'mock_set_group_consumer_session_timeout_ms';
  setMs(command, mcluster, 'group_consumer_session_timeout_ms', group_consumer_session_timeout_ms);
}

/**
 * rd_kafka_mock_set_group_consumer_heartbeat_interval_ms: how often members of KIP-848 groups are told to send heartbeats
 * (ms, 3000 at first); they learn it with their next one. Blocks until the cluster's worker has done it.
 */
export function mock_set_group_consumer_heartbeat_interval_ms(
  mcluster: rd_kafka_mock_cluster_t,
  group_consumer_heartbeat_interval_ms: number,
): void {
  const command = 'mock_set_group_consumer_heartbeat_interval_ms';
  setMs(command, mcluster, 'group_consumer_heartbeat_interval_ms', group_consumer_heartbeat_interval_ms);
}

function setMs(command: string, mcluster: rd_kafka_mock_cluster_t, param: string, ms: number): void {
  const cluster = checkCluster(command, mcluster);
  done({ cluster, command, args: [checkInt32(command, param, ms)] });
}
