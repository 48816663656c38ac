// A small shop to be tested: it announces orders in Kafka, and its warehouses ship what is announced.
const { close_async, consumer_new, each, produce_async, producer_new } = require('rdkafka-ts');

/** No order is lost or announced twice, whatever happens to brokers and connections. */
function openShop(config, topic = 'orders') {
  const producer = producer_new({ ...config, 'enable.idempotence': true });
  return {
    /** Resolves when Kafka has the order, and rejects when Kafka has not taken it. */
    place: (order) => produce_async(producer, { topic, key: order.id, value: JSON.stringify(order) }),
    close: () => close_async(producer),
  };
}

/** Ships all orders, shared with the other warehouses of the group; what was shipped is committed. */
function openWarehouse(config, ship, topic = 'orders') {
  const consumer = consumer_new({ 'group.id': 'warehouses', ...config, topics: [topic] });
  const shipping = each(consumer, (message) => ship(JSON.parse(String(message.value))));
  shipping.catch(() => {}); // close() tells of it
  return {
    /** Rejects with what `ship` threw, which has ended it before. */
    close: async () => {
      await close_async(consumer);
      await shipping;
    },
  };
}

module.exports = { openShop, openWarehouse };
