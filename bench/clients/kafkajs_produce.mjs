// kafkajs at its own pace: sends of 1000 messages, four under way at a time.
import { Kafka, logLevel } from 'kafkajs';

const { bootstrap, topic, count } = JSON.parse(process.argv[2]);
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer({ allowAutoTopicCreation: false });
await producer.connect();
const value = Buffer.alloc(100, 'x');
const messages = Array.from({ length: 1000 }, () => ({ value }));
let left = count;
const start = performance.now();

async function lane() {
  while (left > 0) {
    const size = Math.min(1000, left);
    left -= size;
    await producer.send({ topic, acks: -1, messages: size === 1000 ? messages : messages.slice(0, size) });
  }
}

await Promise.all([lane(), lane(), lane(), lane()]);
const seconds = (performance.now() - start) / 1000;
await producer.disconnect();
console.log(`RESULT ${JSON.stringify({ messages: count, seconds })}`);
