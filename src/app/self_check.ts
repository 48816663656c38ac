// What rd_kafka_unittest runs: known answers of the parts on which everything else stands. @thread app

import { crc32 } from '../rd/crc32.ts';
import { crc32c } from '../rd/crc32c.ts';
import { fnv1a } from '../rd/fnv1a.ts';
import { murmur2 } from '../rd/murmur2.ts';
import { readVarint, readVarlong, writeVarint, writeVarlong } from '../rd/varint.ts';
import { RecordCursor } from '../records/record_reader.ts';
import { exactSize, recordBound, writeRecord } from '../records/record_writer.ts';

/** Null when it holds, else what came out. */
type Check = () => string | null;

const DIGITS = Buffer.from('123456789');
const INT32 = [0, 1, -1, 63, -64, 64, -65, 8191, 8192, 2147483647, -2147483648];
const LONG = [...INT32, 2147483648, -2147483649, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

/** Zigzag and seven bits a byte: 300 is 600, hence d8 04. */
const VARINT_300 = 'd804';
/** Length 15, no attributes, timestamp delta 5, offset delta 2, key `k`, value `value`, header `h` = null. */
const RECORD = '1e000a04026b0a76616c756502026801';

const CHECKS: Readonly<Record<string, Check>> = {
  'crc32c of 123456789': () => equal(crc32c(DIGITS), 0xe3069283),
  'crc32c in two pieces': () => equal(crc32c(DIGITS.subarray(4), crc32c(DIGITS.subarray(0, 4))), 0xe3069283),
  'crc32 of 123456789': () => equal(crc32(DIGITS), 0xcbf43926),
  'murmur2 of nothing': () => equal(murmur2(DIGITS, 0, 0), 0x106e08d9),
  'fnv1a of nothing': () => equal(fnv1a(DIGITS, 0, 0), 0x7ee3623b),
  'varint 300': () => {
    const bytes = Buffer.alloc(10);
    return equal(bytes.subarray(0, writeVarint(bytes, 0, 300)).toString('hex'), VARINT_300);
  },
  'varints read as written': () => roundTrip(INT32, writeVarint, readVarint),
  'varlongs read as written': () => roundTrip(LONG, writeVarlong, readVarlong),
  'a varint that is cut': () => {
    const cursor = { at: 0 };
    readVarint(Buffer.from([0x80, 0x80]), cursor, 2);
    return equal(cursor.at, -1);
  },
  'a record as the protocol has it': () => equal(aRecord().toString('hex'), RECORD),
  'a record reads as written': readsRecord,
  'a record that is cut': () => {
    const bytes = aRecord();
    for (let end = 0; end < bytes.length; end++) {
      try {
        new RecordCursor().read(bytes, 0, end);
        return `read ${end} of ${bytes.length} bytes`;
      } catch (error) {
        if ((error as { name?: string }).name !== 'RecordError') return `threw ${String(error)}`;
      }
    }
    return null;
  },
};

/** Runs all checks; `failed` hears of each that does not hold. Gives their number. */
export function selfCheck(failed: (text: string) => void): number {
  let failures = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    let said: string | null;
    try {
      said = check();
    } catch (error) {
      said = `threw ${String(error)}`;
    }
    if (said === null) continue;
    failures++;
    failed(`${name}: ${said}`);
  }
  return failures;
}

function equal(got: number | string | null, wanted: number | string | null): string | null {
  return got === wanted ? null : `${got} instead of ${wanted}`;
}

function roundTrip(
  values: readonly number[],
  write: (u8: Uint8Array, at: number, value: number) => number,
  read: (u8: Uint8Array, cursor: { at: number }, end: number) => number,
): string | null {
  const bytes = Buffer.alloc(16);
  for (const value of values) {
    const end = write(bytes, 0, value);
    const cursor = { at: 0 };
    const got = read(bytes, cursor, end);
    if (got !== value || cursor.at !== end) return `${got} (${cursor.at} bytes) instead of ${value} (${end} bytes)`;
  }
  return null;
}

function aRecord(): Buffer {
  const headers = [['h', null]] as const;
  const bytes = Buffer.alloc(recordBound('k', 'value', headers));
  const end = writeRecord({ bytes, buffer: bytes }, 0, 5, 2, 'k', 'value', headers);
  if (end !== exactSize(5, 2, 'k', 'value', headers)) throw new Error(`${end} bytes were written`);
  return bytes.subarray(0, end);
}

function readsRecord(): string | null {
  const bytes = aRecord();
  const cursor = new RecordCursor();
  cursor.read(bytes, 0, bytes.length);
  const key = bytes.toString('utf8', cursor.keyFrom, cursor.keyTo);
  const value = bytes.toString('utf8', cursor.valueFrom, cursor.valueTo);
  return equal(
    `${key} ${value} ${cursor.timestampDelta} ${cursor.offsetDelta} ${cursor.headerCount} ${cursor.next}`,
    `k value 5 2 1 ${bytes.length}`,
  );
}
