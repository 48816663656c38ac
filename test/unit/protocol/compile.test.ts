import { describe, expect, test } from 'vitest';
import { APIS, apiByKey } from '../../../src/protocol/api.ts';
import {
  decodeRequest,
  decodeResponse,
  decodeStruct,
  encodeRequest,
  encodeResponse,
  encodeStruct,
} from '../../../src/protocol/compile.ts';
import { decoderOf } from '../../../src/protocol/decoder.ts';
import { encoderOf } from '../../../src/protocol/encoder.ts';
import { ProtocolError, Reader, ZERO_UUID } from '../../../src/protocol/reader.ts';
import { type Field, f } from '../../../src/protocol/schema.ts';
import { Writer } from '../../../src/protocol/writer.ts';

type Fill = (writer: Writer) => void;

function bytes(fill: Fill): Uint8Array {
  const writer = new Writer();
  fill(writer);
  return writer.bytes();
}

function caught(run: () => unknown): any {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('encoding', () => {
  test('a field left out is sent as its default', () => {
    const sent = bytes((w) => encodeRequest('Metadata', 4, { topics: [] }, w));

    expect(decodeRequest('Metadata', 4, new Reader(sent))).toMatchObject({ topics: [], allowAutoTopicCreation: true });
  });

  test('a value out of range names its field', () => {
    const topics = [{ name: 'a', partitions: [{ partitionIndex: 2 ** 31 }] }];

    const error = caught(() => bytes((w) => encodeRequest('ListOffsets', 1, { topics }, w)));

    expect(error.name).toBe('RangeError');
    expect(error.message).toBe(
      'ListOffsets request v1: topics[0].partitions[0].partitionIndex: 2147483648 does not fit int32',
    );
  });

  test('a value of a wrong type names its field', () => {
    const send = (topics: unknown) => () => bytes((w) => encodeRequest('Metadata', 4, { topics } as never, w));

    expect(caught(send(7)).message).toBe('Metadata request v4: topics: is no array');
    expect(caught(send([7])).message).toBe('Metadata request v4: topics[0]: is no object');
    expect(caught(send([{ name: 7 }])).message).toBe('Metadata request v4: topics[0].name: 7 does not fit string');
  });

  test('null is refused in a version that does not know it', () => {
    const send = (version: number) => bytes((w) => encodeRequest('Metadata', version, { topics: null }, w));

    expect(send(1)).toHaveLength(4);
    expect(() => send(0)).toThrow('Metadata request v0: topics: may not be null in version 0');
  });

  test('an ignorable field is dropped in a version that lacks it', () => {
    const sent = bytes((w) => encodeRequest('JoinGroup', 0, { groupId: 'g', rebalanceTimeoutMs: 5 }, w));

    expect(decodeRequest('JoinGroup', 0, new Reader(sent)).rebalanceTimeoutMs).toBe(-1);
  });

  test('a field that may not be ignored is refused in a version that lacks it', () => {
    const send = (isolationLevel: number) => bytes((w) => encodeRequest('ListOffsets', 1, { isolationLevel }, w));

    expect(() => send(0)).not.toThrow();
    expect(() => send(1)).toThrow('ListOffsets request v1: isolationLevel: is set, and version 1 cannot carry it');
  });

  test('an unknown version is a RangeError', () => {
    expect(() => bytes((w) => encodeRequest('Heartbeat', 5, {}, w))).toThrow('Heartbeat request has no version 5');
    expect(() => bytes((w) => encodeRequest('Vote', 0, {}, w))).toThrow('Vote has no version 0');
  });

  test('tagged fields are sent only when they say something', () => {
    const body = { responses: [{ topicId: ZERO_UUID, partitions: [{ records: null }] }] };

    const silent = bytes((w) => encodeResponse('Fetch', 13, body, w));
    const set = {
      ...body,
      responses: [{ partitions: [{ records: null, currentLeader: { leaderId: 3, leaderEpoch: 9 } }] }],
    };
    const said = bytes((w) => encodeResponse('Fetch', 13, set, w));

    expect(said.length - silent.length).toBe(1 + 1 + 4 + 4 + 1);
    const [topic] = decodeResponse('Fetch', 13, new Reader(said)).responses;
    expect(topic!.partitions[0]!.currentLeader).toEqual({ leaderId: 3, leaderEpoch: 9 });
  });
});

describe('decoding', () => {
  test('fields that the version lacks have their default, and none of them is shared', () => {
    const sent = bytes((w) => encodeResponse('Metadata', 0, { topics: [{ name: 'a', partitions: [{}] }] }, w));

    const [one, two] = [0, 0].map(() => decodeResponse('Metadata', 0, new Reader(sent)));

    expect(one).toMatchObject({
      controllerId: -1,
      clusterId: null,
      throttleTimeMs: 0,
      topics: [{ topicId: ZERO_UUID }],
    });
    const partition = one!.topics[0]!.partitions[0]!;
    expect(partition.offlineReplicas).toEqual([]);
    expect(partition.offlineReplicas).not.toBe(two!.topics[0]!.partitions[0]!.offlineReplicas);
  });

  test('an error names message, version and path', () => {
    const topics = [{ name: 'aa' }, { name: 'bb' }, { name: 'cc' }];
    const sent = bytes((w) => encodeResponse('Metadata', 8, { topics }, w));
    const at = Buffer.from(sent).indexOf('cc') - 2;
    sent.set([0x7f, 0xff], at);

    const error = caught(() => decodeResponse('Metadata', 8, new Reader(sent)));

    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.field).toBe('topics[2].name');
    expect(error.message).toBe(
      `Metadata response v8: topics[2].name: length 32767 exceeds the ${sent.length - at - 2} bytes left`,
    );
  });

  test('bytes after the end are an error, unless one looks away', () => {
    const sent = Uint8Array.from([...bytes((w) => encodeResponse('Heartbeat', 1, {}, w)), 1, 2, 3]);

    expect(caught(() => decodeResponse('Heartbeat', 1, new Reader(sent))).message).toBe(
      'Heartbeat response v1: (end): 3 bytes too many',
    );
    expect(decodeResponse('Heartbeat', 1, new Reader(sent), 'ignore')).toEqual({ throttleTimeMs: 0, errorCode: 0 });
  });

  test('a version that the schema lacks is a ProtocolError', () => {
    expect(() => decodeRequest('Heartbeat', 99, new Reader(new Uint8Array(99)))).toThrow(ProtocolError);
  });

  test('a null where the version knows none is an error', () => {
    const error = caught(() => decodeRequest('Metadata', 0, new Reader(Uint8Array.of(255, 255, 255, 255))));

    expect(error.message).toBe('Metadata request v0: topics: null where an array is required');
  });

  test('a huge count is refused before anything is made for it', () => {
    const error = caught(() => decodeRequest('Metadata', 1, new Reader(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 0))));

    expect(error.message).toBe(
      'Metadata request v1: topics: 2147483647 elements of at least 2 bytes exceed the 2 bytes left',
    );
  });

  test('records are a view of the frame', () => {
    const records = Uint8Array.of(1, 2, 3);
    const sent = bytes((w) =>
      encodeRequest('Produce', 3, { topicData: [{ name: 'a', partitionData: [{ records }] }] }, w),
    );

    const decoded = decodeRequest('Produce', 3, new Reader(sent)).topicData[0]!.partitionData[0]!.records!;

    expect([...decoded]).toEqual([1, 2, 3]);
    expect(decoded.buffer).toBe(sent.buffer);
  });
});

