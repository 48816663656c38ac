// rd_kafka_mock_cgrp_consumer_target_assignment_t: what each member of a KIP-848 group is to get. @thread app
import type { PartitionList } from '../defs/partition_list.ts';
import { GONE } from '../rd/check.ts';

/** As the worker is told. */
export type TargetRow = readonly [
  memberId: string,
  partitions: readonly (readonly [topic: string, partition: number])[],
];

export class MockTarget {
  readonly rows: readonly TargetRow[];
  '~gone': string;

  /** Copies the lists. */
  constructor(memberIds: readonly string[], assignment: readonly PartitionList[]) {
    this.rows = memberIds.map((memberId, i) => [
      memberId,
      assignment[i]!.elems.map(({ topic, partition }) => [topic, partition] as const),
    ]);
    this[GONE] = '';
  }

  get '~type'(): 'rd_kafka_mock_cgrp_consumer_target_assignment_t' {
    return 'rd_kafka_mock_cgrp_consumer_target_assignment_t';
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
