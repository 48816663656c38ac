// kafkajs has no linger: each send goes out at once.
import { Kafka, logLevel } from 'kafkajs';
import { measureLatency } from './latency.mjs';

const options = JSON.parse(process.argv[2]);
const kafka = new Kafka({ brokers: options.bootstrap.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer({ allowAutoTopicCreation: false });
await producer.connect();
const messages = [{ value: Buffer.alloc(100, 'x'), partition: 0 }];
await measureLatency(() => producer.send({ topic: options.topic, acks: -1, messages }), options);
await producer.disconnect();
