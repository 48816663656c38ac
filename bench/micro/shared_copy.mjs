// ns per copy of n bytes into shared memory at an odd position, by hand: node bench/micro/shared_copy.mjs
const ROUNDS = 7;
const COPIES = 300_000;
const memory = new SharedArrayBuffer(1 << 20);
const bytes = new Uint8Array(memory);
const buffer = Buffer.from(memory);
const source = Buffer.allocUnsafeSlow(1 << 17);

const ways = {
  loop: (from, at) => {
    for (let i = 0; i < from.length; i++) bytes[at + i] = from[i];
  },
  set: (from, at) => bytes.set(from, at),
  copy: (from, at) => from.copy(buffer, at),
  fill: (from, at) => buffer.fill(from, at, at + from.length),
};

function measure(way, from) {
  const step = (from.length + 7) & ~7;
  let at = 3;
  const start = process.hrtime.bigint();
  for (let i = 0; i < COPIES; i++) {
    if (at + from.length > bytes.length) at = 3;
    way(from, at);
    at += step;
  }
  return Number(process.hrtime.bigint() - start) / COPIES;
}

for (const size of [8, 12, 16, 24, 48, 100, 150, 176, 200, 300, 1000, 10_000]) {
  const from = source.subarray(0, size);
  let line = `${String(size).padStart(6)} B`;
  for (const [name, way] of Object.entries(ways)) {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) best = Math.min(best, measure(way, from));
    line += `   ${name} ${best.toFixed(1).padStart(7)}`;
  }
  console.log(line);
}
