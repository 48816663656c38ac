// All groups of a cluster. A group outlives a move of its coordinator. @thread mock
import { Group, type GroupOptions } from './group.ts';

export interface GroupsOptions extends GroupOptions {
  /** Offsets of a group without members are kept this long (ms). */
  readonly offsetsRetentionMs: number;
}

export class Groups {
  readonly #groups: Map<string, Group> = new Map();
  readonly #options: GroupsOptions;

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  /** The group, if it has members, offsets or a history; offsets that are too old go first. */
  find(id: string): Group | undefined {
    const group = this.#groups.get(id);
    if (group !== undefined) this.#expire(group);
    return this.#groups.get(id);
  }

  /** The group, created if there is none. */
  get(id: string): Group {
    const found = this.find(id);
    if (found !== undefined) return found;
    const group = new Group(id, this.#options);
    this.#groups.set(id, group);
    return group;
  }

  all(): readonly Group[] {
    for (const group of [...this.#groups.values()]) this.#expire(group);
    return [...this.#groups.values()];
  }

  /** Forgets the offsets of a topic that was deleted. */
  topicDeleted(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.deleteTopic(topic);
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
    this.#groups.clear();
  }

  #expire(group: Group): void {
    if (group.state !== 'Empty' || group.offsets.empty) return;
    const oldest = this.#options.clock.now() - this.#options.offsetsRetentionMs;
    if (group.emptySince > oldest) return;
    group.offsets.expireBefore(oldest);
    if (!group.offsets.empty) return;
    group.close();
    this.#groups.delete(group.id);
  }
}
