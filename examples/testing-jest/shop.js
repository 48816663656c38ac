// A small shop to be tested: it announces orders in Kafka, and its warehouse ships what is announced.
const { openConsumer, openProducer } = require('./client');

function openShop(config, topic = 'orders') {
  const producer = openProducer(config);
  return {
    /** Resolves when Kafka has the order, and rejects when Kafka has not taken it. */
    place: (order) => producer.send(topic, order.id, JSON.stringify(order)),
    close: () => producer.close(),
  };
}

/** Ships all orders, shared with the other warehouses of the group. */
function openWarehouse(config, ship, topic = 'orders') {
  return openConsumer({ 'group.id': 'warehouses', ...config }, topic, (value) => ship(JSON.parse(value)));
}

module.exports = { openShop, openWarehouse };
