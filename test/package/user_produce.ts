// needs: conf_new conf_set new producev poll flush destroy outq_len

import type { rd_kafka_message_t, rd_kafka_t } from 'rdkafka-ts';
import * as rdkafka from 'rdkafka-ts';
import {
  RD_KAFKA_CONF_OK,
  RD_KAFKA_MSG_F_COPY,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_V_END,
  RD_KAFKA_V_KEY,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_new,
  rd_kafka_produce,
  rd_kafka_producev,
  rd_kafka_topic_new,
} from 'rdkafka-ts/rdkafka';

const errstr = rdkafka.out('');
const conf = rd_kafka_conf_new();
if (rd_kafka_conf_set(conf, 'bootstrap.servers', '127.0.0.1:9092', errstr) !== RD_KAFKA_CONF_OK)
  throw new Error(errstr.value);
rd_kafka_conf_set_dr_msg_cb(conf, (rk: rd_kafka_t, message: rd_kafka_message_t, _opaque: any) => {
  const value: Uint8Array | null = message.payload;
  console.log(rdkafka.name(rk), message.err, message.partition, message.offset, value?.length);
});
const rk: rd_kafka_t | null = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr);
if (!rk) throw new Error(errstr.value);
const topic = rd_kafka_topic_new(rk, 'orders', null);
if (topic) rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, Buffer.from('value'), 'key', { any: 'opaque' });
const first: number = rd_kafka_producev(
  rk,
  RD_KAFKA_V_TOPIC('orders'),
  RD_KAFKA_V_KEY('k'),
  RD_KAFKA_V_VALUE('v'),
  RD_KAFKA_V_END,
);
const second: number = rdkafka.producev(rk, { topic: 'orders', value: new Uint8Array(3), headers: [['a', 'b']] });
export const codes: number[] = [first, second, rdkafka.poll(rk, 0), rdkafka.outq_len(rk), rdkafka.flush(rk, 1000)];
rdkafka.destroy(rk);