describe('tagged fields', () => {
  /** Heartbeat response v4: throttle time, error code, tags. */
  const heartbeat = (...tags: number[]) =>
    decodeResponse('Heartbeat', 4, new Reader(Uint8Array.of(0, 0, 0, 0, 0, 0, ...tags)));
  /** ApiVersions response v3 without keys; tag 1 is the int64 finalizedFeaturesEpoch. */
  const apiVersions = (...tags: number[]) =>
    decodeResponse('ApiVersions', 3, new Reader(Uint8Array.of(0, 0, 1, 0, 0, 0, 0, ...tags)));

  test('unknown ones are passed over', () => {
    expect(heartbeat(2, 9, 2, 0xaa, 0xbb, 0x80, 0x01, 0)).toEqual({ throttleTimeMs: 0, errorCode: 0 });
  });

  test('known ones are read, the others have their default', () => {
    expect(apiVersions(1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 5)).toMatchObject({
      finalizedFeaturesEpoch: 5,
      supportedFeatures: [],
    });
  });

  test('one that ends before or after its size is an error that names it', () => {
    expect(caught(() => apiVersions(1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 5, 0)).message).toBe(
      'ApiVersions response v3: finalizedFeaturesEpoch: ends 1 bytes before its size of 9',
    );
    expect(caught(() => apiVersions(1, 1, 7, 0, 0, 0, 0, 0, 0, 0, 5)).field).toBe('finalizedFeaturesEpoch');
  });

  test('a count or a size beyond the end is an error', () => {
    expect(caught(() => heartbeat(0xff, 0xff, 0xff, 0xff, 0x0f)).message).toBe(
      'Heartbeat response v4: (tags): 4294967295 tagged fields exceed the 0 bytes left',
    );
    expect(caught(() => heartbeat(1, 9, 0xff, 0x7f, 0)).message).toContain('(tags): needs 16383 bytes, 1 left');
  });
});

