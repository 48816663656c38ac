// One message at a time from a producer to a consumer in the same process: consumer_poll as in C, or consumer_poll_async.
import { measureBlocking, measureLatency } from './latency.mjs';
import { checked, consumer, nextMessage, producer, rdkafka, reports, subscribe, value } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, call } = options;
const WAIT_MS = 60_000;
const from = producer(options);
const to = consumer(options);
subscribe(to, topic);

function send() {
  rdkafka.poll(from, 0);
  const error = rdkafka.producev(from, { topic, partition: 0, value });
  if (error) throw new Error(rdkafka.err2str(error));
}

function check(message) {
  if (message === null) throw new Error('a message did not come within a minute');
  if (message.payload.length !== value.length) throw new Error('a message of another size came');
}

if (call === 'consumer_poll_async')
  await measureLatency(async () => {
    send();
    check(checked(await rdkafka.consumer_poll_async(to, WAIT_MS)));
  }, options);
else
  measureBlocking(() => {
    send();
    check(nextMessage(to, WAIT_MS));
  }, options);
// The last report may come behind the last message.
rdkafka.flush(from, WAIT_MS);
rdkafka.consumer_close(to);
rdkafka.destroy(to);
rdkafka.destroy(from);
if (reports.failed > 0) throw new Error(`${reports.failed} deliveries failed`);
