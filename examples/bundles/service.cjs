// The same service in CommonJS.
const kafka = require('rdkafka-ts');

const conf = kafka.conf_new();
const bootstrap = process.env.KAFKA_BOOTSTRAP;
if (bootstrap) kafka.conf_set(conf, 'bootstrap.servers', bootstrap);
else kafka.conf_set(conf, 'test.mock.num.brokers', '3');
kafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
  if (message.err) throw new Error(kafka.err2str(message.err));
  console.log(`delivered ${message.value} to ${message.topic} [${message.partition}]`);
});

async function main() {
  const errstr = kafka.out('');
  const rk = kafka.new(kafka.RD_KAFKA_PRODUCER, conf, errstr);
  if (!rk) throw new Error(errstr.value);
  const err = kafka.producev(rk, { topic: 'orders', key: 'A1', value: 'a book' });
  if (err) throw new Error(kafka.err2str(err));
  await kafka.flush_async(rk, 10_000);
  await kafka.destroy_async(rk);
}

main();
