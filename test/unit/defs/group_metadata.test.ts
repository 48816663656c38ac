import { describe, expect, test } from 'vitest';
import { GroupMetadata } from '../../../src/defs/group_metadata.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('the metadata of a group', () => {
  test('is written as librdkafka does', () => {
    const plain = new GroupMetadata('g', 5, 'm', null).write();
    const named = new GroupMetadata('g', -1, '', 'i').write();

    expect(plain).toEqual(bytes('CGMDv2:\x05\0\0\0g\0m\0\x01'));
    expect(named).toEqual(bytes('CGMDv2:\xff\xff\xff\xffg\0\0\0i\0'));
  });

  test.each<[string, number, string, string | null]>([
    ['g', 5, 'm', null],
    ['a group', -1, '', 'instance'],
    ['', 2 ** 31 - 1, 'member', ''],
  ])('is read as it was written (%j, %j, %j, %j)', (...parts) => {
    const metadata = new GroupMetadata(...parts);

    const read = GroupMetadata.read(metadata.write()) as GroupMetadata;

    expect([read.groupId, read.generation, read.memberId, read.instanceId]).toEqual(parts);
  });

  test.each([
    ['', 'too short'],
    ['CGMDv2:\0\0\0\0\0\0', 'too short'],
    ['CGMDv1:\x05\0\0\0g\0m\0\x01', 'not the metadata'],
    ['CGMDv2:\x05\0\0\0g\x07\0m\0\x01', 'group id'],
    ['CGMDv2:\x05\0\0\0gggggggg', 'group id'],
    ['CGMDv2:\x05\0\0\0g\0mmmmmm', 'member id'],
    ['CGMDv2:\x05\0\0\0g\0m\xff\0\x01', 'member id'],
    ['CGMDv2:\x05\0\0\0g\0m\0', 'wrong length'],
    ['CGMDv2:\x05\0\0\0g\0m\0\x01!', 'wrong length'],
    ['CGMDv2:\x05\0\0\0g\0m\0\0i', 'instance id'],
    ['CGMDv2:\x05\0\0\0g\0m\0\0i\0!', 'wrong length'],
  ])('is not read from %j', (text, problem) => {
    expect(GroupMetadata.read(bytes(text))).toContain(problem);
  });

  test('is read from a part of a larger buffer', () => {
    const large = Buffer.concat([bytes('xx'), new GroupMetadata('g', 1, 'm', null).write(), bytes('xx')]);

    const read = GroupMetadata.read(large.subarray(2, -2)) as GroupMetadata;

    expect(read.groupId).toBe('g');
  });
});
