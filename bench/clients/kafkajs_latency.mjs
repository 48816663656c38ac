// kafkajs has no linger: each send goes out at once.
import { Kafka, logLevel } from 'kafkajs';
import { measureLatency } from './latency.mjs';

const options = JSON.parse(process.argv[2]);
const { bootstrap, topic, acks = -1, size = 100 } = options;
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer({ allowAutoTopicCreation: false });
await producer.connect();
const value = Buffer.alloc(size, 'x');
await measureLatency(() => producer.send({ topic, acks, messages: [{ value, partition: 0 }] }), options);
await producer.disconnect();
