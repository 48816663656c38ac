// Memory after `count` messages and after ten times as many.
import { setTimeout as sleep } from 'node:timers/promises';
import { finish, producer, rdkafka, reports, value } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, count } = options;
const rk = producer(options);
let sent = 0;

async function upTo(target) {
  for (; sent < target; sent++) {
    while (rdkafka.producev(rk, { topic, value }) === rdkafka.RD_KAFKA_RESP_ERR__QUEUE_FULL) rdkafka.poll(rk, 10);
    if (sent % 1000 === 0) rdkafka.poll(rk, 0);
  }
  while (reports.delivered < sent) rdkafka.poll(rk, 1000);
  await sleep(1000);
  return process.memoryUsage().rss / 1048576;
}

const firstMb = await upTo(count);
const lastMb = await upTo(count * 10);
rdkafka.destroy(rk);
finish({ firstMb, lastMb });
