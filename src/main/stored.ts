// The offsets that the app has stored, to be committed: read from its cells. @thread main

import type { Settings } from '../conf/settings_type.ts';
import { NOTES } from '../ops/cells.ts';
import { APP_STORES, type HeadPage } from '../ops/head_page.ts';
import type { Assigned } from './assigned.ts';
import type { PartitionOffset } from './group_env.ts';

/**
 * Next offsets of these partitions, but of those that are no group's. With `auto` what was handed out counts as stored, else, and after a seek, what the app stored by itself. `onlyNew`: what is beyond the
 * committed one.
 *
 * @param readApp reads one more op of the app's: metadata of a stored offset was posted before the offset was published.
 */
export function storedOf(
  parts: Iterable<Assigned>,
  onlyNew: boolean,
  auto: () => boolean,
  readApp: () => boolean,
): PartitionOffset[] {
  const offsets: PartitionOffset[] = [];
  for (const part of parts) {
    if (part.simple) continue;
    const found = storedAt(part, auto, readApp);
    if (found !== null && !(onlyNew && found.offset <= part.committed)) offsets.push(found);
  }
  return offsets;
}

/** enable.auto.offset.store, unless the app stores what it has handled (`messages`, `batches`, `each`). */
export function autoStores(settings: Settings, head: HeadPage): boolean {
  return settings['enable.auto.offset.store'] && Atomics.load(head, APP_STORES) === 0;
}

/** The stored offset of one partition, null for none. */
export function storedAt(part: Assigned, auto: () => boolean, readApp: () => boolean): PartitionOffset | null {
  const { topic, number: partition, cell } = part;
  const handed = cell.handedOut;
  // Asked after the position was read: the app says that it stores by itself before it is handed anything.
  if (handed.offset >= 0 && auto()) return { topic, partition, ...handed };
  const { offset, leaderEpoch } = cell.stored;
  if (offset < 0) return null;
  while (part.notes !== Atomics.load(cell.words, cell.base + NOTES)) if (!readApp()) break;
  const metadata = part.note?.offset === offset ? part.note.metadata : null;
  return { topic, partition, offset, leaderEpoch, metadata };
}
