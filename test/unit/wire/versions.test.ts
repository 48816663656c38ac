import { expect, test } from 'vitest';
import { APIS } from '../../../src/protocol/api.ts';
import { responseFrame } from '../../../src/protocol/frame.ts';
import { type BrokerVersions, commonVersion, nextQueryVersion, readApiVersions } from '../../../src/wire/versions.ts';

const versions = (min: number, max: number): BrokerVersions => new Map([[APIS.Metadata.key, { min, max }]]);
const answer = (version: number, errorCode: number): Uint8Array =>
  responseFrame('ApiVersions', version, 1, {
    errorCode,
    apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 2 }],
  }).subarray(4);

test('the common version is the highest of all three', () => {
  const ours = APIS.Metadata.max;

  const got = [
    commonVersion(versions(0, 99), 'Metadata', 0, 99),
    commonVersion(versions(0, 5), 'Metadata', 0, 99),
    commonVersion(versions(0, 5), 'Metadata', 0, 4),
  ];

  expect(got).toEqual([ours, 5, 4]);
});

test('ranges that do not meet have no common version', () => {
  const got = [
    commonVersion(versions(90, 99), 'Metadata', 0, 99),
    commonVersion(versions(0, 5), 'Metadata', 6, 99),
    commonVersion(versions(3, 5), 'Metadata', 0, 2),
    commonVersion(versions(0, 5), 'Produce', 0, 99),
  ];

  expect(got).toEqual([-1, -1, -1, -1]);
});

test('an API that we have no schema for has no common version', () => {
  const unspoken = Object.values(APIS).filter((api) => api.max < api.min);

  const got = unspoken.map(({ key, name }) => commonVersion(new Map([[key, { min: 0, max: 99 }]]), name, 0, 99));

  expect(new Set(got)).toEqual(new Set([-1]));
});

test('an answer is read in the version asked for, a refusal in version 0', () => {
  const read = [readApiVersions(answer(3, 0), 3), readApiVersions(answer(0, 35), 3), readApiVersions(answer(0, 0), 0)];

  expect(read.map(({ errorCode }) => errorCode)).toEqual([0, 35, 0]);
  expect(read.map(({ versions: ranges }) => ranges.get(18))).toEqual(Array(3).fill({ min: 0, max: 2 }));
});

test('every truncation of an answer gives an error that names the field', () => {
  const whole = answer(3, 0);

  for (let length = 0; length < whole.length; length++) {
    expect(() => readApiVersions(whole.subarray(0, length), 3)).toThrow(/^(ApiVersions|.*bytes)/);
  }
});

test('after a refusal the broker is asked with what it takes, else with 0, and never twice with 0', () => {
  const offers = new Map([[18, { min: 0, max: 2 }]]);
  const none: BrokerVersions = new Map();

  const next = [
    nextQueryVersion(3, 35, offers),
    nextQueryVersion(3, 35, none),
    nextQueryVersion(3, 42, offers),
    nextQueryVersion(3, 0, offers),
    nextQueryVersion(0, 35, offers),
    nextQueryVersion(3, 58, offers),
    nextQueryVersion(3, 35, new Map([[18, { min: 0, max: 9 }]])),
    nextQueryVersion(3, 35, new Map([[18, { min: 0, max: -5 }]])),
  ];

  expect(next).toEqual([2, 0, 0, -1, -1, -1, 2, 0]);
});
