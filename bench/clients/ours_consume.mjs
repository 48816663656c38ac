// A group of one consumer of ours, message by message; the clock runs from the first message to the last.
import { confOf, finish, make, rdkafka } from './ours.mjs';

const { bootstrap, topic, group, count } = JSON.parse(process.argv[2]);
const conf = confOf({ 'bootstrap.servers': bootstrap, 'group.id': group, 'auto.offset.reset': 'earliest' });
const rk = make(rdkafka.RD_KAFKA_CONSUMER, conf);
rdkafka.poll_set_consumer(rk);
const error = rdkafka.subscribe(rk, [topic]);
if (error) throw new Error(rdkafka.err2str(error));
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
if (bytes !== seen * 100) throw new Error(`${seen} messages had ${bytes} bytes`);
finish({ messages: seen, seconds });
