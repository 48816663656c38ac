// From `mock_cluster()` to its being ready: the first of the process, and the median of those that follow one another, each
// with a worker of its own; what a reset and a close take.
const loading = performance.now();
const { mock_cluster } = await import('../../dist/esm/testing.js');
const { brokers, count } = JSON.parse(process.argv[2]);
const loaded = performance.now();

async function timed(work) {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

async function once() {
  const { value: cluster, ms: readyMs } = await timed(() => mock_cluster({ brokers, topics: { orders: 3 } }));
  await cluster.put('orders', 'x');
  const { ms: resetMs } = await timed(() => cluster.reset());
  const { ms: closeMs } = await timed(() => cluster.close());
  return { readyMs, resetMs, closeMs };
}

const median = (all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)];
const first = await once();
const next = [];
for (let i = 0; i < count; i++) next.push(await once());
const result = {
  importMs: loaded - loading,
  firstMs: first.readyMs,
  readyMs: median(next.map(({ readyMs }) => readyMs)),
  worstMs: Math.max(...next.map(({ readyMs }) => readyMs)),
  resetMs: median(next.map(({ resetMs }) => resetMs)),
  closeMs: median(next.map(({ closeMs }) => closeMs)),
};
console.log(`RESULT ${JSON.stringify(result)}`);
