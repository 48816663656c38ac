// @platformatic/kafka has no linger: each send goes out at once.
import { measureLatency } from './latency.mjs';

const options = JSON.parse(process.argv[2]);
const { bootstrap, topic, acks = -1, size = 100, library } = options;
const { Producer } = await import(library);
const producer = new Producer({ clientId: 'bench', bootstrapBrokers: bootstrap.split(',') });
const value = Buffer.alloc(size, 'x');
await measureLatency(() => producer.send({ acks, messages: [{ topic, partition: 0, value }] }), options);
await producer.close();
