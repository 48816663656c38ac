// What Node alone needs to start two empty workers, hear from both, and end them.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const text = "require('node:worker_threads').parentPort.on('message', () => {}).postMessage(1)";
const start = performance.now();
const workers = [1, 2].map(() => new Worker(text, { eval: true, execArgv: [] }));
const newMs = performance.now() - start;
await Promise.all(workers.map((worker) => once(worker, 'message')));
const deliveredMs = performance.now() - start;
await Promise.all(workers.map((worker) => worker.terminate()));
const allMs = performance.now() - start;
console.log(`RESULT ${JSON.stringify({ newMs, deliveredMs, destroyMs: allMs - deliveredMs, allMs })}`);
