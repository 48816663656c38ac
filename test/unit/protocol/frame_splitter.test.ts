import { describe, expect, test } from 'vitest';
import { FrameSplitter } from '../../../src/protocol/frame_splitter.ts';
import { ProtocolError } from '../../../src/protocol/reader.ts';
import { SeededRandom } from '../../kit/random_message.ts';

const MAX = 100 << 20;

function framed(...frames: Uint8Array[]): Uint8Array {
  const parts = frames.map((frame) => {
    const part = Buffer.alloc(4 + frame.length);
    part.writeInt32BE(frame.length);
    part.set(frame, 4);
    return part;
  });
  return new Uint8Array(Buffer.concat(parts));
}

function size(bytes: number): Uint8Array {
  const out = Buffer.alloc(4);
  out.writeInt32BE(bytes);
  return out;
}

/** A splitter with what it gave and what it allocated. */
function splitter(maxBytes = MAX) {
  const [frames, sizes]: [Uint8Array[], number[]] = [[], []];
  const own = new FrameSplitter(maxBytes, (bytes) => {
    sizes.push(bytes);
    return new Uint8Array(bytes);
  });
  return { own, frames, sizes, push: (chunk: Uint8Array) => own.push(chunk, (frame) => frames.push(frame)) };
}

describe('frames', () => {
  const random = new SeededRandom(1);
  const sent = [0, 1, 3, 4, 5, 100, 0, 0, 7000].map((length) => random.bytes(length));

  test.each([1, 2, 3, 4, 5, 7, 64, 10_000])('come whole and in order in chunks of %d bytes', (step) => {
    const { push, frames, own } = splitter();
    const stream = framed(...sent);

    for (let at = 0; at < stream.length; at += step) push(stream.subarray(at, at + step));

    expect(frames.map((frame) => Buffer.from(frame).toString('hex'))).toEqual(
      sent.map((frame) => Buffer.from(frame).toString('hex')),
    );
    expect(own.pending).toBe(0);
  });

  test('have memory of their own', () => {
    const { push, frames } = splitter();
    const stream = framed(Uint8Array.of(1, 2), Uint8Array.of(3));

    push(stream);
    stream.fill(0);

    expect(frames.map((frame) => [...frame])).toEqual([[1, 2], [3]]);
    expect(frames[0]!.buffer.byteLength).toBe(2);
  });

  test('up to 1 MiB take memory once', () => {
    const { push, sizes } = splitter();

    const stream = framed(new Uint8Array(1 << 20));
    for (let at = 0; at < stream.length; at += 65_536) push(stream.subarray(at, at + 65_536));

    expect(sizes).toEqual([1 << 20]);
  });

  test('of 50 MB come whole, and memory never runs ahead of what has come by more than 8 times', () => {
    const { push, frames, sizes, own } = splitter();
    const body = new SeededRandom(2).bytes(4096);
    push(size(50_000_000));

    for (let sentBytes = 0; sentBytes < 50_000_000; sentBytes += 65_536) {
      const chunk = new Uint8Array(Math.min(65_536, 50_000_000 - sentBytes));
      for (let at = 0; at < chunk.length; at += body.length) chunk.set(body.subarray(0, chunk.length - at), at);
      push(chunk);
      expect(sizes.at(-1)).toBeLessThanOrEqual(Math.max(1 << 20, 8 * (sentBytes + chunk.length)));
    }

    expect(frames).toHaveLength(1);
    expect(frames[0]!.length).toBe(50_000_000);
    const wrong = frames[0]!.findIndex((byte, at) => byte !== body[(at % 65_536) % 4096]);
    expect(wrong).toBe(-1);
    expect(own.pending).toBe(0);
  });
});

describe('sizes', () => {
  test('below 0 or above the limit are errors', () => {
    expect(() => splitter().push(size(-1))).toThrow('frame: size: -1 bytes');
    expect(() => splitter(1000).push(size(1001))).toThrow(ProtocolError);
    expect(() => splitter(1000).push(size(1000))).not.toThrow();
  });

  test('that promise a lot take 1 MiB at first', () => {
    const { push, sizes } = splitter();

    push(size(99 << 20));

    expect(sizes).toEqual([1 << 20]);
  });
});

test('what waits for its rest is counted', () => {
  const { push, own } = splitter();

  push(Uint8Array.of(0, 0));
  expect(own.pending).toBe(2);
  push(Uint8Array.of(0, 9, 1, 2, 3));
  expect(own.pending).toBe(7);
});
