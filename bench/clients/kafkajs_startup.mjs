// From making the producer to its first delivered message, and to the end of its connections.
import { Kafka, logLevel } from 'kafkajs';

const { bootstrap, topic } = JSON.parse(process.argv[2]);
const start = performance.now();
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer({ allowAutoTopicCreation: false });
const newMs = performance.now() - start;
await producer.connect();
await producer.send({ topic, acks: -1, messages: [{ value: Buffer.alloc(100, 'x'), partition: 0 }] });
const deliveredMs = performance.now() - start;
await producer.disconnect();
const allMs = performance.now() - start;
console.log(`RESULT ${JSON.stringify({ newMs, deliveredMs, destroyMs: allMs - deliveredMs, allMs })}`);
