// One message, delivered. `KAFKA_BOOTSTRAP` names the cluster.
import * as kafka from 'rdkafka-ts';

const conf = kafka.conf_new();
kafka.conf_set(conf, 'bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092');
kafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
  if (message.err) console.error(`not delivered: ${kafka.err2str(message.err)}`);
  else console.log(`delivered to ${message.topic} [${message.partition}] at offset ${message.offset}`);
});

const errstr = kafka.out('');
const rk = kafka.new(kafka.RD_KAFKA_PRODUCER, conf, errstr);
if (!rk) throw new Error(errstr.value);

const err = kafka.producev(rk, { topic: 'greetings', key: 'en', value: 'hello' });
if (err) throw new Error(kafka.err2str(err));

await kafka.flush_async(rk, 10_000);
await kafka.destroy_async(rk);
