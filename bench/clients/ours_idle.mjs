// Memory of a producer that has sent one message to each of `partitions` partitions (one a broker) and rests.
import { setTimeout as sleep } from 'node:timers/promises';

const mb = () => process.memoryUsage().rss / 1048576;
const bareMb = mb(); // before the library is loaded
const { finish, producer, rdkafka, sendAndWait } = await import('./ours.mjs');
const options = JSON.parse(process.argv[2]);
const rk = producer(options);
for (let partition = 0; partition < options.partitions; partition++) sendAndWait(rk, options.topic, partition);
await sleep(3000);
const rssMb = mb();
rdkafka.destroy(rk);
finish({ bareMb, rssMb });
