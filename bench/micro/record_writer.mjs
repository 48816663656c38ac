// ns per record of the producer's append (records/record_writer), by hand: node bench/micro/record_writer.mjs
// Records of 100 bytes of value go into 1 MiB of shared memory, again and again; no bookkeeping around them.
import { fromSources } from '../lib/sources.mjs';

const { recordBound, writeRecord, RecordCursor } = await fromSources(`
export { recordBound, writeRecord } from './src/records/record_writer.ts';
export { RecordCursor } from './src/records/record_reader.ts';
`);

const SLAB = 1 << 20;
const ROUNDS = 5;
const RECORDS = 2_000_000;
const memory = new SharedArrayBuffer(SLAB);
const target = { bytes: new Uint8Array(memory), buffer: Buffer.from(memory) };
const value = Buffer.alloc(100, 'v');
const key = Buffer.from('key-12345678');
const two = [
  ['trace-id', Buffer.from('0123456789abcdef')],
  ['kind', Buffer.from('order')],
];
const cases = {
  'value 100 B': () => [null, value, null],
  'key 12 B, value 100 B': () => [key, value, null],
  'key 12 B, value 10 B': () => [key, value.subarray(0, 10), null],
  'string value 100': () => [null, 'v'.repeat(100), null],
  'string value 100, not ASCII': () => [null, 'é'.repeat(100), null],
  'string key 12, value 100 B': () => ['key-12345678', value, null],
  'key, value 100 B, 2 headers': () => [key, value, two],
};

function append([k, v, headers]) {
  const end = SLAB;
  let at = 0;
  let count = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < RECORDS; i++) {
    if (at + recordBound(k, v, headers) > end) {
      at = 0;
      count = 0;
    }
    at = writeRecord(target, at, i & 0xff, count++, k, v, headers);
  }
  return Number(process.hrtime.bigint() - start) / RECORDS;
}

function fill([k, v, headers]) {
  let at = 0;
  let count = 0;
  while (at + recordBound(k, v, headers) <= SLAB) at = writeRecord(target, at, count & 0xff, count++, k, v, headers);
  return at;
}

function walk(end) {
  const cursor = new RecordCursor();
  let sum = 0;
  let records = 0;
  const start = process.hrtime.bigint();
  while (records < RECORDS) {
    for (let at = 0; at < end; at = cursor.next) {
      cursor.read(target.bytes, at, end);
      sum += cursor.valueTo - cursor.valueFrom + cursor.timestampDelta;
      records++;
    }
  }
  const ns = Number(process.hrtime.bigint() - start) / records;
  return sum > 0 ? ns : Number.NaN;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(cases);
for (const name of names) {
  const parts = cases[name]();
  const writes = [];
  const reads = [];
  for (let round = 0; round < ROUNDS; round++) writes.push(append(parts));
  const end = fill(parts);
  for (let round = 0; round < ROUNDS; round++) reads.push(walk(end));
  const show = (list) =>
    list
      .sort((a, b) => a - b)
      .map((ns) => ns.toFixed(1).padStart(6))
      .join(' ');
  console.log(`${name.padEnd(30)} write ns ${show(writes)}   read ns ${show(reads)}`);
}
