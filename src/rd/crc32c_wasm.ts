// CRC-32C in WebAssembly, two to three times the speed of JavaScript's table look-ups on what is longer than some
// hundred bytes. The module is put together here, instruction by instruction. @thread any
//
// A CRC is linear over GF(2), so a long input may be replaced by a short one with the same remainder. 128 bytes are kept
// as eight vectors of 16. One step takes them 128 bytes further: each vector pair of bytes goes through look-ups of its
// nibbles (swizzles, 16 lanes at once), and the next 128 bytes are added. Four bytes that lie 32 apart form a lane, since
// such sets of bytes span all 32 bits of a remainder (neighbours 16 apart do not); what a step does to a lane is one
// 32 x 32 matrix, the same for all lanes. What is left after the last step is written over the last 128 bytes, and the
// ordinary look-ups, 16 bytes at a time, go over that and the rest.
//
// The even and the odd vectors go one after the other: with all eight in one loop V8 runs out of registers.

const POLYNOMIAL = 0x82f63b78;
/** Bytes that a step replaces, and how far apart the bytes of a lane are. */
const STEP = 128;
const STRIDE = 32;
const LANE = STEP / STRIDE;
/** Input of less than this is left to the ordinary look-ups. */
const LEAST_STEPS = 2 * STEP;

/** Where things lie in the module's memory. */
const BYTE_TABLES = 0;
const NIBBLE_TABLES = 16 * 1024;
const INPUT = 20 * 1024;
const PAGES = 2;
/** Input comes in by so many bytes, so that it stays in the processor's cache; eight more for its alignment. */
const PIECE = 32 * 1024;

type Code = readonly number[];
type Crc = (crc: number, from: number, to: number) => number;

/** The little of WebAssembly that is used here: its types come with the browser's library only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

// ---- the instructions used

const XOR = 0x73;
const AND = 0x71;
const SHL = 0x74;
const SHR_U = 0x76;
const ADD = 0x6a;
const SUB = 0x6b;
const LT_U = 0x49;
const GE_U = 0x4f;
const END = 0x0b;
const I32 = 0x7f;
const V128 = 0x7b;
const V_SWIZZLE: Code = [0xfd, 0x0e];
const V_SPLAT_8: Code = [0xfd, 0x0f];
const V_AND: Code = [0xfd, 0x4e];
const V_XOR: Code = [0xfd, 0x51];
const V_SHR_8: Code = [0xfd, 0x6d];

function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** i32.const of a number that is not negative. */
function number(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x3f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [0x41, ...bytes, rest];
}

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const load = (offset: number): Code => [0x28, 0, ...unsigned(offset)];
const loadByte = (offset: number): Code => [0x2d, 0, ...unsigned(offset)];
const store = (offset: number): Code => [0x36, 0, ...unsigned(offset)];
const loadVector = (offset: number): Code => [0xfd, 0x00, 0, ...unsigned(offset)];
const storeVector = (offset: number): Code => [0xfd, 0x0b, 0, ...unsigned(offset)];
/** Left by `br_if 0`. */
const block = (...code: Code[]): Code => [0x02, 0x40, ...code.flat(), END];
/** Goes on while the code leaves something other than 0. */
const repeat = (...code: Code[]): Code => [0x03, 0x40, ...code.flat(), 0x0d, 0, END];
const leaveIf: Code = [0x0d, 0];

// ---- crc(crc, from, to): the register after bytes[from, to), which are overwritten

const CRC = 0;
const FROM = 1;
const TO = 2;
const WORD = 3;
const LOW_NIBBLES = 4;
const NIBBLES = 5;
const state = (i: number): number => 6 + i;
const next = (i: number): number => 6 + LANE + i;
const left: Code = [...get(TO), ...get(FROM), SUB];

/** Of one byte of WORD, or of CRC, as the offset of its entry in a table of words. */
function entry(local: number, byte: number): Code {
  const shift = byte === 0 ? [...number(2), SHL] : [...number(8 * byte - 2), SHR_U];
  return [...get(local), ...shift, ...number(0x3fc), AND];
}

