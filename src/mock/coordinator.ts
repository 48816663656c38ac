// Which broker coordinates a group or a transactional id: set by the test, else by the CRC-32 of the key. @thread mock
import { crc32 } from '../rd/crc32.ts';

/** KeyType of FindCoordinator. */
export const KEY_GROUP = 0;
export const KEY_TRANSACTION = 1;

export class Coordinators {
  readonly #explicit: Map<string, number> = new Map();

  /** Makes `brokerId` the coordinator of that key from now on, existing or not. */
  set(keyType: number, key: string, brokerId: number): void {
    this.#explicit.set(`${keyType}:${key}`, brokerId);
  }

  /** Forgets all that was set. */
  reset(): void {
    this.#explicit.clear();
  }

  /** Forgets what was set for a broker that is gone. */
  removeBroker(brokerId: number): void {
    for (const [key, id] of this.#explicit) if (id === brokerId) this.#explicit.delete(key);
  }

  /**
   * @param brokerIds all brokers of the cluster in the order in which they were added, up or not
   * @returns a broker id, or -1 if there is none or the one that was set does not exist
   */
  find(keyType: number, key: string, brokerIds: readonly number[]): number {
    const explicit = this.#explicit.get(`${keyType}:${key}`);
    if (explicit !== undefined) return brokerIds.includes(explicit) ? explicit : -1;
    if (brokerIds.length === 0) return -1;
    return brokerIds[crc32(Buffer.from(key)) % brokerIds.length];
  }
}
