import { expect, test, vi } from 'vitest';
import { isBrokenPipe, SyncOutput } from '../../../src/program/output.ts';

const error = (code: string): Error => Object.assign(new Error(code), { code });

test('all of it is written, in pieces if need be', () => {
  const written: string[] = [];
  const output = new SyncOutput(1, (_fd, bytes, from) => {
    written.push(Buffer.from(bytes.subarray(from, from + 2)).toString());
    return Math.min(2, bytes.length - from);
  });

  output.write('abcde');
  output.write(new Uint8Array([102]));
  output.write('');

  expect(written).toEqual(['ab', 'cd', 'e', 'f']);
});

test('EAGAIN and EINTR are tried again until the reader takes something', () => {
  const answers = ['EAGAIN', 'EINTR', 'EAGAIN', 3];
  const put = vi.fn(() => {
    const answer = answers.shift()!;
    if (typeof answer === 'string') throw error(answer);
    return answer;
  });

  new SyncOutput(2, put).write('abc');

  expect(put.mock.calls.map(([fd, , from]: any) => [fd, from])).toEqual([
    [2, 0],
    [2, 0],
    [2, 0],
    [2, 0],
  ]);
});

test('a reader that takes nothing for 30 s is given up', () => {
  let seconds = 0;
  const put = (): number => {
    throw error('EAGAIN');
  };

  expect(() => new SyncOutput(1, put, () => 1 + 1000 * 10 * seconds++).write('a')).toThrow(
    expect.objectContaining({ code: 'EAGAIN', fd: 1 }),
  );
  expect(seconds).toBe(4);
});

test('what the system refuses is thrown with its code and the descriptor', () => {
  const output = new SyncOutput(1, () => {
    throw error('EPIPE');
  });

  expect(() => output.write('a')).toThrow(expect.objectContaining({ code: 'EPIPE', fd: 1 }));
});

test('only EPIPE of standard output and error is a broken pipe of the program', () => {
  const pipe = error('EPIPE');

  expect(isBrokenPipe(pipe)).toBe(false);
  expect(isBrokenPipe(Object.assign(pipe, { fd: 1 }))).toBe(true);
  expect(isBrokenPipe(Object.assign(error('EAGAIN'), { fd: 1 }))).toBe(false);
  expect(isBrokenPipe(null)).toBe(false);
});

test('neither a number nor an object is text', () => {
  expect(() => new SyncOutput(1).write(1 as any)).toThrow(/stdout.write: text must be a string or a Uint8Array/);
  expect(() => new SyncOutput(2).write(null as any)).toThrow(/stderr.write: text must be/);
});
