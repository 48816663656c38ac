// A producer of ours for the bench, and its count of reports.
import * as rdkafka from '../../dist/esm/index.js';

export { rdkafka };
export const value = Buffer.alloc(100, 'x');
export const reports = { delivered: 0, failed: 0 };

export function confOf(properties) {
  const conf = rdkafka.conf_new();
  const errstr = rdkafka.out('');
  for (const [name, text] of Object.entries(properties)) {
    if (text === undefined) continue;
    if (rdkafka.conf_set(conf, name, String(text), errstr) !== rdkafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  }
  return conf;
}

export function make(type, conf) {
  const errstr = rdkafka.out('');
  const rk = rdkafka.new(type, conf, errstr);
  if (!rk) throw new Error(errstr.value);
  return rk;
}

/** acks=all is librdkafka's default and ours; it is set to say so. */
export function producer({ bootstrap, linger, codec, perBatch }) {
  const conf = confOf({
    'bootstrap.servers': bootstrap,
    acks: 'all',
    'linger.ms': linger,
    'compression.codec': codec,
    'batch.num.messages': perBatch,
  });
  rdkafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
    reports.delivered++;
    if (message.err !== 0) reports.failed++;
  });
  return make(rdkafka.RD_KAFKA_PRODUCER, conf);
}

export function sendAndWait(rk, topic, partition) {
  const target = reports.delivered + 1;
  const error = rdkafka.producev(rk, { topic, partition, value });
  if (error) throw new Error(rdkafka.err2str(error));
  while (reports.delivered < target) rdkafka.poll(rk, 1000);
}

export function finish(result) {
  if (reports.failed > 0) throw new Error(`${reports.failed} deliveries failed`);
  console.log(`RESULT ${JSON.stringify(result)}`);
}
