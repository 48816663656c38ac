// One message, delivered. `KAFKA_BOOTSTRAP` names the cluster.
import * as kafka from 'rdkafka-ts';

const producer = kafka.producer_new({
  'bootstrap.servers': process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092',
  'linger.ms': 0, // nothing else comes that could share its batch
});

const message = { topic: 'greetings', key: 'en', value: 'hello' };
const { topic, partition, offset } = await kafka.produce_async(producer, message);
console.log(`delivered to ${topic} [${partition}] at offset ${offset}`);

await kafka.close_async(producer);