/** Four look-ups for WORD, whose first byte has `behind` bytes behind it. */
function lookups(behind: number): Code {
  return [0, 1, 2, 3].flatMap((byte) => [
    ...entry(WORD, byte),
    ...load(BYTE_TABLES + 1024 * (behind - byte)),
    ...(byte === 0 ? [] : [XOR]),
  ]);
}

const sixteenBytes = (): Code => [
  ...get(FROM),
  ...load(0),
  ...get(CRC),
  XOR,
  ...set(WORD),
  ...lookups(15),
  ...[4, 8, 12].flatMap((at) => [...get(FROM), ...load(at), ...set(WORD), ...lookups(15 - at), XOR]),
  ...set(CRC),
  ...get(FROM),
  ...number(16),
  ADD,
  ...set(FROM),
];

const oneByte = (): Code => [
  ...get(FROM),
  ...loadByte(0),
  ...get(CRC),
  XOR,
  ...set(WORD),
  ...entry(WORD, 0),
  ...load(BYTE_TABLES),
  ...get(CRC),
  ...number(8),
  SHR_U,
  XOR,
  ...set(CRC),
  ...get(FROM),
  ...number(1),
  ADD,
  ...set(FROM),
];

const ALL = [0, 1, 2, 3];

/** The vectors at `first`, `first` + STRIDE, ... of each 128 bytes, from WORD on; WORD is then at the last of them. */
function steps(first: number): Code {
  const place = (k: number): number => first + STRIDE * k;
  const table = (k: number, half: number, m: number): number => NIBBLE_TABLES + 16 * ((2 * k + half) * LANE + m);
  const nibbles = (half: number): Code => (half === 0 ? [...get(LOW_NIBBLES), ...V_AND] : [...number(4), ...V_SHR_8]);
  return [
    ...get(FROM),
    ...set(WORD),
    ...ALL.flatMap((k) => [...get(WORD), ...loadVector(place(k)), ...set(state(k))]),
    ...repeat(
      [...get(WORD), ...number(STEP), ADD, ...set(WORD)],
      ALL.flatMap((k) => [...get(WORD), ...loadVector(place(k)), ...set(next(k))]),
      ALL.flatMap((k) =>
        [0, 1].flatMap((half) => [
          ...get(state(k)),
          ...nibbles(half),
          ...set(NIBBLES),
          ...ALL.flatMap((m) => [
            ...get(next(m)),
            ...number(0),
            ...loadVector(table(k, half, m)),
            ...get(NIBBLES),
            ...V_SWIZZLE,
            ...V_XOR,
            ...set(next(m)),
          ]),
        ]),
      ),
      ALL.flatMap((k) => [...get(next(k)), ...set(state(k))]),
      [...get(TO), ...get(WORD), SUB, ...number(LEAST_STEPS), GE_U],
    ),
    ...ALL.flatMap((k) => [...get(WORD), ...get(state(k)), ...storeVector(place(k))]),
  ];
}

const body = (): Code => [
  ...block(
    [...left, ...number(LEAST_STEPS), LT_U, ...leaveIf],
    [...number(15), ...V_SPLAT_8, ...set(LOW_NIBBLES)],
    // The register goes into the first four bytes; what follows begins with 0.
    [...get(FROM), ...get(FROM), ...load(0), ...get(CRC), XOR, ...store(0), ...number(0), ...set(CRC)],
    steps(0),
    steps(16),
    [...get(WORD), ...set(FROM)],
  ),
  ...block([...left, ...number(16), LT_U, ...leaveIf], repeat(sixteenBytes(), [...left, ...number(16), GE_U])),
  ...block([...get(FROM), ...get(TO), GE_U, ...leaveIf], repeat(oneByte(), [...get(FROM), ...get(TO), LT_U])),
  ...get(CRC),
  END,
];

