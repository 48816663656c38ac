// Members get partitions that have a replica in their rack (KIP-881).
import { expect, test } from 'vitest';
import {
  out,
  rd_kafka_assignment,
  rd_kafka_consumer_poll,
  rd_kafka_subscribe,
  type rd_kafka_t,
  type rd_kafka_topic_partition_list_t,
} from '../../../src/rdkafka.ts';
import { rd_kafka_mock_broker_set_rack, rd_kafka_mock_topic_create } from '../../../src/rdkafka_mock.ts';
import { aCluster, aConsumer } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';

const RACKS = ['a', 'b', 'c'];

function assigned(rk: rd_kafka_t): string {
  const list = out<rd_kafka_topic_partition_list_t>();
  expect(rd_kafka_assignment(rk, list)).toBe(0);
  return list.value.elems.map(({ partition }) => partition).join(' ');
}

test.for(['range', 'cooperative-sticky'])('%s brings members and replicas of a rack together', (strategy, t) => {
  const { mock, bootstrap } = aCluster(t, 3);
  for (const [i, rack] of RACKS.entries()) rd_kafka_mock_broker_set_rack(mock, i + 1, rack);
  // Partition n has its replica on broker n modulo 3, plus 1.
  expect(rd_kafka_mock_topic_create(mock, 'racks', 6, 1)).toBe(0);
  const members = ['b', 'c', 'a'].map((rack) =>
    aConsumer(t, {
      'bootstrap.servers': bootstrap,
      'group.id': 'racks',
      'client.rack': rack,
      'partition.assignment.strategy': strategy,
    }),
  );

  for (const rk of members) expect(rd_kafka_subscribe(rk, [{ topic: 'racks', partition: -1 }])).toBe(0);

  const serve = (): void => {
    for (const rk of members) rd_kafka_consumer_poll(rk, 20);
  };
  pollUntil('two partitions each, all in their racks', serve, () => members.map(assigned).join() === '1 4,2 5,0 3');
});
