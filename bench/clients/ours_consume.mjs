// A group of one consumer of ours, message by message; the clock runs from the first message to the last.
import { consumer, finish, rdkafka, subscribe } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, count, size = 100 } = options;
const rk = consumer(options);
subscribe(rk, topic);
let seen = 0;
let bytes = 0;
let start = 0;
while (seen < count) {
  const message = rdkafka.consumer_poll(rk, 1000);
  if (message === null) continue;
  if (message.err !== 0) throw new Error(rdkafka.message_errstr(message));
  if (start === 0) start = performance.now();
  bytes += message.payload.length;
  seen++;
}
const seconds = (performance.now() - start) / 1000;
rdkafka.consumer_close(rk);
rdkafka.destroy(rk);
if (bytes !== seen * size) throw new Error(`${seen} messages had ${bytes} bytes`);
finish({ messages: seen, seconds });
