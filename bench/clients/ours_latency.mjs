// One message at a time: producev and poll as in C, or produce_async.
import { measureBlocking, measureLatency } from './latency.mjs';
import { producer, rdkafka, sendAndWait, value } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, call } = options;
const rk = producer(options);
if (call === 'produce_async')
  await measureLatency(() => rdkafka.produce_async(rk, { topic, partition: 0, value }), options);
else measureBlocking(() => sendAndWait(rk, topic, 0), options);
rdkafka.destroy(rk);
