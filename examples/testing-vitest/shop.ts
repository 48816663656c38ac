// A small shop to be tested: it announces orders in Kafka, and its warehouses ship what is announced.
import { close_async, consumer_new, each, type Properties, produce_async, producer_new } from 'rdkafka-ts';

export interface Order {
  readonly id: string;
  readonly item: string;
}

export interface Shop {
  /** Resolves when Kafka has the order, and rejects when Kafka has not taken it. */
  place(order: Order): Promise<{ readonly partition: number; readonly offset: number | null }>;
  close(): Promise<void>;
}

/** No order is lost or announced twice, whatever happens to brokers and connections. */
export function openShop(config: Properties, topic = 'orders'): Shop {
  const producer = producer_new({ ...config, 'enable.idempotence': true });
  return {
    place: (order) => produce_async(producer, { topic, key: order.id, value: JSON.stringify(order) }),
    close: async () => void (await close_async(producer)),
  };
}

export interface Warehouse {
  /** Rejects with what `ship` threw, which has ended it before. */
  close(): Promise<void>;
}

/** Ships all orders, shared with the other warehouses of the group; what was shipped is committed. */
export function openWarehouse(
  config: Properties,
  ship: (order: Order) => Promise<void> | void,
  topic = 'orders',
): Warehouse {
  const consumer = consumer_new({ 'group.id': 'warehouses', ...config, topics: [topic] });
  const shipping = each(consumer, (message) => ship(JSON.parse(String(message.value))));
  shipping.catch(() => {}); // close() tells of it
  return {
    close: async () => {
      await close_async(consumer);
      await shipping;
    },
  };
}
