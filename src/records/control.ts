// Control records: the single record of a batch whose CONTROL bit is set. Never handed to users. @thread any
import { RecordError } from './record_error.ts';
import { RecordCursor } from './record_reader.ts';

/** Types of control records, by Kafka's numbers. */
export const CONTROL_ABORT = 0;
export const CONTROL_COMMIT = 1;
export const CONTROL_LEADER_CHANGE = 2;
/** What controlType gives for a version that we don't know: to be skipped. */
export const CONTROL_UNKNOWN = -1;

const KEY_SIZE = 4;
const MARKER_SIZE = 6;

/**
 * The type of the control record that was read into `cursor` from `bytes`, CONTROL_UNKNOWN for another version than 0;
 * it may be a type that we have no name for. Throws RecordError when the key is not one of a control record.
 */
export function controlType(bytes: Uint8Array, cursor: Readonly<RecordCursor>): number {
  const { keyFrom, keyTo } = cursor;
  if (keyTo - keyFrom < 2) throw new RecordError('control record key', 'shorter than its version');
  if (bytes[keyFrom] !== 0 || bytes[keyFrom + 1] !== 0) return CONTROL_UNKNOWN;
  if (keyTo - keyFrom !== KEY_SIZE) throw new RecordError('control record key', `${keyTo - keyFrom} bytes, not 4`);
  return (bytes[keyFrom + 2]! << 8) | bytes[keyFrom + 3]!;
}

/**
 * Whether the records of a control batch, in bytes[from, to), are the marker of an abort. False too for a batch that has
 * been emptied. Throws RecordError when its record is broken.
 */
export function isAbortMarker(bytes: Uint8Array, from: number, to: number): boolean {
  if (from >= to) return false;
  const cursor = new RecordCursor();
  cursor.read(bytes, from, to);
  return controlType(bytes, cursor) === CONTROL_ABORT;
}

/** Key of a control record of version 0. */
export function controlKey(type: number): Uint8Array {
  return Uint8Array.of(0, 0, type >> 8, type);
}

/** Value of a commit or abort marker, version 0. */
export function markerValue(coordinatorEpoch: number): Uint8Array {
  const value = new Uint8Array(MARKER_SIZE);
  new DataView(value.buffer).setInt32(2, coordinatorEpoch);
  return value;
}
