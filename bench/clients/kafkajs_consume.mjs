// A group of one kafkajs consumer; the clock runs from the first message to the last.
import { Kafka, logLevel } from 'kafkajs';

const { bootstrap, topic, group, count, size = 100 } = JSON.parse(process.argv[2]);
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: group });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let seen = 0;
let bytes = 0;
let start = 0;
const seconds = await new Promise((resolve) => {
  consumer.run({
    eachBatch: async ({ batch }) => {
      if (start === 0) start = performance.now();
      for (const message of batch.messages) bytes += message.value.length;
      seen += batch.messages.length;
      if (seen >= count) resolve((performance.now() - start) / 1000);
    },
  });
});
await consumer.disconnect();
if (bytes !== seen * size) throw new Error(`${seen} messages had only ${bytes} bytes`);
console.log(`RESULT ${JSON.stringify({ messages: seen, seconds })}`);
