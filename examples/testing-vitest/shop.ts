// A small shop to be tested: it announces orders in Kafka, and its warehouse ships what is announced.
import type { Properties } from 'rdkafka-ts';
import { openConsumer, openProducer } from './client.ts';

export interface Order {
  readonly id: string;
  readonly item: string;
}

export interface Shop {
  /** Resolves when Kafka has the order, and rejects when Kafka has not taken it. */
  place(order: Order): Promise<{ partition: number; offset: number }>;
  close(): Promise<void>;
}

export function openShop(config: Properties, topic = 'orders'): Shop {
  const producer = openProducer(config);
  return {
    place: (order) => producer.send(topic, order.id, JSON.stringify(order)),
    close: () => producer.close(),
  };
}

export interface Warehouse {
  close(): Promise<void>;
}

/** Ships all orders, shared with the other warehouses of the group. */
export function openWarehouse(config: Properties, ship: (order: Order) => Promise<void>, topic = 'orders'): Warehouse {
  return openConsumer({ 'group.id': 'warehouses', ...config }, topic, (value) => ship(JSON.parse(value)));
}
