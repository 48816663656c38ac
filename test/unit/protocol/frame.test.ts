import { describe, expect, test } from 'vitest';
import { decodeRequest, decodeResponse } from '../../../src/protocol/compile.ts';
import { readRequestHeader, readResponseHeader, requestFrame, responseFrame } from '../../../src/protocol/frame.ts';
import { ProtocolError, Reader } from '../../../src/protocol/reader.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a request', () => {
  test('of a classic version has a header without tags', () => {
    const frame = requestFrame('Heartbeat', 0, 7, 'me', { groupId: 'g', generationId: 1, memberId: 'm' });

    expect(hex(frame)).toBe('00000016' + '000c0000' + '00000007' + '00026d65' + '000167' + '00000001' + '00016d');
  });

  test('of a flexible version has a header with tags, and a client id that is not compact', () => {
    const frame = requestFrame('ApiVersions', 3, 1, 'me', { clientSoftwareName: 'x', clientSoftwareVersion: '1' });

    expect(hex(frame)).toBe('00000012' + '00120003' + '00000001' + '00026d65' + '00' + '0278' + '0231' + '00');
  });

  test.each([
    [0, 'client'],
    [4, null],
  ] as const)('is read as it was written, version %d', (version, clientId) => {
    const body = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
    const reader = new Reader(requestFrame('Heartbeat', version, 99, clientId, body), 4);

    expect(readRequestHeader(reader)).toEqual({ apiKey: 12, apiVersion: version, correlationId: 99, clientId });
    expect(decodeRequest('Heartbeat', version, reader)).toEqual(body);
  });

  test('of an API that Kafka does not have is read up to the client id', () => {
    const reader = new Reader(Uint8Array.of(0x03, 0xe8, 0, 1, 0, 0, 0, 5, 0, 1, 0x61, 9));

    expect(readRequestHeader(reader)).toEqual({ apiKey: 1000, apiVersion: 1, correlationId: 5, clientId: 'a' });
    expect(reader.left).toBe(1);
  });

  test('of an API without a schema is read as far as its header goes', () => {
    const reader = new Reader(Uint8Array.of(0, 52, 0, 0, 0, 0, 0, 5, 0xff, 0xff, 0, 9));

    expect(readRequestHeader(reader)).toMatchObject({ apiKey: 52, clientId: null });
    expect(reader.left).toBe(1);
  });

  test('whose header is cut short is an error that names the field', () => {
    const whole = requestFrame('Heartbeat', 4, 1, 'client', {}).subarray(4, 4 + 17);
    const fields = Array.from({ length: 17 }, (_, size) => {
      try {
        readRequestHeader(new Reader(whole, 0, size));
        return 'none';
      } catch (error) {
        return (error as ProtocolError).field;
      }
    });

    expect([...new Set(fields)]).toEqual(['apiKey', 'apiVersion', 'correlationId', 'clientId', '(tags)']);
  });
});

describe('a response', () => {
  test('has tags in its header when the version is flexible', () => {
    expect(hex(responseFrame('Heartbeat', 3, 7, { errorCode: 22 }))).toBe(
      '0000000a' + '00000007' + '00000000' + '0016',
    );
    expect(hex(responseFrame('Heartbeat', 4, 7, { errorCode: 22 }))).toBe(
      '0000000c' + '00000007' + '00' + '00000000' + '001600',
    );
  });

  test('to ApiVersions never has tags in its header', () => {
    const frame = responseFrame('ApiVersions', 3, 7, { errorCode: 35 });

    expect(hex(frame)).toBe('0000000c' + '00000007' + '0023' + '01' + '00000000' + '00');
    const reader = new Reader(frame, 4);
    expect(readResponseHeader('ApiVersions', 3, reader)).toEqual({ correlationId: 7 });
    expect(decodeResponse('ApiVersions', 3, reader).errorCode).toBe(35);
  });

  test('with unknown tags in its header is read past them', () => {
    const reader = new Reader(Uint8Array.of(0, 0, 0, 7, 1, 5, 2, 0xaa, 0xbb, 1));

    expect(readResponseHeader('Heartbeat', 4, reader)).toEqual({ correlationId: 7 });
    expect(reader.left).toBe(1);
  });

  test('without a whole correlation id is an error that names it', () => {
    expect(() => readResponseHeader('Heartbeat', 4, new Reader(new Uint8Array(3)))).toThrow(
      'Heartbeat response header: correlationId: needs 4 bytes, 3 left',
    );
    expect(() => readResponseHeader('Heartbeat', 4, new Reader(new Uint8Array(4)))).toThrow(ProtocolError);
  });
});
