// needs: subscribe consumer_poll consumer_close consumer_poll_async poll_start

import type { rd_kafka_resp_err_t, rd_kafka_t, rd_kafka_topic_partition_list_t } from 'rdkafka-ts';
import * as rdkafka from 'rdkafka-ts';

const conf = rdkafka.conf_new();
rdkafka.conf_set_rebalance_cb(
  conf,
  (rk: rd_kafka_t, err: rd_kafka_resp_err_t, partitions: rd_kafka_topic_partition_list_t) => {
    rdkafka.assign(rk, err === rdkafka.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : null);
  },
);
const rk = rdkafka.new(rdkafka.RD_KAFKA_CONSUMER, conf);
if (!rk) throw new Error('no consumer');
const code: number = rdkafka.subscribe(rk, ['orders']);
const message = rdkafka.consumer_poll(rk, 100);
if (message && !message.err)
  console.log(code, message.topic, message.value?.toString(), message.offset, message.header('a'));

export async function next(handle: rd_kafka_t): Promise<Buffer | null> {
  const got = await rdkafka.consumer_poll_async(handle, 1000);
  return got ? got.value : null;
}
rdkafka.consumer_close(rk);
rdkafka.destroy(rk);
