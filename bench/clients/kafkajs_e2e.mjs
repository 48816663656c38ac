// One message at a time from a producer of kafkajs to a consumer of kafkajs in the same process.
import { Kafka, logLevel } from 'kafkajs';
import { measureLatency } from './latency.mjs';

const options = JSON.parse(process.argv[2]);
const { bootstrap, topic, group } = options;
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ allowAutoTopicCreation: false });
const consumer = kafka.consumer({ groupId: group });
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let arrived = () => {};
await consumer.run({ eachMessage: async ({ message }) => arrived(message) });
const messages = [{ value: Buffer.alloc(100, 'x'), partition: 0 }];

function roundTrip() {
  return new Promise((resolve, reject) => {
    arrived = ({ value }) => (value.length === 100 ? resolve() : reject(new Error('a message of another size came')));
    producer.send({ topic, acks: -1, messages }).catch(reject);
  });
}

await measureLatency(roundTrip, options);
await consumer.disconnect();
await producer.disconnect();
