// `node-clients` for @platformatic/kafka: send, and the 'data' events of consume's stream.
import { consume, DRIP, produce, untilLast } from './shapes.mjs';

const options = JSON.parse(process.argv[2]);
const { bootstrap, topic, group, shape, library } = options;
const { Consumer, MessagesStreamModes, Producer, stringSerializers } = await import(library);
const common = { clientId: 'bench', bootstrapBrokers: bootstrap.split(',') };

async function openProducer() {
  // Without serializers it takes Buffers as they are.
  const producer = new Producer({ ...common, ...(shape === 'lanes' ? {} : { serializers: stringSerializers }) });
  return { send: (messages, acks) => producer.send({ messages, acks }), close: () => producer.close() };
}

async function run(take) {
  const drip = { minBytes: 1, maxBytes: DRIP.maxBytes, maxWaitTime: DRIP.maxWaitMs, autocommit: false };
  const consumer = new Consumer({ ...common, groupId: group, ...(shape === 'drip' ? drip : {}) });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
  await untilLast(take, (tell, fail) => stream.on('data', ({ value }) => tell(value)).on('error', fail));
  await consumer.close(true);
}

if (shape === 'consume' || shape === 'drip') await consume(options, run);
else await produce(options, openProducer);
