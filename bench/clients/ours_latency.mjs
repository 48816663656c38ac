// One message at a time: producev and poll as in C, or produce_async.
import { measureBlocking, measureLatency } from './latency.mjs';
import { producer, rdkafka, sendAndWait } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, call, size = 100 } = options;
const value = Buffer.alloc(size, 'x');
const rk = producer(options);
if (call === 'produce_async')
  await measureLatency(() => rdkafka.produce_async(rk, { topic, partition: 0, value }), options);
else measureBlocking(() => sendAndWait(rk, topic, 0, value), options);
rdkafka.destroy(rk);