function moduleBytes(): Uint8Array {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const locals: Code = [2, 1, I32, 2 + 2 * LANE, V128];
  const code = [...locals, ...body()];
  const name = (text: string): Code => [text.length, ...Buffer.from(text)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I32, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, PAGES]),
    ...section(7, [2, ...name('crc'), 0, 0, ...name('memory'), 2, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

// ---- the tables

/** tables[k][b]: the register after byte b, from 0, and k bytes of 0. */
function fillByteTables(words: Uint32Array): void {
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0);
    words[byte] = crc;
  }
  for (let at = 256; at < 16 * 256; at++) words[at] = afterZeros(words, words[at - 256]!, 1);
}

function afterZeros(words: Uint32Array, crc: number, zeros: number): number {
  let register = crc;
  for (let i = 0; i < zeros; i++) register = words[register & 0xff]! ^ (register >>> 8);
  return register >>> 0;
}

/** What a step makes of each bit of a lane: column i is the lane for bit i. */
function stepMatrix(words: Uint32Array): number[] {
  // Bit i of a lane counts as much as this register at the end of the lane's 128 bytes.
  const worth = Array.from({ length: 32 }, (_, i) =>
    afterZeros(words, words[1 << (i & 7)]!, STRIDE * (LANE - 1 - (i >> 3))),
  );
  // By the highest bit: a register, and the bits of a lane that give it.
  const found: { readonly register: number; readonly lane: number }[] = [];
  const solve = (register: number, lane: number): { register: number; lane: number } => {
    for (let bit = 31; bit >= 0; bit--) {
      if (((register >>> bit) & 1) === 0) continue;
      const known = found[bit];
      if (known === undefined) return { register, lane };
      register = (register ^ known.register) >>> 0;
      lane = (lane ^ known.lane) >>> 0;
    }
    return { register, lane };
  };
  for (const [i, register] of worth.entries()) {
    const row = solve(register, (1 << i) >>> 0);
    found[31 - Math.clz32(row.register)] = row;
  }
  return worth.map((register) => solve(afterZeros(words, register, STEP), 0).lane);
}

/** For each byte k of a lane, each of its nibbles and each byte m of the result: 16 entries. */
function fillNibbleTables(bytes: Uint8Array, matrix: readonly number[]): void {
  for (let at = 0; at < bytes.length; at++) {
    const value = at & 15;
    const m = (at >> 4) & 3;
    const nibble = at >> 6;
    let lane = 0;
    for (let bit = 0; bit < 4; bit++) if (((value >> bit) & 1) === 1) lane ^= matrix[4 * nibble + bit]!;
    bytes[at] = lane >>> (8 * m);
  }
}

// ---- what is used of it

export class Crc32cWasm {
  private readonly memory: Uint8Array;
  private readonly crc: Crc;

  constructor(crc: Crc, memory: Uint8Array) {
    this.crc = crc;
    this.memory = memory;
  }

  /** The checksum as rd/crc32c has it. */
  sum(bytes: Uint8Array, seed: number): number {
    let register = ~seed;
    for (let from = 0; from < bytes.length; from += PIECE) {
      const piece = bytes.subarray(from, from + PIECE);
      // Of the same alignment: `set` from shared memory goes byte by byte otherwise.
      const at = INPUT + (piece.byteOffset & 7);
      this.memory.set(piece, at);
      register = this.crc(register, at, at + piece.length);
    }
    return ~register >>> 0;
  }
}

/** Takes some milliseconds; null where WebAssembly has no vectors, or is forbidden. */
export function makeCrc32cWasm(): Crc32cWasm | null {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
    const memory = exports['memory'] as { readonly buffer: ArrayBuffer };
    const words = new Uint32Array(memory.buffer, BYTE_TABLES, 16 * 256);
    fillByteTables(words);
    fillNibbleTables(new Uint8Array(memory.buffer, NIBBLE_TABLES, 2 * LANE * LANE * 16), stepMatrix(words));
    return new Crc32cWasm(exports['crc'] as Crc, new Uint8Array(memory.buffer));
  } catch {
    return null;
  }
}
