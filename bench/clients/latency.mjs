// From sending one message to knowing that it is stored, or consumed, one at a time; the same for every client in Node.

/** `sendOne` settles when its message is delivered. Prints the RESULT line. */
export async function measureLatency(sendOne, { warmup = 100, count }) {
  for (let i = 0; i < warmup; i++) await sendOne();
  const took = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await sendOne();
    took[i] = performance.now() - start;
  }
  printLatency(took);
}

/** The same for a client that blocks until its message is delivered. */
export function measureBlocking(sendOne, { warmup = 100, count }) {
  for (let i = 0; i < warmup; i++) sendOne();
  const took = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    sendOne();
    took[i] = performance.now() - start;
  }
  printLatency(took);
}

function printLatency(took) {
  took.sort();
  const at = (share) => Number(took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(4));
  console.log(`RESULT ${JSON.stringify({ medianMs: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) })}`);
}
