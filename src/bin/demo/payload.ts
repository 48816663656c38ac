// The demo's messages: 100 bytes that begin with a mark and the message's id. @thread app

const SIZE = 100;
const MARK = 0x72646b74;

/** A payload to be written over for each message: the library copies it. */
export function newPayload(): Buffer {
  const payload = Buffer.alloc(SIZE, '.');
  payload.writeUInt32BE(MARK, 0);
  return payload;
}

export function writeId(payload: Buffer, id: number): void {
  payload.writeUInt32BE(id, 4);
}

/** -1 when it is not one of ours. */
export function readId(payload: Buffer | null): number {
  return payload?.length === SIZE && payload.readUInt32BE(0) === MARK ? payload.readUInt32BE(4) : -1;
}
