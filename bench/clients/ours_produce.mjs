// The loop of rdkafka_performance: produce, a poll for every thousand, poll(10) when the queue is full, then the rest.
import { finish, value as plain, producer, rdkafka, reports } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, count, call, text } = options;
const value = text === undefined ? plain : Buffer.from(text);
const rk = producer(options);
const rkt = rdkafka.topic_new(rk, topic, null);
const { RD_KAFKA_MSG_F_COPY: COPY, RD_KAFKA_PARTITION_UA: UA, RD_KAFKA_RESP_ERR__QUEUE_FULL: FULL } = rdkafka;
// As `import { produce } from 'rdkafka-ts'` would have them.
const { produce, producev, poll, last_error } = rdkafka;

const calls = {
  produce: () => (produce(rkt, UA, COPY, value, null) === 0 ? 0 : last_error()),
  producev: () => producev(rk, { topic, value }),
};

const send = calls[call];
const start = performance.now();
for (let sent = 1; sent <= count; sent++) {
  for (let error = send(); error !== 0; error = send()) {
    if (error !== FULL) throw new Error(rdkafka.err2str(error));
    poll(rk, 10);
  }
  if (sent % 1000 === 0) poll(rk, 0);
}
while (reports.delivered < count) poll(rk, 1000);
const seconds = (performance.now() - start) / 1000;
rdkafka.destroy(rk);
finish({ messages: count, seconds });
