// `node-clients` for kafkajs: send, and eachMessage for `drip`, eachBatch (which is faster) else.
import { Kafka, logLevel } from 'kafkajs';
import { consume, DRIP, produce, untilLast } from './shapes.mjs';

const options = JSON.parse(process.argv[2]);
const { bootstrap, topic, group, shape } = options;
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR });

async function openProducer() {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    maxInFlightRequests: shape === 'batch' ? 100 : null,
  });
  await producer.connect();
  return { send: (messages, acks) => producer.send({ topic, acks, messages }), close: () => producer.disconnect() };
}

async function run(take) {
  const own = shape === 'drip' ? { maxWaitTimeInMs: DRIP.maxWaitMs, maxBytes: DRIP.maxBytes } : {};
  const consumer = kafka.consumer({ groupId: group, ...own });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await untilLast(take, (tell, fail) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
    const one = { autoCommit: false, eachMessage: async ({ message }) => tell(message.value) };
    const many = {
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) tell(value);
      },
    };
    consumer.run(shape === 'drip' ? one : many).catch(fail);
  });
  await consumer.disconnect();
}

if (shape === 'consume' || shape === 'drip') await consume(options, run);
else await produce(options, openProducer);
