// From `new` to the first delivered message, and to the end of `destroy`; loading the library is told apart.
const loading = performance.now();
const { finish, producer, rdkafka, sendAndWait } = await import('./ours.mjs');
const options = JSON.parse(process.argv[2]);
const start = performance.now();
const rk = producer(options);
const newMs = performance.now() - start;
sendAndWait(rk, options.topic, 0);
const deliveredMs = performance.now() - start;
rdkafka.destroy(rk);
const allMs = performance.now() - start;
finish({ newMs, deliveredMs, destroyMs: allMs - deliveredMs, allMs, importMs: start - loading });