describe('what no message of today uses', () => {
  const inner = [f('a', 'int32', '0+', { default: -1 }), f('s', 'string', '0+')];
  const fields: Field[] = [
    f('point', 'Point', '0+', { nullable: '1+', default: null }, inner),
    f('real', 'float64', '0+'),
    f('small', 'uint16', '0+', { default: 5 }),
    f('large', 'uint32', '0+'),
    f('blob', 'bytes', '1+', { tag: 0 }),
    f('name', 'string', '1+', { tag: 1, nullable: '1+' }),
  ];
  const again = (version: number, value: unknown): unknown => {
    const sent = bytes((w) => encoderOf(fields, version, version > 0)(w, value));
    return decoderOf(fields, version, version > 0).decode(new Reader(sent));
  };

  test('nullable structs, floats and unsigned integers travel', () => {
    const full = {
      point: { a: 3, s: 'x' },
      real: 0.5,
      small: 65535,
      large: 4294967295,
      blob: Uint8Array.of(1),
      name: 'n',
    };

    expect(again(1, full)).toEqual(full);
    expect(again(1, { ...full, point: null, name: null })).toEqual({ ...full, point: null, name: null });
  });

  test('a default is what was left out', () => {
    expect(again(1, {})).toEqual({ point: null, real: 0, small: 5, large: 0, blob: new Uint8Array(0), name: '' });
  });

  test('a null struct is refused where the version knows none', () => {
    expect(() => again(0, { point: null })).toThrow('point: may not be null in version 0');
  });
});

describe('structs inside bytes', () => {
  test('a subscription travels in every version', () => {
    const subscription = {
      topics: ['a', 'b'],
      userData: null,
      ownedPartitions: [{ topic: 'a', partitions: [0, 1] }],
      generationId: 3,
      rackId: 'r',
    };
    for (const version of [0, 1, 2, 3]) {
      const sent = bytes((w) => encodeStruct('ConsumerProtocolSubscription', version, subscription, w));

      const back = decodeStruct('ConsumerProtocolSubscription', version, new Reader(sent));

      expect(back.topics).toEqual(['a', 'b']);
      expect(back.ownedPartitions).toEqual(version >= 1 ? subscription.ownedPartitions : []);
      expect(back.generationId).toBe(version >= 2 ? 3 : -1);
      expect(back.rackId).toBe(version >= 3 ? 'r' : null);
    }
  });
});

describe('the table of APIs', () => {
  test('every API of Kafka is found by its key, and no other', () => {
    for (const api of Object.values(APIS)) expect(apiByKey(api.key)).toBe(api);
    expect(Object.keys(APIS)).toHaveLength(93);
    for (const key of [-1, 93, 1000, Number.NaN]) expect(apiByKey(key)).toBeUndefined();
  });

  test('an API without a schema is spoken in no version', () => {
    expect(APIS.Vote).toMatchObject({ key: 52, name: 'Vote', max: -1 });
  });

  test('a version that Kafka 4.1 calls unstable is described and not spoken', () => {
    expect(APIS.OffsetCommit).toMatchObject({ max: 9, latest: 10 });
  });

  test('no element of any array can be without bytes, so that a count is always bounded by the frame', () => {
    const arrays = (fields: readonly Field[]): Field[] =>
      fields.flatMap((one) => [...(one.array && one.fields ? [one] : []), ...(one.fields ? arrays(one.fields) : [])]);
    for (const { request, response, min, latest, flexible } of Object.values(APIS)) {
      for (let version = min; version <= latest; version++) {
        for (const array of [...arrays(request.fields), ...arrays(response.fields)]) {
          if (version < array.versions.from || version > array.versions.to) continue;
          expect(decoderOf(array.fields!, version, version >= flexible).minSize).toBeGreaterThan(0);
        }
      }
    }
  });
});
