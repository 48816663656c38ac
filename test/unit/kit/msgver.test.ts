import { expect, test } from 'vitest';
import { MsgVer, newTestId, payloadOf, readPayload } from '../../kit/msgver.ts';

const ID = newTestId();

/** A message of partition 0 by its sequence and offset. */
function message(seq: number, offset: number, sentTo = 0, from = 0) {
  return { topic: 't', partition: from, offset, payload: Buffer.from(payloadOf(ID, sentTo, seq, 60)) };
}

function verOf(...messages: ReturnType<typeof message>[]): MsgVer {
  const ver = new MsgVer(ID).expect(0, 0, messages.length);
  for (const each of messages) ver.add(each);
  return ver;
}

test('a payload says what it is, whatever its size', () => {
  expect(readPayload(Buffer.from(payloadOf(ID, -1, 7, 200)))).toEqual({ id: ID, partition: -1, seq: 7 });
});

test('what is not one of ours proves nothing', () => {
  expect([readPayload(null), readPayload(Buffer.from('hello'))]).toEqual([null, null]);
});

test('all messages in order are no problem', () => {
  expect(verOf(message(0, 10), message(1, 11), message(2, 15)).problems()).toEqual([]);
});

test('a message that comes twice is named with both addresses', () => {
  const problems = verOf(message(0, 0), message(1, 1), message(1, 1)).problems().join('\n');

  expect(problems).toContain('message 0/1 twice: t [0] @1 and t [0] @1');
});

test('a message that comes twice may do so where duplicates are allowed', () => {
  const ver = new MsgVer(ID).expect(0, 0, 2);
  for (const [seq, offset] of [
    [0, 0],
    [1, 1],
    [0, 0],
  ] as const)
    ver.add(message(seq, offset));

  expect(ver.problems({ duplicates: true })).toEqual([]);
});

test('a message that overtook another is named', () => {
  expect(verOf(message(1, 0), message(0, 1)).problems()).toEqual(['message 0/0 after 0/1 in t [0]']);
});

test('an offset that goes back is named', () => {
  expect(verOf(message(0, 5), message(1, 4)).problems()).toEqual(['t [0] @4 after offset 5']);
});

test('a message that is missing is named', () => {
  const ver = new MsgVer(ID).expect(0, 0, 2);
  ver.add(message(1, 0));

  expect(ver.problems()).toEqual(['message 0/0 missing']);
});

test('a message beyond what was sent is named', () => {
  const ver = new MsgVer(ID).expect(0, 0, 1);
  ver.add(message(0, 0));
  ver.add(message(1, 1));

  expect(ver.problems()).toEqual(['message 0/1 out of range: t [0] @1']);
});

test('a message that arrives from another partition than it was sent to is named', () => {
  const ver = new MsgVer(ID).expect(1, 0, 1);
  ver.add(message(0, 3, 1, 0));

  expect(ver.problems()).toEqual(['message 1/0 arrived from t [0] @3']);
});

test('a message of another test is a stranger', () => {
  const ver = new MsgVer(newTestId());

  expect(ver.add(message(0, 8))).toBe(false);
  expect(ver.problems()).toEqual(['not of this test: t [0] @8']);
});

test('an error lists what is wrong and how much more there is', () => {
  const ver = new MsgVer(ID).expect(0, 0, 20);

  expect(() => ver.verify('all')).toThrow(/^all: 0 messages of .*\n {2}message 0\/0 missing\n[\s\S]*and 8 more$/);
});
