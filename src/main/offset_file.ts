// offset.store.method=file: the offset of one partition as a line of digits in a file of its own. @thread main
//
// Like librdkafka the file is opened once and written in place; what can't be done is told, and tried again with the
// next offset.

import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Digits of an int64, a sign and a line's end. */
const MOST_BYTES = 21;
const OPEN_FLAGS = constants.O_CREAT | constants.O_RDWR;
const MODE = 0o644;

const ESCAPES: Readonly<Record<string, string>> = { '/': '%2F', ':': '%3A', '\\': '%5C' };

/**
 * The file for a partition: `path` itself, or one in it if it is a folder: `<topic>-<partition>.offset`, with the group
 * behind the partition if there is one, `/`, `:` and `\` escaped.
 */
export function offsetFilePath(path: string, topic: string, partition: number, groupId: string | null): string {
  if (!isFolder(path)) return path;
  const group = groupId === null || groupId === '' ? '' : `-${groupId}`;
  const name = `${topic}-${partition}${group}.offset`;
  return join(
    path,
    name.replace(/[/:\\]/g, (char) => ESCAPES[char]!),
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

export class OffsetFile {
  readonly path: string;
  private fd: number | null;

  constructor(path: string) {
    this.path = path;
    this.fd = null;
  }

  /** The offset in it, null for an empty (or new) file. Throws what can't be opened, read or understood. */
  read(): number | null {
    const buffer = Buffer.alloc(MOST_BYTES);
    const size = readSync(this.opened(), buffer, 0, MOST_BYTES, 0);
    if (size === 0) return null;
    const digits = /^\s*(\d+)/.exec(buffer.toString('latin1', 0, size))?.[1];
    const offset = Number(digits ?? Number.NaN);
    if (!Number.isSafeInteger(offset)) throw new Error('its content is no offset');
    return offset;
  }

  /** Throws what can't be written; the next write opens it anew. */
  write(offset: number): void {
    const line = Buffer.from(`${offset}\n`);
    try {
      const fd = this.opened();
      writeSync(fd, line, 0, line.length, 0);
      ftruncateSync(fd, line.length);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** To the disk. Throws. */
  sync(): void {
    if (this.fd !== null) fsyncSync(this.fd);
  }

  close(): void {
    const { fd } = this;
    this.fd = null;
    if (fd === null) return;
    try {
      closeSync(fd);
    } catch {
      // It is gone either way.
    }
  }

  private opened(): number {
    this.fd ??= openSync(this.path, OPEN_FLAGS, MODE);
    return this.fd;
  }
}
