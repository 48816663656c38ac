// zstd by WebAssembly, for Nodes without their own: what zstd_wasm.generated.ts holds, unpacked at the first use.
// @thread broker|main|mock
import { brotliDecompressSync } from 'node:zlib';
import { type Codec, joined } from './codec.ts';
import { readFrames, zstdLevel } from './zstd_frame.ts';
import { ZSTD_EXPORTS, ZSTD_IMPORTS, zstdWasmText } from './zstd_wasm.generated.ts';

/** The little of WebAssembly that is used here: its types come with the browser's library only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};
type WasmModule = object;
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** WebAssembly memory never shrinks: an instance that grew beyond this is not kept. */
const MOST_KEPT = 32 << 20;
const PAGE = 0x10000;
const ERRORS: Readonly<Record<number, string>> = {
  16: 'window too large',
  20: 'corrupt',
  22: 'wrong checksum',
  24: 'corrupt literals',
  30: 'corrupt dictionary',
  32: 'another dictionary',
  64: 'out of memory',
  70: 'beyond the limit or the content size',
  72: 'truncated',
};

/** The functions of zstd that are called here; sizes and addresses in bytes. */
interface Zstd {
  readonly memory: WasmMemory;
  readonly malloc: (size: number) => number;
  readonly free: (address: number) => void;
  readonly ZSTD_isError: (result: number) => number;
  readonly ZSTD_compressBound: (size: number) => number;
  readonly ZSTD_compress: (to: number, room: number, from: number, size: number, level: number) => number;
  readonly ZSTD_decompress: (to: number, room: number, from: number, size: number) => number;
}

export interface ZstdWasm extends Codec {
  /** Bytes of WebAssembly memory that are kept for the next call. */
  heap(): number;
}

/** A codec with an instance of its own, made at the first call and kept as long as it is small. */
export function zstdWasm(): ZstdWasm {
  let module: WasmModule | null = null;
  let kept: Zstd | null = null;
  // An instance is put back only by a call that ended well: after a trap nobody knows its heap.
  const run = (pieces: readonly Uint8Array[], room: (zstd: Zstd, size: number) => number, work: Work): Uint8Array => {
    module ??= new WebAssembly.Module(brotliDecompressSync(Buffer.from(zstdWasmText(), 'base64')));
    const zstd = kept ?? instantiate(module);
    kept = null;
    const result = withMemory(zstd, joined(pieces), room, work);
    if (zstd.memory.buffer.byteLength <= MOST_KEPT) kept = zstd;
    if (typeof result === 'string') throw new Error(result);
    return result;
  };
  return {
    name: 'zstd',
    heap: () => kept?.memory.buffer.byteLength ?? 0,
    compress: (pieces, level) =>
      run(
        pieces,
        (zstd, size) => zstd.ZSTD_compressBound(size),
        (zstd, to, room, from, size) => zstd.ZSTD_compress(to, room, from, size, zstdLevel(level)),
      ),
    decompress(bytes, limit) {
      const { room } = readFrames(bytes, limit);
      return run(
        [bytes],
        () => Math.min(room, limit),
        (zstd, to, most, from, size) => zstd.ZSTD_decompress(to, most, from, size),
      );
    },
  };
}

type Work = (zstd: Zstd, to: number, room: number, from: number, size: number) => number;

/** The result in memory of its own, or what zstd says is wrong. */
function withMemory(
  zstd: Zstd,
  bytes: Uint8Array,
  roomFor: (zstd: Zstd, size: number) => number,
  work: Work,
): Uint8Array | string {
  const room = roomFor(zstd, bytes.length);
  const from = allocate(zstd, bytes.length);
  const to = allocate(zstd, room);
  new Uint8Array(zstd.memory.buffer, from, bytes.length).set(bytes);
  const result = work(zstd, to, room, from, bytes.length);
  let out: Uint8Array | string;
  if (zstd.ZSTD_isError(result) !== 0) out = ERRORS[-result] ?? `error ${-result}`;
  else {
    out = Buffer.allocUnsafeSlow(result);
    out.set(new Uint8Array(zstd.memory.buffer, to, result));
  }
  zstd.free(to);
  zstd.free(from);
  return out;
}

function allocate(zstd: Zstd, size: number): number {
  // Addresses are numbers with a sign, unless brought back.
  const address = zstd.malloc(Math.max(size, 1)) >>> 0;
  if (address === 0) throw new Error('out of memory');
  return address;
}

function instantiate(module: WasmModule): Zstd {
  const stop = (): never => {
    throw new Error('zstd gave up');
  };
  const functions: Record<string, (...args: number[]) => number> = {
    emscripten_resize_heap: (size = 0) => {
      const { memory } = found as unknown as Zstd;
      try {
        memory.grow(Math.ceil(((size >>> 0) - memory.buffer.byteLength) / PAGE));
        return 1;
      } catch {
        return 0;
      }
    },
  };
  const imports: Record<string, Record<string, () => never>> = {};
  for (const [name, [space, field]] of Object.entries(ZSTD_IMPORTS)) {
    const those = (imports[space] ??= {});
    those[field] = (functions[name] as (() => never) | undefined) ?? stop;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const found: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(ZSTD_EXPORTS)) found[name] = exports[field];
  (found['__wasm_call_ctors'] as () => void)();
  return found as unknown as Zstd;
}
