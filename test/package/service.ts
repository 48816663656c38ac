// A small service: it delivers one message to a mock cluster of its own and ends.
// needs: conf_new conf_set new producev poll flush destroy
import * as rdkafka from 'rdkafka-ts';

const conf = rdkafka.conf_new();
const errstr = rdkafka.out('');
for (const [name, value] of [
  ['test.mock.num.brokers', '3'],
  ['linger.ms', '0'],
] as const) {
  if (rdkafka.conf_set(conf, name, value, errstr) !== rdkafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
}
const delivered: string[] = [];
rdkafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
  delivered.push(message.err ? rdkafka.err2name(message.err) : `partition ${message.partition}, ${message.value}`);
});
const rk = rdkafka.new(rdkafka.RD_KAFKA_PRODUCER, conf, errstr);
if (!rk) throw new Error(errstr.value);
const error = rdkafka.producev(rk, { topic: 'orders', key: 'A1', value: 'one order', opaque: 1 });
if (error) throw new Error(rdkafka.err2str(error));
rdkafka.poll(rk, 0);
const left = rdkafka.flush(rk, 15_000);
rdkafka.destroy(rk);
console.log(`delivered: ${delivered.join('; ')}`);
if (left !== 0 || delivered.length !== 1 || !/^partition \d+, one order$/.test(delivered[0] ?? ''))
  process.exitCode = 1;
