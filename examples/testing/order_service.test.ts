// How to test a service that uses Kafka: on a cluster of your own, inside the test, over real TCP. One of its brokers
// goes down in the middle.
import * as kafka from 'rdkafka-ts';
import {
  rd_kafka_mock_broker_set_down_async,
  rd_kafka_mock_broker_set_up_async,
  rd_kafka_mock_cluster_bootstraps,
  rd_kafka_mock_cluster_new_async,
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_partition_set_leader_async,
  rd_kafka_mock_topic_create_async,
} from 'rdkafka-ts/rdkafka_mock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openOrderService } from './order_service.ts';

let holder: kafka.rd_kafka_t;
let cluster: rd_kafka_mock_cluster_t;
let bootstrap: string;

beforeAll(async () => {
  // Every mock cluster belongs to a handle and ends with it; any handle will do.
  holder = await kafka.new_async(kafka.RD_KAFKA_PRODUCER, null);
  cluster = await rd_kafka_mock_cluster_new_async(holder, 3);
  bootstrap = rd_kafka_mock_cluster_bootstraps(cluster);
  await rd_kafka_mock_topic_create_async(cluster, 'orders', 1, 3);
});

afterAll(() => kafka.destroy_async(holder));

test('an order gets the next offset', async () => {
  const service = openOrderService(bootstrap);

  const first = await service.place({ id: 'A1', item: 'a book' });
  const second = await service.place({ id: 'A2', item: 'a lamp' });

  expect(second.offset).toBe(first.offset + 1);
  await service.close();
});

test('an order is placed when the broker that leads goes down and another takes over', async () => {
  const service = openOrderService(bootstrap);
  await rd_kafka_mock_partition_set_leader_async(cluster, 'orders', 0, 1);
  const before = await service.place({ id: 'B1', item: 'a chair' });

  await rd_kafka_mock_broker_set_down_async(cluster, 1);
  const placed = service.place({ id: 'B2', item: 'a table' });
  await rd_kafka_mock_partition_set_leader_async(cluster, 'orders', 0, 2);

  expect((await placed).offset).toBeGreaterThan(before.offset);
  await rd_kafka_mock_broker_set_up_async(cluster, 1);
  await service.close();
});
