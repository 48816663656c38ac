// `node-clients` for ours: produce_async of one message or of many, and messages.
import { consumer, producer, rdkafka, subscribe } from './ours.mjs';
import { consume, DRIP, produce } from './shapes.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, shape } = options;

async function openProducer({ acks }) {
  // One at a time, a batch has nothing to wait for; else the library's own.
  const rk = producer({ ...options, acks, linger: shape === 'lanes' ? undefined : 0 });
  return {
    send: (messages) => rdkafka.produce_async(rk, messages.length === 1 ? messages[0] : messages),
    close: () => rdkafka.close_async(rk),
  };
}

const drip = {
  'enable.auto.commit': false,
  'fetch.min.bytes': 1,
  'fetch.message.max.bytes': DRIP.maxBytes,
  'fetch.wait.max.ms': DRIP.maxWaitMs,
};

async function run(take) {
  const rk = consumer(options, shape === 'drip' ? drip : {});
  subscribe(rk, topic);
  for await (const { value } of rdkafka.messages(rk)) if (take(value)) break;
  await rdkafka.close_async(rk);
}

if (shape === 'consume' || shape === 'drip') await consume(options, run);
else await produce(options, openProducer);
