import { describe, expect, test } from 'vitest';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../src/main/group/protocol.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const subscription = { topics: ['t'], owned: [], generation: -1, rack: null, userData: null };

describe('a subscription', () => {
  test('is version 3, with user data that is empty and not null', () => {
    const bytes = encodeSubscription(subscription);

    expect(hex(bytes)).toBe('0003' + '00000001' + '000174' + '00000000' + '00000000' + 'ffffffff' + 'ffff');
  });

  test('comes back as it went', () => {
    const owned = [{ topic: 't', partition: 2, offset: -1001 }];

    const back = decodeSubscription('m', 'i', encodeSubscription({ ...subscription, owned, rack: 'r', generation: 7 }));

    expect(back).toMatchObject({ memberId: 'm', instanceId: 'i', topics: ['t'], rack: 'r', generation: 7 });
    expect(back.owned).toEqual([{ topic: 't', partitions: [2] }]);
  });

  test('of version 0 is read', () => {
    const bytes = Buffer.from('0000' + '00000001' + '000174' + 'ffffffff', 'hex');

    expect(decodeSubscription('m', null, bytes)).toMatchObject({ topics: ['t'], owned: [], userData: null });
  });

  test('of a later version is read as far as we know it', () => {
    const bytes = encodeSubscription(subscription);
    const later = Buffer.concat([Buffer.from('0009', 'hex'), bytes.subarray(2), Buffer.from('abcdef', 'hex')]);

    expect(decodeSubscription('m', null, later).topics).toEqual(['t']);
  });

  test('that is cut short gives an error that names the field', () => {
    const bytes = encodeSubscription(subscription).subarray(0, 8);

    expect(() => decodeSubscription('m', null, bytes)).toThrow(/topics/);
  });
});

describe('an assignment', () => {
  test('is version 0', () => {
    const bytes = encodeAssignment([{ topic: 't', partitions: [0, 5] }]);

    expect(hex(bytes)).toBe('0000' + '00000001' + '000174' + '00000002' + '00000000' + '00000005' + '00000000');
  });

  test('of no bytes is empty', () => {
    expect(decodeAssignment(new Uint8Array(0))).toEqual([]);
  });

  test('gives each partition once, without an offset', () => {
    const bytes = encodeAssignment([{ topic: 't', partitions: [1, 1] }]);

    expect(decodeAssignment(bytes)).toEqual([{ topic: 't', partition: 1, offset: -1001 }]);
  });

  test('with a negative partition is refused', () => {
    const bytes = encodeAssignment([{ topic: 't', partitions: [-1] }]);

    expect(() => decodeAssignment(bytes)).toThrow(/partitions/);
  });
});
